"""Beam search: the likeliest way to write on."""

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
    """Write on from one passage with beam search.

    A beam that a stop text ends is set aside, and the others go on until as many
    are set aside as there are beams.

    Args:
        engine: The model's `Engine`.
        vocabulary: The model's `Vocabulary`.
        passage: The `Passage`, of one row.
        rules: The `Rules`, whose sampler is a `BeamSampler`.
        settings: The `Settings`; length and stop texts are taken from them.

    Returns:
        Scores and texts, as symbols, the best first; there is one for each beam at
        most. A score is the mean log-probability of all that was written, a stop text
        and the end of a document included, of which the latter is in the text.
    """
    assert isinstance(rules.sampler, BeamSampler)
    beams = rules.sampler.num_beams
    passage = passage.rows([0] * beams)
    folded = engine.fold()
    # All beams are alike at first, so only one of them counts.
    scores = np.full(beams, -np.inf, np.float32)
    scores[0] = 0
    stops = settings.stops(vocabulary)
    texts = [""] * beams
    done: list[tuple[float, str]] = []
    while (length := len(texts[0])) < settings.length and len(done) < beams:
        # A stop text may end any beam at any place, which has to be seen there.
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
