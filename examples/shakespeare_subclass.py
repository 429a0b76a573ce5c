"""Shakespeare by subclassing: a model, a loss and a gradient loop of your own.

The old program subclassed `keras.Model` and drew its gradients with TensorFlow's tape.
`model.gradients` does that on JAX, TensorFlow and PyTorch, compiled where that can be,
with the state carried, and with cuDNN on PyTorch if there is a GPU.

    python examples/shakespeare_subclass.py --quick
    python examples/shakespeare_subclass.py
"""

import argparse

import keras_charrnn as kc
import keras

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--quick", action="store_true", help="less of everything")
parser.add_argument("--epochs", type=int, help="30; with --quick 4")
parser.add_argument("--corpus", help="a text file in place of Shakespeare")
options = parser.parse_args()


@keras.saving.register_keras_serializable("examples")
class Playwright(kc.CharRNN):
    """A GRU that is also asked not to be too sure of itself."""

    def __init__(self, vocabulary, units=1024, cell="gru", embedding_dim=256, **more):
        super().__init__(
            vocabulary, units=units, cell=cell, embedding_dim=embedding_dim, **more
        )

    def compute_loss(self, x=None, y=None, y_pred=None, *args, **kwargs):
        loss = super().compute_loss(x, y, y_pred, *args, **kwargs)
        log_z = keras.ops.logsumexp(y_pred, axis=-1)  # keeps the logits near 0
        return loss + 1e-4 * keras.ops.mean(keras.ops.square(log_z))


epochs, units, batch_size, length = 30, 1024, 64, 1000
if options.corpus:
    text = kc.read_text(options.corpus)
else:
    text = kc.corpora.load("shakespeare", fallback="python-docs")
if options.quick:
    text, epochs, units, batch_size, length = text[:60_000], 4, 128, 16, 200
if options.epochs is not None:
    epochs = options.epochs
if epochs < 1:
    parser.error(f"--epochs is 1 or more; it is {epochs}.")

corpus = kc.Corpus.from_text(text)
model = Playwright(corpus.vocabulary, units=units)
model.compile(keras.optimizers.Adam(2e-3, clipnorm=1.0))
batches = kc.StreamBatches(corpus, batch_size, sequence_length=100)
for epoch in range(1, epochs + 1):
    model.reset_metrics()
    for inputs, targets, weights in batches:
        gradients, logs = model.gradients(inputs, targets, weights)
        # Here the gradients are yours: look at them, clip them, add noise.
        model.optimizer.apply(gradients, model.trainable_variables)
    print(f"epoch {epoch}: {logs}")
    if epoch % 5 == 0 or epoch == epochs:  # the model, and the optimizer with it
        model.save(f"playwright-{epoch}.keras")

again = keras.saving.load_model(f"playwright-{epochs}.keras")
print(again.generate("Q", length, temperature=0.8, seed=1, unknown="skip"))
