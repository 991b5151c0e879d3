"""Claims in a year: Poisson, cut where nothing changes any more."""

import math

import numpy as np

from scoring.analysis.chain import Vector

NEGLIGIBLE = 1e-17  # below what a double can add to 1


def poisson(frequency: float, most: int) -> tuple[Vector, Vector]:
    """The chances of 0, 1, … claims with mean `frequency`, and their derivatives with respect to it.

    The last of the `most` + 1 entries stands for that many or more.
    """
    chances = np.empty(most + 1)
    chances[0] = math.exp(-frequency)
    for number in range(1, most + 1):
        chances[number] = chances[number - 1] * frequency / number
    slopes = np.concatenate(([0.0], chances[:-1])) - chances  # p(n)' = p(n-1) - p(n)
    chances[most] = _at_least(frequency, most)
    slopes[most] = chances[most - 1] if most else 0.0
    return chances, slopes


def enough(frequency: float) -> int:
    """A number of claims that is practically never exceeded."""
    most = math.ceil(frequency)
    while _at_least(frequency, most + 1) > NEGLIGIBLE:
        most += 1
    return most


def _at_least(frequency: float, number: int) -> float:
    """The chance of that many claims or more, summed from the small end: 1 - sum would lose it."""
    if number <= frequency:
        below = sum(_chance(frequency, n) for n in range(number))
        return max(0.0, 1.0 - below)
    total, n = 0.0, number
    while (chance := _chance(frequency, n)) > total * 1e-17:
        total += chance
        n += 1
    return total


def _chance(frequency: float, number: int) -> float:
    if frequency == 0:
        return 0.0 if number else 1.0
    return math.exp(number * math.log(frequency) - frequency - math.lgamma(number + 1))
