"""The programs whose speed is compared, and the networks they train."""

import os
import platform
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """A network, the shape of its batches, and how many make an epoch."""

    name: str
    cell: str
    units: int
    embedding: int = 256
    batch: int = 64
    length: int = 100
    steps: int = 16

    @property
    def title(self):
        return f"{self.cell.upper()}-{self.units}, {self.batch} x {self.length}"

    @property
    def characters(self):
        return self.batch * self.length * self.steps


CASES = {
    case.name: case
    for case in (
        Case("lstm-256", "lstm", 256),
        Case("gru-256", "gru", 256),
        Case("lstm-1024", "lstm", 1024, steps=2),
        Case("gru-1024", "gru", 1024, steps=2),
        Case("small", "lstm", 64, embedding=64, batch=16, length=64, steps=100),
    )
}
VOCABULARY = 84
# What is written: how many texts, of how many characters, with which sampler.
WRITING = {
    "writing": (1, 1000, "random"),
    "writing, top-p": (1, 1000, "top_p"),
    "writing, greedy": (1, 1000, "greedy"),
    "writing, 64 texts": (64, 300, "random"),
    "writing, 64 texts, greedy": (64, 300, "greedy"),
}


def machine():
    """What the figures were measured on."""
    import numpy as np

    names = [
        line.partition(":")[2].strip()
        for path in [Path("/proc/cpuinfo")]
        if path.exists()
        for line in path.read_text().splitlines()
        if line.startswith("model name")
    ]
    square = np.ones((2048, 2048), "float32")
    seconds = median_seconds(lambda: square @ square)
    packages = ("keras", "jax", "tensorflow-cpu", "torch")
    return {
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "float32 matmul, GFLOP/s": round(2 * 2048**3 / seconds / 1e9),
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def median_seconds(function, repeats=2):
    """Seconds of a call; the first one is not counted."""
    function()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def corpus_of(case):
    """As many characters as an epoch predicts, of 84 different ones."""
    import keras_charrnn as kc

    text = kc.corpora.load("python-docs")
    vocabulary = kc.Vocabulary(c for c, _ in Counter(text).most_common(VOCABULARY))
    ids = vocabulary.encode(text, unknown="skip")[: case.characters + 1]
    return kc.Corpus(ids, vocabulary)


def ours(case, precision):
    """`CharRNN.fit` over streams, with carried state."""
    import keras

    import keras_charrnn as kc

    keras.config.set_dtype_policy(precision)
    corpus = corpus_of(case)
    model = kc.CharRNN(
        corpus.vocabulary,
        case.units,
        case.cell,
        embedding_dim=case.embedding,
        dropout=0.0,
    )
    model.compile(keras.optimizers.Adam(), metrics=[])
    batches = kc.StreamBatches(corpus, case.batch, case.length)
    seconds = median_seconds(lambda: model.fit(batches, verbose=0))
    figures = {"training": case.characters / seconds}
    figures["steps per second"] = case.steps / seconds
    for figure, (texts, length, sampler) in WRITING.items():
        prompts = [""] * texts

        def write(prompts=prompts, length=length, sampler=sampler):
            model.generate(prompts, length, seed=1, sampler=sampler)

        figures[figure] = texts * length / median_seconds(write)
    seconds = median_seconds(bare_steps(model, batches[0], case.steps))
    figures["bare"] = case.characters / seconds
    return figures


def bare_steps(model, batch, steps):
    """The training step alone, on a batch that is there, compiled as fit does."""
    import keras

    batch = keras.tree.map_structure(keras.ops.convert_to_tensor, batch)
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        compiled = jax.jit(model.train_step, donate_argnums=0)
        groups = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
        state = tuple([v.value for v in group] for group in groups)

        def run():
            nonlocal state
            for _ in range(steps):
                _, state = compiled(state, batch)
            jax.block_until_ready(state)

        return run
    compiled = model.train_step
    if backend == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(model.train_step, jit_compile=model.jit_compile)

    def run():
        for _ in range(steps):
            logs = compiled(batch)
        float(logs["loss"])

    return run


def stock(case, precision):
    """The tutorials' program: `stateful=True`, and a model call per character."""
    import keras
    import numpy as np

    import keras_charrnn as kc

    keras.config.set_dtype_policy(precision)
    corpus = corpus_of(case)
    size = len(corpus.vocabulary)

    def build(batch_size):
        options = {"return_sequences": True, "stateful": True}
        if keras.backend.backend() == "torch":
            options["use_cudnn"] = False  # without it the program crashes
        layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[case.cell]
        return keras.Sequential(
            [
                keras.Input((None,), batch_size=batch_size, dtype="int32"),
                keras.layers.Embedding(size, case.embedding),
                layer(case.units, **options),
                keras.layers.Dense(size),
            ]
        )

    batches = [b[:2] for b in kc.StreamBatches(corpus, case.batch, case.length)]
    x = np.concatenate([inputs["ids"] for inputs, _ in batches])
    y = np.concatenate([targets for _, targets in batches])
    model = build(case.batch)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss)
    seconds = median_seconds(
        lambda: model.fit(x, y, batch_size=case.batch, shuffle=False, verbose=0)
    )
    figures = {"training": case.characters / seconds}
    figures["steps per second"] = case.steps / seconds
    writer, length = build(1), 20
    ids = np.zeros((1, 1), "int32")

    def write():
        for _ in range(length):
            logits = writer(ids)[:, -1]
            keras.ops.convert_to_numpy(keras.random.categorical(logits, 1))

    figures["writing"] = length / median_seconds(write)
    return figures


def native(case, precision):
    """What one would write by hand in PyTorch."""
    import numpy as np
    import torch

    import keras_charrnn as kc

    corpus = corpus_of(case)
    size = len(corpus.vocabulary)
    rnn = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[case.cell]
    embedding = torch.nn.Embedding(size, case.embedding)
    layer = rnn(case.embedding, case.units, batch_first=True)
    head = torch.nn.Linear(case.units, size)
    parameters = [p for m in (embedding, layer, head) for p in m.parameters()]
    optimizer = torch.optim.Adam(parameters)
    batches = list(kc.StreamBatches(corpus, case.batch, case.length))
    half = precision == "mixed_bfloat16"

    def epoch():
        state = None
        for inputs, targets, _ in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                x = embedding(torch.from_numpy(inputs["ids"]))
                x, state = layer(x, state)
                logits = head(x)
            state = torch.utils._pytree.tree_map(lambda s: s.detach(), state)
            loss = torch.nn.functional.cross_entropy(
                logits.float().reshape(-1, size),
                torch.from_numpy(targets.astype(np.int64)).reshape(-1),
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    @torch.inference_mode()
    def write(texts, length):
        ids, state = torch.zeros((texts, 1), dtype=torch.long), None
        for _ in range(length):
            x, state = layer(embedding(ids), state)
            ids = torch.multinomial(torch.softmax(head(x)[:, -1], -1), 1)
            ids.tolist()

    figures = {"training": case.characters / median_seconds(epoch)}
    figures["writing"] = 300 / median_seconds(lambda: write(1, 300))
    seconds = median_seconds(lambda: write(64, 100))
    figures["writing, 64 texts"] = 6400 / seconds
    return figures


PROGRAMS = {
    "ours": ours,
    "stock Keras": stock,
    "torch.nn": native,
    # As this package asks of malloc when it is imported.
    "torch.nn, memory kept": native,
}
