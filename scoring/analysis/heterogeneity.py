"""Risks that tariff classes do not tell apart: a claim frequency of `frequency` x theta, theta gamma with mean 1.

Gives the levels a whole portfolio settles on, and the relativities that would charge each level what it costs
(Norberg; Pitrebois, Denuit and Walhin; Tan et al. 2015, as in Loss Data Analytics, section 15.5).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scoring.analysis.chain import Vector

NODES = 48


@dataclass(frozen=True, slots=True)
class RiskClass:
    """A tariff class: its claims a year and its share of the portfolio."""

    frequency: float
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Portfolio:
    """All per level in the order of the chain. `classes`: the chance of each level, per class (classes, levels).

    `levels`: the same over the portfolio. `relativities`: E(f² theta | level) / E(f² | level), which minimises the
    squared error in money without more; `balanced`: the same with their mean held at 1. 1 = the base premium.
    """

    classes: Vector
    levels: Vector
    relativities: Vector
    balanced: Vector


def spread(at: Callable[[float], Vector], classes: Sequence[RiskClass], shape: float) -> Portfolio:
    """The portfolio; `at` gives the stationary levels at a frequency, theta ~ Gamma(shape, shape)."""
    theta, weight = gauss_gamma(shape)
    rows = [np.array([at(each.frequency * value) for value in theta]) for each in classes]
    shares = np.array([each.weight for each in classes])
    squares = shares * np.array([each.frequency for each in classes]) ** 2
    chances = np.array([weight @ row for row in rows])
    levels = shares @ chances
    exposed = squares @ chances  # E(f² | level) Pr(level)
    relativities = squares @ np.array([(weight * theta) @ row for row in rows]) / exposed
    off = float(levels @ relativities) - 1
    pull = levels / exposed
    return Portfolio(chances, levels, relativities, relativities - off * pull / float(levels @ pull))


def gauss_gamma(shape: float, nodes: int = NODES) -> tuple[Vector, Vector]:
    """Nodes and weights that integrate over Gamma(shape, shape): generalised Gauss-Laguerre by Golub and Welsch."""
    order = np.arange(nodes)
    beside = np.sqrt(order[1:] * (order[1:] + shape - 1))
    found, vectors = np.linalg.eigh(np.diag(2 * order + shape) + np.diag(beside, 1) + np.diag(beside, -1))
    return found / shape, vectors[0] ** 2
