"""The n-gram model that a recurrent network has to beat.

Interpolated with Witten-Bell smoothing: of a context h that was seen N(h) times,
followed by T(h) different characters,

    p(c | h) = (N(h c) + T(h) p(c | h')) / (N(h) + T(h))

where h' is h without its first character, and below the empty context every
character is as likely as any other.

Source: Witten and Bell, "The Zero-Frequency Problem" (1991), as interpolated by Chen
and Goodman, "An Empirical Study of Smoothing Techniques for Language Modeling" (1998).
"""

import math
from collections import Counter


class WittenBell:
    """An n-gram model of characters.

    Args:
        text: What it counts.
        order: n; n - 1 characters are the context.
        size: How many different characters there are.
    """

    def __init__(self, text, order, size):
        self.order, self.size = order, size
        self.counts = Counter()
        for n in range(1, order + 1):
            self.counts.update(text[i : i + n] for i in range(len(text) - n + 1))
        self.seen, self.followers = Counter(), Counter()
        for gram, count in self.counts.items():
            self.seen[gram[:-1]] += count
            self.followers[gram[:-1]] += 1

    def probability(self, context, character):
        """p(character | context); of the context the last n - 1 characters count."""
        p = 1 / self.size
        context = context[max(0, len(context) - self.order + 1) :]
        for i in range(len(context), -1, -1):
            h = context[i:]
            if not self.seen[h]:
                break
            kinds = self.followers[h]
            p = (self.counts[h + character] + kinds * p) / (self.seen[h] + kinds)
        return p

    def loss(self, text):
        """Nats per character of a text, its first one left out."""
        total = 0.0
        for i in range(1, len(text)):
            context = text[max(0, i - self.order) : i]
            total -= math.log(self.probability(context, text[i]))
        return total / (len(text) - 1)
