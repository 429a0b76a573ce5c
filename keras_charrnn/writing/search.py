"""Beam search: the likeliest continuation of a text."""

import numpy as np

from keras_charrnn.text import Vocabulary
from keras_charrnn.writing.engine import Engine, Passage
from keras_charrnn.writing.rules import CHUNK, Rules
from keras_charrnn.writing.samplers import BeamSampler
from keras_charrnn.writing.settings import Settings


def search(
    engine: Engine,
    vocabulary: Vocabulary,
    passage: Passage,
    rules: Rules,
    settings: Settings,
) -> list[tuple[float, str]]:
    """Continue one passage with beam search.

    A beam that a stop text or the end of a document ends is set aside. The search
    continues until as many texts are set aside as there are beams, or the length is
    reached.

    Args:
        engine: The model's `Engine`.
        vocabulary: The model's `Vocabulary`.
        passage: The `Passage`, of one row.
        rules: The `Rules`, whose sampler is a `BeamSampler`.
        settings: The `Settings`, which contain the length and the stop texts.

    Returns:
        Pairs of a score and a text, as symbols, the best first; at most one for each
        beam. A score is the mean log-probability of all symbols written, including a
        stop text and the end of a document. The text contains the end of a document,
        and a stop text if it is kept.
    """
    assert isinstance(rules.sampler, BeamSampler)
    beams = rules.sampler.num_beams
    passage = passage.rows([0] * beams)
    folded = engine.fold()
    # All beams are equal at first, so only one of them counts.
    scores = np.full(beams, -np.inf, np.float32)
    scores[0] = 0
    stops = settings.stops(vocabulary)
    texts = [""] * beams
    done: list[tuple[float, str]] = []
    while (length := len(texts[0])) < settings.length and len(done) < beams:
        # A stop text may end any beam at any position, so each position is checked.
        count = min(1 if stops else CHUNK, settings.length - length)
        steps, parents, passage, scores = engine.search(
            passage, scores, rules, length, count, folded
        )
        for ids, before in zip(steps, parents):
            more = vocabulary.decode_symbols(ids)
            texts = [texts[beam] + symbol for beam, symbol in zip(before, more)]
        for beam in np.flatnonzero(np.isfinite(scores)) if stops else ():
            text = texts[beam]
            end = stops.find(text, length)
            if end is not None:
                done.append((float(scores[beam]) / len(text), stops.kept(text, end)))
                scores[beam] = -np.inf
        if not np.isfinite(scores).any():
            break
    done += [
        (float(score) / len(text), text)
        for score, text in zip(scores, texts)
        if np.isfinite(score)
    ]
    return sorted(done, key=lambda pair: -pair[0])[:beams]
