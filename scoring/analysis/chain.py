"""A Markov chain over the levels of a set of rules, built from its own step, never from a second description of it."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

Vector: TypeAlias = NDArray[np.float64]
Matrix: TypeAlias = NDArray[np.float64]

S = TypeVar("S", bound=Hashable)
Years: TypeAlias = Sequence[Mapping[S, float]]  # by number of claims: where the year leads, with what chance


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """n states on m levels.

    `values` (m) ascending, in the unit of the rules; `names` (m). `level_of` (n) is each state's level. `matrix` (n, n)
    has rows that sum to 1, `slope` is its derivative with respect to the claim frequency, with rows that sum to 0.
    `start` (n) is the distribution of newcomers.
    """

    values: Vector
    names: tuple[str, ...]
    level_of: NDArray[np.intp]
    matrix: Matrix
    slope: Matrix
    start: Vector

    def on_levels(self, states: Vector) -> Vector:
        """A distribution over states summed to one over levels."""
        found = np.zeros(len(self.values))
        np.add.at(found, self.level_of, states)
        return found


def explore(starts: Iterable[S], years: Callable[[S], Years[S]]) -> dict[S, Years[S]]:
    """Every state that can be reached from `starts`, with what a year does to it."""
    found: dict[S, Years[S]] = {}
    waiting = list(dict.fromkeys(starts))
    while waiting:
        state = waiting.pop()
        if state in found:
            continue
        found[state] = years(state)
        waiting += [target for outcome in found[state] for target in outcome if target not in found]
    return found


def assemble(
    found: Mapping[S, Years[S]],
    starts: Sequence[S],
    chances: Vector,
    slopes: Vector,
    *,
    level_of: Callable[[S], int],
    values: Sequence[float],
    names: Sequence[str],
) -> Chain:
    """The chain of explored states, given the chances of 0, 1, … claims and their derivatives.

    `level_of` gives an index into `values` and `names`, which must ascend. Newcomers stand on `starts`, each as often.
    """
    index = {state: number for number, state in enumerate(found)}
    matrix = np.zeros((len(found), len(found)))
    slope = np.zeros_like(matrix)
    for state, outcomes in found.items():
        row = index[state]
        for claims, outcome in enumerate(outcomes):
            for target, share in outcome.items():
                matrix[row, index[target]] += chances[claims] * share
                slope[row, index[target]] += slopes[claims] * share
    start = np.zeros(len(found))
    for state in starts:
        start[index[state]] += 1 / len(starts)
    levels = np.array([level_of(state) for state in found], dtype=np.intp)
    return Chain(np.array(values, dtype=np.float64), tuple(names), levels, matrix, slope, start)
