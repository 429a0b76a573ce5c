import keras
import numpy as np
import pytest

from keras_charrnn.network import Dropout
from tests.helpers import numpy

ONES = np.ones((5, 7, 11), "float32")  # an odd number of values


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_rate_is_dropped_and_the_mean_is_kept(rate):
    y = numpy(Dropout(rate)(np.ones((64, 100, 50), "float32"), training=True))
    kept = y[y != 0]
    share = len(kept) / y.size
    assert abs(share - (1 - rate)) < 4 * np.sqrt(rate * (1 - rate) / y.size)
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=2**-12)
    # No row, no position and no unit is treated differently.
    for axis in range(3):
        others = tuple({0, 1, 2} - {axis})
        means = (y != 0).mean(others)
        bound = 5 * np.sqrt(rate * (1 - rate) / (y.size / y.shape[axis]))
        assert np.abs(means - (1 - rate)).max() < bound


def test_neighbours_are_independent():
    y = numpy(Dropout(0.5)(np.ones((40, 50, 60), "float32"), training=True)) != 0
    flat = y.ravel()
    half = (y.size + 1) // 2
    for distance in (1, 2, 4, 60, 3000, half, half - 1):
        equal = (flat[distance:] == flat[:-distance]).mean()
        assert abs(equal - 0.5) < 4 * 0.5 / np.sqrt(y.size - distance)


def test_only_training_drops():
    for layer, training in ((Dropout(0.5), False), (Dropout(0.0), True)):
        np.testing.assert_array_equal(numpy(layer(ONES, training=training)), ONES)


def test_the_state_of_the_seeds_is_the_whole_random_state():
    layer = Dropout(0.5)
    state = layer.seed_generator.state
    before = numpy(state.value)
    first, second = (numpy(layer(ONES, training=True)) for _ in range(2))
    assert (first != second).any()
    keras.utils.set_random_seed(3)
    state.assign(before)
    np.testing.assert_array_equal(numpy(layer(ONES, training=True)), first)
    np.testing.assert_array_equal(numpy(layer(ONES, training=True)), second)


def test_layers_have_masks_of_their_own():
    keras.utils.set_random_seed(1)
    first, second = (numpy(Dropout(0.5)(ONES, training=True)) for _ in range(2))
    assert (first != second).any()


def test_the_gradient_goes_where_values_are_kept():
    """A step of SGD moves weights that multiply what is kept, by what it is scaled."""
    keras.utils.set_random_seed(1)
    scale = keras.layers.EinsumDense("bd,d->bd", (16,), kernel_initializer="ones")
    layer = Dropout(0.5)
    model = keras.Sequential([keras.Input((16,)), scale, layer])
    model.compile(keras.optimizers.SGD(1.0), lambda _, y: keras.ops.sum(y, -1))
    before = numpy(layer.seed_generator.state.value)
    x = np.ones((1, 16), "float32")
    model.train_on_batch(x, x)
    moved = 1 - numpy(scale.kernel)
    layer.seed_generator.state.assign(before)
    np.testing.assert_allclose(moved, numpy(layer(x, training=True))[0], rtol=1e-6)
    assert 0 < (moved != 0).sum() < 16


def test_half_precision():
    layer = Dropout(0.25, dtype="mixed_bfloat16")
    y = layer(keras.ops.cast(ONES, "bfloat16"), training=True)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert set(np.unique(numpy(keras.ops.cast(y, "float32")))) <= {0.0, 1.3359375}
