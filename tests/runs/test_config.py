"""A config names only what computes, before Keras sees it."""

import keras
import pytest

import keras_charrnn as kc
from keras_charrnn.runs import check_config
from tests.hostile import layers, of_keras

# Keras itself makes these, and what they ask for is weighed there.
MADE = {"units", "activation", "initializer"}


@pytest.mark.parametrize("name", sorted({*layers()} - MADE))
def test_what_runs_code_or_reads_files_is_refused(name):
    config = {"config": {"layers": [of_keras("Dense", units=2), layers()[name]]}}
    with pytest.raises(ValueError, match=r"'m\.keras' (holds|can't be read)"):
        check_config(config, "m.keras", "Import it.")


@pytest.mark.parametrize("kind", ["Discretization", "Hashing", "RandomFlip", "Lambda2"])
def test_a_layer_that_is_not_known_to_compute_is_refused(kind):
    with pytest.raises(ValueError, match=rf"holds keras\.layers\.{kind}, which is not"):
        check_config(of_keras(kind), "m.keras", "Import it.")


def test_the_configs_of_models_are_let_through():
    dense = keras.layers.Dense(
        3,
        "relu",
        kernel_regularizer=keras.regularizers.L2(0.1),
        bias_constraint=keras.constraints.NonNeg(),
    )
    inner = keras.Sequential([dense, keras.layers.LayerNormalization()])
    inputs = keras.Input((None, 3))
    both = keras.layers.Add()([inner(inputs), inputs])
    head = keras.Model(inputs, keras.layers.Dense(2)(both))
    model = kc.CharRNN(kc.Vocabulary("ab"), 3, embedding_dim=2, head=head)
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    model.compile(
        keras.optimizers.AdamW(schedule),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[kc.BitsPerCharacter(), "accuracy"],
    )
    check_config(keras.saving.serialize_keras_object(model), "m.keras", "Import it.")
    model.save("m.keras")
    assert len(kc.load_model("m.keras").head.layers) == len(head.layers)


def test_a_class_that_is_not_known_is_told_with_the_way_out():
    for module in ("canary", None):
        config = {**of_keras("Own"), "module": module, "registered_name": "a>Own"}
        with pytest.raises(
            ValueError, match=r"the class Own, .* known here\. Import it"
        ):
            check_config(config, "m.keras", "Import it.")
