"""Chance, from a seed: the same text draws the same lots on every machine."""

import random


class Draw(random.Random):
    """Random numbers that also answer yes or no."""

    def chance(self, share: float) -> bool:
        """Yes, in this share of the cases."""
        return self.random() < share
