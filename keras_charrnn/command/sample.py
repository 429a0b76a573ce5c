"""`charrnn sample`: a saved model writes."""

import argparse
from typing import Any

from keras_charrnn.command.models import load
from keras_charrnn.command.showing import Screen
from keras_charrnn.text import read_text, unescaped
from keras_charrnn.writing import samplers


def run(options: argparse.Namespace) -> None:
    """Write with a saved model.

    Args:
        options: Those of `charrnn sample`.
    """
    if options.num_samples < 1:
        raise ValueError(f"--num-samples is 1 or more; it is {options.num_samples}.")
    prompt = unescaped(options.prompt, "--prompt")
    if options.prompt_file is not None:
        prompt = read_text(options.prompt_file)
    settings = {
        "sampler": _sampler(options),
        "dry_multiplier": options.dry_multiplier,
        "dry_base": options.dry_base,
        "dry_allowed_length": options.dry_allowed_length,
        "banned": unescaped(options.banned, "--banned"),
        "stop": [unescaped(text, "--stop") for text in options.stop],
        "keep_stop": options.keep_stop,
    }
    model = load(options.model)
    screen = Screen(options.raw)
    if options.num_samples == 1 and options.beams is None:
        session = model.session(prompt, options.unknown)
        # Bad settings are told before anything is written.
        pieces = session.stream(
            options.length, options.temperature, options.seed, **settings
        )
        screen.write(session.text)
        for piece in pieces:
            screen.write(piece)
        screen.end()
        return
    # Several texts are written together; what beam search writes is known at its end.
    texts = model.generate(
        prompt,
        options.length,
        options.temperature,
        options.seed,
        options.unknown,
        num_samples=options.num_samples,
        **settings,
    )
    for number, text in enumerate(texts, 1):
        if len(texts) > 1:
            print(f"--- {number} ---")
        screen.show(text)


def _sampler(options: argparse.Namespace) -> Any:
    asked = {
        "top_k": (samplers.TopKSampler, options.top_k),
        "top_p": (samplers.TopPSampler, options.top_p),
        "min_p": (samplers.MinPSampler, options.min_p),
        "beams": (samplers.BeamSampler, options.beams),
    }
    chosen = [kind(number) for kind, number in asked.values() if number is not None]
    if len(chosen) > 1:
        raise ValueError("Choose one of --top-k, --top-p, --min-p and --beams.")
    return chosen[0] if chosen else "random"
