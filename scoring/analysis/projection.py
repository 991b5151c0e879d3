"""The way there: the mean year by year, how far from settled, and how long one incident is felt."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from scoring.analysis.chain import Chain, Vector

S = TypeVar("S")

LIFETIME = 100  # years after which an incident that is still felt is felt for ever


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Entry n is after n + 1 years. `means` in the chain's unit.

    `total_variation`: the sum over levels of |chance now - chance in the long run|, from 0 to 2 (twice the usual
    definition), as Loss Data Analytics ch. 15 prints it.
    """

    means: Vector
    total_variation: Vector


@dataclass(frozen=True, slots=True)
class Recovery:
    """What one incident costs somebody who has no other: claim-free years after its year, None if more than 100.

    `back`: until the value is no worse than before. `caught_up`: until it is what it would be without the incident.
    `extra`: what was paid more in between, in the unit of the rules (percent of a yearly premium, coefficient).
    """

    back: int | None
    caught_up: int | None
    extra: float


def project(chain: Chain, settled: Vector, years: int) -> Projection:
    """The first `years` years of the chain's newcomers; `settled` is the stationary distribution over levels."""
    means, variation = np.empty(years), np.empty(years)
    states = chain.start
    for year in range(years):
        states = states @ chain.matrix
        levels = chain.on_levels(states)
        means[year] = levels @ chain.values
        variation[year] = np.abs(levels - settled).sum()
    return Projection(means, variation)


def recover(state: S, year: Callable[[S, int], S], value: Callable[[S], float]) -> Recovery:
    """One incident from `state`, then claim-free years; `year` gives the state after a year with so many claims."""
    hit, spared = year(state, 1), year(state, 0)
    pairs = [(value(hit), value(spared))]
    for _ in range(LIFETIME):
        hit, spared = year(hit, 0), year(spared, 0)
        pairs.append((value(hit), value(spared)))
    back = next((n for n, (with_it, _) in enumerate(pairs) if with_it <= value(state)), None)
    last = max((n for n, (with_it, without) in enumerate(pairs) if with_it != without), default=-1)
    return Recovery(
        back=back,
        caught_up=None if last == LIFETIME else last + 1,
        extra=sum(with_it - without for with_it, without in pairs),
    )
