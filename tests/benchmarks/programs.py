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


# The first is what `charrnn train` makes of a text when nothing else is asked for.
CASES = {
    case.name: case
    for case in (
        Case("default", "lstm", 384, embedding=64, batch=16, length=64, steps=60),
        Case("lstm-256", "lstm", 256),
        Case("lstm-1024", "lstm", 1024, steps=2),
        Case("gru-256", "gru", 256),
    )
}
DROPOUT = 0.1
VOCABULARY = 84


def machine():
    """What the figures were measured on."""
    import numpy as np

    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = (line.partition(":") for line in lines)
    told = {name.strip(): value.strip() for name, _, value in pairs}
    flags = told.get("flags", "").split()
    sets = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
    packages = ("keras", "jax", "tensorflow-cpu", "torch")
    square = np.ones((2048, 2048), "float32")
    return {
        "processor": told.get("model name", platform.processor()),
        "instructions": [name for name in sets if name in flags],
        "cores": len(os.sched_getaffinity(0)),
        "float32 matmul of NumPy, GFLOP/s": gflops(lambda: square @ square),
        **torch_gflops(),
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def torch_gflops():
    import torch

    figures = {}
    for name in ("float32", "bfloat16"):
        square = torch.ones((2048, 2048), dtype=getattr(torch, name))
        figures[f"{name} matmul of PyTorch, GFLOP/s"] = gflops(
            lambda square=square: square @ square
        )
    return figures


def gflops(product):
    return round(2 * 2048**3 / median_seconds(product, 5) / 1e9)


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


def ours(case, precision, dropout=DROPOUT):
    """`CharRNN.fit` as a user calls it: over streams, with carried state."""
    import keras

    keras.config.set_dtype_policy(precision)
    model, batches = model_and_batches(case, dropout)
    seconds = median_seconds(lambda: model.fit(batches, verbose=0), 3)
    return {"training": case.characters / seconds}


def without_dropout(case, precision):
    return ours(case, precision, dropout=0.0)


def model_and_batches(case, dropout):
    import keras_charrnn as kc

    corpus = corpus_of(case)
    model = kc.CharRNN(
        corpus.vocabulary,
        case.units,
        case.cell,
        embedding_dim=case.embedding,
        dropout=dropout,
    )
    return model, kc.StreamBatches(corpus, case.batch, case.length)


def stock_model(case, size, batch_size):
    """The tutorials' model, with `stateful=True`."""
    import keras

    options = {"return_sequences": True, "stateful": True}
    if keras.backend.backend() == "torch":
        options["use_cudnn"] = False  # without it the program crashes
    layer = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[case.cell]
    return keras.Sequential(
        [
            keras.Input((None,), batch_size=batch_size, dtype="int32"),
            keras.layers.Embedding(size, case.embedding),
            layer(case.units, **options),
            keras.layers.Dropout(DROPOUT),
            keras.layers.Dense(size),
        ]
    )


def stock(case, precision):
    """The tutorials' program in stock Keras."""
    import keras
    import numpy as np

    import keras_charrnn as kc

    keras.config.set_dtype_policy(precision)
    corpus = corpus_of(case)
    batches = [b[:2] for b in kc.StreamBatches(corpus, case.batch, case.length)]
    x = np.concatenate([inputs["ids"] for inputs, _ in batches])
    y = np.concatenate([targets for _, targets in batches])
    model = stock_model(case, len(corpus.vocabulary), case.batch)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss)
    seconds = median_seconds(
        lambda: model.fit(x, y, batch_size=case.batch, shuffle=False, verbose=0)
    )
    return {"training": case.characters / seconds}


def network(case, size):
    """Embedding, recurrent layer and head in PyTorch."""
    import torch

    rnn = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[case.cell]
    embedding = torch.nn.Embedding(size, case.embedding)
    layer = rnn(case.embedding, case.units, batch_first=True)
    return embedding, layer, torch.nn.Linear(case.units, size)


def native(case, precision):
    """What one would write by hand in PyTorch to train."""
    import numpy as np
    import torch

    import keras_charrnn as kc

    corpus = corpus_of(case)
    size = len(corpus.vocabulary)
    embedding, layer, head = network(case, size)
    dropout = torch.nn.Dropout(DROPOUT)
    parameters = [p for m in (embedding, layer, head) for p in m.parameters()]
    optimizer = torch.optim.AdamW(parameters)
    batches = list(kc.StreamBatches(corpus, case.batch, case.length))
    half = precision == "mixed_bfloat16"

    def epoch():
        state = None
        for inputs, targets, _ in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                x = embedding(torch.from_numpy(inputs["ids"]))
                x, state = layer(x, state)
                logits = head(dropout(x))
            state = torch.utils._pytree.tree_map(lambda s: s.detach(), state)
            loss = torch.nn.functional.cross_entropy(
                logits.float().reshape(-1, size),
                torch.from_numpy(targets.astype(np.int64)).reshape(-1),
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()

    return {"training": case.characters / median_seconds(epoch, 3)}


PROGRAMS = {
    "ours": ours,
    "ours, no dropout": without_dropout,
    "stock Keras": stock,
    "torch.nn": native,
    # As this package asks of malloc when it is imported.
    "torch.nn, memory kept": native,
}
