"""Where a chain settles, and what that says of the rules: mean, RSAL, coefficient of variation, elasticity."""

from dataclasses import dataclass

import numpy as np

from scoring.analysis.chain import Chain, Matrix, Vector


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """A chain in the long run. `levels` is per level, ascending as in the chain; `mean` and `deviation` in its unit.

    `rsal`, the relative stationary average level: (mean - best) / (worst - best), as Lemaire has it. `cv` =
    deviation / mean. `elasticity` = d ln mean / d ln frequency (Loimaranta's efficiency): 1 where the mean follows the
    risk, 0 where it does not move. NaN where the mean is 0.
    """

    levels: Vector
    mean: float
    deviation: float
    rsal: float
    cv: float
    elasticity: float


def settle(chain: Chain, frequency: float) -> Settled:
    """The measures of a chain made at that claim frequency.

    Raises:
        ValueError: the chain has more than one set of states that it cannot leave, so that the start decides for ever.
    """
    values = chain.values
    states = stationary(chain.matrix)
    levels = chain.on_levels(states)
    mean = float(levels @ values)
    deviation = float(np.sqrt(levels @ (values - mean) ** 2))
    moved = float(chain.on_levels(drift(chain, states)) @ values)
    span = float(values[-1] - values[0])
    return Settled(
        levels=levels,
        mean=mean,
        deviation=deviation,
        rsal=(mean - float(values[0])) / span if span else 0.0,
        cv=deviation / mean if mean else float("nan"),
        elasticity=frequency * moved / mean if mean else float("nan"),
    )


def stationary(matrix: Matrix) -> Vector:
    """The one distribution over states that a year leaves as it is."""
    ones = np.zeros(len(matrix))
    ones[-1] = 1.0
    found = _solve(matrix, ones)
    found[found < 0] = 0.0  # rounding leaves a transient state at -1e-20
    found /= found.sum()
    return found


def drift(chain: Chain, states: Vector) -> Vector:
    """The derivative of the stationary distribution with respect to the frequency; it sums to 0.

    Exact: states = states @ matrix, differentiated on both sides.
    """
    right = states @ chain.slope
    right[-1] = 0.0
    return _solve(chain.matrix, right)


def _solve(matrix: Matrix, right: Vector) -> Vector:
    """The x with x - x @ matrix = right but for the last equation, which says what x sums to: `right[-1]`."""
    system = np.eye(len(matrix)) - matrix.T
    system[-1] = 1.0
    try:
        found = np.linalg.solve(system, right)
    except np.linalg.LinAlgError as error:
        raise ValueError("the rules never mix: where one starts decides for ever") from error
    return found.astype(np.float64, copy=False)
