import keras
import numpy as np
import pytest
from keras import ops

from keras_charrnn import CELLS, Cell, Recurrent
from keras_charrnn._backend import lookup
from keras_charrnn.network.recurrent import _sequence
from tests.helpers import REFERENCES, gradients, numpy, run_reference

T, B, D, U = 5, 3, 4, 6
OWN = list(REFERENCES)
KERAS = {
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "rnn": keras.layers.SimpleRNN,
}


def inputs(name, rng, resets=True):
    cell = CELLS[name]
    columns, entrance = len(cell.gates) * U, len(cell.entrance) * U
    bias = rng.normal(size=columns) if cell.recurrent_bias else None
    keep = (rng.random((T, B, 1)) > 0.3).astype("float64") if resets else None
    state = [rng.normal(size=(B, U)) for _ in cell.states]
    return (
        rng.normal(size=(T, B, columns + entrance)),
        rng.normal(size=(U, columns)) * 0.5,
        bias,
        keep,
        state,
    )


def test_every_cell_of_the_package_has_a_reference():
    assert set(OWN) == set(REFERENCES)
    assert set(OWN) <= set(CELLS)


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("name", OWN)
def test_the_loop_is_the_equation(name, resets, double):
    x, kernel, bias, keep, state = inputs(name, np.random.default_rng(0), resets)
    tensors = [
        None if a is None else ops.convert_to_tensor(a)
        for a in (x, kernel, bias, keep, *state)
    ]
    got = _sequence(CELLS[name])(*tensors)
    for mine, theirs in zip(got, run_reference(name, x, kernel, bias, keep, state)):
        np.testing.assert_allclose(numpy(mine), theirs, atol=1e-12)


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("name", OWN)
def test_every_gradient_is_that_of_finite_differences(name, resets, double):
    """Of inputs, weights, bias and initial states, in 64 bits."""
    rng = np.random.default_rng(1)
    x, kernel, bias, keep, state = inputs(name, rng, resets)
    given = [a for a in (x, kernel, bias, *state) if a is not None]
    # A different weight for each output, so that none can stand for another.
    pulls = [rng.normal(size=(T, B, U))] + [rng.normal(size=(B, U)) for _ in state]

    def arguments(arrays):
        x, kernel, *rest = arrays
        recurrent_bias = None if bias is None else rest.pop(0)
        return x, kernel, recurrent_bias, rest

    def in_backend(*tensors):
        x, kernel, b, state = arguments(tensors)
        kept = None if keep is None else ops.convert_to_tensor(keep)
        outputs = _sequence(CELLS[name])(x, kernel, b, kept, *state)
        return sum(
            ops.sum(o * ops.convert_to_tensor(p)) for o, p in zip(outputs, pulls)
        )

    def in_numpy(*arrays):
        x, kernel, b, state = arguments(arrays)
        outputs = run_reference(name, x, kernel, b, keep, state)
        return sum((o * p).sum() for o, p in zip(outputs, pulls))

    step = 1e-6
    for place, got in enumerate(gradients(in_backend, *given)):
        for index in rng.choice(given[place].size, 12):
            high, low = given[place].copy(), given[place].copy()
            high.flat[index] += step
            low.flat[index] -= step
            difference = in_numpy(*given[:place], high, *given[place + 1 :]) - in_numpy(
                *given[:place], low, *given[place + 1 :]
            )
            assert got.flat[index] == pytest.approx(difference / 2 / step, abs=1e-6)


@pytest.mark.parametrize("name", OWN)
def test_the_gradient_is_that_of_the_backend(name, double):
    """The same equation, once with our backward and once with autodiff."""
    rng = np.random.default_rng(2)
    x, kernel, bias, _, state = inputs(name, rng, resets=False)
    given = [a for a in (x, kernel, bias, *state) if a is not None]
    own = CELLS[name]
    plain = type("Plain", (own,), {"backward": None})

    def loss_of(cell):
        def loss(x, kernel, *rest):
            b, *state = rest if bias is not None else (None, *rest)
            outputs = _sequence(cell)(x, kernel, b, None, *state)
            return sum(ops.sum(ops.sin(o)) for o in outputs)

        return loss

    for a, b in zip(gradients(loss_of(own), *given), gradients(loss_of(plain), *given)):
        np.testing.assert_allclose(a, b, atol=1e-10)


@pytest.mark.parametrize("name", KERAS)
def test_a_keras_layer_with_the_same_weights_agrees(name):
    theirs = KERAS[name](U, return_sequences=True, bias_initializer="random_normal")
    ours = Recurrent(U, name)
    x = np.random.default_rng(3).normal(size=(B, T, D)).astype("float32")
    ours.build(x.shape)
    theirs.build(x.shape)
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(numpy(ours(x)[0]), numpy(theirs(x)), atol=1e-5)

    def loss_of(layer, output):
        def loss(x):
            return ops.sum(ops.sin(output(layer(x))))

        return loss

    mine = gradients(loss_of(ours, lambda y: y[0]), x)[0]
    np.testing.assert_allclose(
        mine, gradients(loss_of(theirs, lambda y: y), x)[0], atol=1e-5
    )


@pytest.mark.parametrize("name", KERAS)
def test_gradients_of_the_weights_are_those_of_keras(name):
    """One step of plain gradient descent moves all weights alike."""
    theirs = KERAS[name](U, return_sequences=True)
    ours = Recurrent(U, name)
    x = np.random.default_rng(4).normal(size=(B, T, D)).astype("float32")
    y = np.random.default_rng(5).normal(size=(B, T, U)).astype("float32")
    entry = keras.Input((T, D))
    models = [
        keras.Model(entry, theirs(entry)),
        keras.Model(entry, ours(entry)[0]),
    ]
    models[1].set_weights(models[0].get_weights())
    for model in models:
        model.compile(keras.optimizers.SGD(1.0), "mse")
        model.train_on_batch(x, y)
    for mine, other in zip(models[1].get_weights(), models[0].get_weights()):
        np.testing.assert_allclose(mine, other, atol=1e-5)


@pytest.mark.parametrize("name", OWN)
def test_ids_are_rows_of_the_embeddings(name):
    rng = np.random.default_rng(6)
    layer = Recurrent(U, name)
    layer.build((None, None, D))
    ids = rng.integers(0, 9, (B, T)).astype("int32")
    rows = rng.normal(size=(9, D)).astype("float32")
    folded, state = layer(ids, embeddings=rows)
    plain, same = layer(rows[ids])
    np.testing.assert_allclose(numpy(folded), numpy(plain), atol=1e-5)
    np.testing.assert_allclose(numpy(state[0]), numpy(same[0]), atol=1e-5)


def test_ids_alone_are_one_hot():
    layer = Recurrent(U, "gru")
    layer.build((None, None, D))
    ids = np.array([[0, 3, 1]], "int32")
    one_hot = np.eye(D, dtype="float32")[ids]
    np.testing.assert_allclose(
        numpy(layer(ids)[0]), numpy(layer(one_hot)[0]), atol=1e-6
    )


def test_a_reset_starts_anew_and_one_row_leaves_the_other_alone():
    layer = Recurrent(U, "lstm")
    x = np.random.default_rng(7).normal(size=(2, T, D)).astype("float32")
    reset = np.zeros((2, T), bool)
    reset[0, 2] = True
    outputs, _ = layer(x, reset=reset)
    whole, _ = layer(x)
    fresh, _ = layer(x[:1, 2:])
    np.testing.assert_allclose(numpy(outputs)[0, 2:], numpy(fresh)[0], atol=1e-6)
    np.testing.assert_allclose(numpy(outputs)[1], numpy(whole)[1], atol=1e-6)
    assert abs(numpy(outputs)[0, 2:] - numpy(whole)[0, 2:]).max() > 1e-3


@pytest.mark.parametrize("name", OWN)
def test_every_kernel_has_the_gradients_of_the_loop(name):
    """A layer may choose a kernel of the backend; a reset that is none may not."""
    rng = np.random.default_rng(8)
    layer = Recurrent(U, name)
    layer.build((None, None, D))
    pull = ops.convert_to_tensor(rng.normal(size=(B, T, U)).astype("float32"))
    given = [rng.normal(size=(B, T, D))]
    given += [rng.normal(size=(B, U)) for _ in layer.cell.states]
    given = [a.astype("float32") for a in given]

    def loss_of(reset):
        def loss(x, *state):
            outputs, last = layer(x, state, reset)
            return ops.sum(outputs * pull) + sum(ops.sum(ops.sin(s)) for s in last)

        return loss

    nowhere = np.zeros((B, T), bool)
    chosen = gradients(loss_of(None), *given)
    for mine, loops in zip(chosen, gradients(loss_of(nowhere), *given)):
        np.testing.assert_allclose(mine, loops, atol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="kernels of PyTorch")
@pytest.mark.parametrize("name", KERAS)
def test_the_kernels_of_pytorch_are_the_equations(name):
    """The calls that reach cuDNN on CUDA reach PyTorch's own loops on a CPU."""
    from keras_charrnn._backend import torch as door

    rng = np.random.default_rng(9)
    layer = Recurrent(U, name)
    layer.build((None, None, D))
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    given = [rng.normal(size=(T, B, D))]
    given += [rng.normal(size=(B, U)) for _ in layer.cell.states]
    x, *state = (ops.convert_to_tensor(a.astype("float32")) for a in given)
    weights = (layer.kernel.value, layer.recurrent_kernel.value, layer.bias.value)
    outputs, *last = door._KERNELS[name](x, *weights, *state)
    projected = layer.project(x)
    expected = layer._run(projected, *layer._recurrent_weights(), None, *state)
    for mine, loops in zip((outputs, *last), expected):
        np.testing.assert_allclose(numpy(mine), numpy(loops), atol=1e-5)


def test_the_layer_tells_what_ran():
    layer = Recurrent(U, "gru", name="r")
    assert layer.ran is None
    layer(np.zeros((B, T, D), "float32"))
    assert layer.ran == "loop"
    assert repr(layer) == "<Recurrent name=r, cell='gru', units=6, ran='loop'>"


def test_the_gradient_of_a_lookup_counts_every_use(double):
    ids = np.array([[0, 2], [2, 2]], "int32")
    (got,) = gradients(
        lambda table: ops.sum(lookup(table, ops.convert_to_tensor(ids))),
        np.ones((3, 2)),
    )
    np.testing.assert_allclose(got, [[1, 1], [0, 0], [3, 3]])


def test_a_cell_of_the_users_own_needs_only_its_equation():
    class Half(Cell):
        name = "half"
        gates = ("candidate",)

        def forward(self, x, a, state):
            return (0.5 * (x + a),), ()

    try:
        layer = Recurrent(4, "half")
        x = np.ones((2, 3, 5), "float32")
        entry = keras.Input((3, 5))
        model = keras.Model(entry, layer(entry)[0])
        model.compile("sgd", "mse")
        before = layer.get_weights()
        model.train_on_batch(x, np.zeros((2, 3, 4), "float32"))
        for old, new in zip(before, layer.get_weights()):
            assert abs(old - new).max() > 0
    finally:
        del CELLS["half"]


def test_an_entrance_is_differentiated_by_the_backend_where_it_has_no_gradient(double):
    x, kernel, _, keep, state = inputs("mogrifier", np.random.default_rng(10))
    plain = type("Plain", (CELLS["mogrifier"],), {"enter_backward": None})

    def loss_of(cell):
        def loss(x, kernel, *state):
            kept = ops.convert_to_tensor(keep)
            return sum(
                ops.sum(o) for o in _sequence(cell)(x, kernel, None, kept, *state)
            )

        return loss

    given = (x, kernel, *state)
    own = gradients(loss_of(CELLS["mogrifier"]), *given)
    for a, b in zip(own, gradients(loss_of(plain), *given)):
        np.testing.assert_allclose(a, b, atol=1e-10)


def test_a_cell_has_an_entrance_or_a_recurrent_bias():
    with pytest.raises(TypeError, match="Both has an entrance and a recurrent_bias"):
        type("Both", (CELLS["mogrifier"],), {"name": "both", "recurrent_bias": True})
    assert "both" not in CELLS


def test_a_layer_comes_back_from_its_config():
    layer = Recurrent(8, "gru", name="r")
    again = Recurrent.from_config(layer.get_config())
    assert (again.units, again.cell.name, again.name) == (8, "gru", "r")


@pytest.mark.parametrize("units", [0, -1, 2.5, "8"])
def test_units_are_a_positive_integer(units):
    with pytest.raises(ValueError, match="units is a positive integer"):
        Recurrent(units)


def test_an_unknown_cell_is_answered_with_those_there_are():
    with pytest.raises(ValueError, match=r"no cell 'ltsm'; there are gru, .*mogr"):
        Recurrent(8, "ltsm")
