"""Draws learning.svg: what a model writes while it learns.

`python docs/learning.py` trains it anew, on the text that every Python brings along,
with the defaults; it takes a few minutes.
"""

import textwrap
from html import escape
from pathlib import Path

import keras_charrnn as kc
import keras

PASSES, PARTS = 5, 10  # the model is looked at ten times a pass
SHOWN = (1, 4, 10, 50)  # of which these are drawn with a text
WIDTH, TOP, LINE = 860, 26, 62


def learn():
    """Train; return steps, bits per character and a text after each part of a pass."""
    keras.utils.set_random_seed(1)
    text = kc.corpora.load("python-docs")
    train, held_out = text[: len(text) * 9 // 10], text[len(text) * 9 // 10 :]
    model = kc.CharRNN(kc.Vocabulary.from_text(text))
    batches = kc.StreamBatches(kc.Corpus.from_text(train, model.vocabulary))
    seen = []

    def look(epoch, logs):
        steps = (epoch + 1) * (len(batches) // PARTS)
        written = model.generate("The ", 400, 0.7, seed=4)
        seen.append((steps, logs["val_bits_per_character"], written))

    model.fit(
        batches,
        epochs=PASSES * PARTS,
        steps_per_epoch=len(batches) // PARTS,
        validation_data=held_out,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=look)],
        verbose=2,
    )
    return seen


def svg(seen):
    """Return the picture: a row for each text that is shown."""
    height = TOP + LINE * len(SHOWN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="#1d2430"/>',
    ]
    most = seen[0][1]
    for row, part in enumerate(SHOWN):
        steps, bits, text = seen[part - 1]
        y, passes = TOP + row * LINE, part // PARTS
        name = {0: f"{steps} steps", 1: "1 pass"}.get(passes, f"{passes} passes")
        parts += [
            f'<text x="20" y="{y + 8}" fill="#e8edf5" font-weight="bold">{name}</text>',
            f'<rect x="20" y="{y + 16}" width="{130 * bits / most:.0f}" height="6" '
            'rx="3" fill="#6fa8ff"/>',
            f'<text x="20" y="{y + 38}" fill="#93a1b5" font-size="11">'
            f"{bits:.2f} bits per character</text>",
        ]
        for i, line in enumerate(textwrap.wrap(" ".join(text.split()), 76)[:2]):
            parts.append(
                f'<text x="230" y="{y + 8 + 20 * i}" fill="#c9d6e8" '
                f'xml:space="preserve">{escape(line)}</text>'
            )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    picture = svg(learn())
    Path(__file__).with_name("learning.svg").write_text(picture, encoding="utf-8")
