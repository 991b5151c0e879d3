"""The coefficient of the annexe to article A121-1: one step per annual review, in integers (arts 4, 5, 6 and 9).

Binary floating point gives 0.56 for 0.60 x 0.95; hundredths and thousandths do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from scoring.line import Code, Line, Param
from scoring.rules import Rules
from scoring.signal import Liability

LETTERS = {"F": Liability.FULL, "P": Liability.PARTIAL}  # how the incidents of a period are written: FP


@dataclass(frozen=True, slots=True)
class State:
    """What one review hands to the next.

    `coefficient` in hundredths. `clean_periods` are consecutive and without incident that counts, also where an excused
    one holds the coefficient; a period that gives no reduction because it was interrupted or too short neither counts
    nor breaks the run. `periods_at_floor` are full periods spent at the floor since it was reached or since it last
    absorbed an incident.
    """

    coefficient: int
    clean_periods: int = 0
    periods_at_floor: int = 0
    protection_used: bool = False
    interrupted_periods: int = 0


def step(
    state: State,
    incidents: Sequence[Liability],
    rules: Rules,
    *,
    interrupted: bool = False,
    first_short: bool = False,
    early: int = 0,
) -> tuple[State, tuple[Line, ...]]:
    """The state after a review, and the lines that lead from the old coefficient to the new one.

    `incidents` in order of their dates, liability none for those of art. 6. `interrupted` and `first_short`: no
    reduction (art. 9). `early` incidents at the front happened before the years at the floor were full, where those are
    measured by dates. Each incident has exactly one line `RAISED`, `PROTECTED` or `EXCUSED`, in the order given.
    """
    lines = [Line(Code.START, "", {"coefficient": state.coefficient})]
    counted = [liability for liability in incidents if liability is not Liability.NONE]
    held = rules.excused == "held" and len(counted) < len(incidents)
    protected = _protected(state, rules) and len(counted) > early

    if counted:
        coefficient = _raise(state.coefficient, incidents, rules, early if protected else None, lines)
    else:
        lines += [Line(Code.EXCUSED, rules.reference("excused"))] * len(incidents)
        coefficient = state.coefficient
        if interrupted:
            lines.append(Line(Code.INTERRUPTED, rules.reference("interruption_months")))
        elif first_short:
            months = {"months": rules.first_min_months}
            lines.append(Line(Code.SHORT_PERIOD, rules.reference("first_min_months"), months))
        elif held:
            lines.append(Line(Code.HELD, rules.reference("excused")))
            coefficient = _limit(state, coefficient, rules, lines)
        else:
            coefficient = _limit(state, _reduce(state, rules, lines), rules, lines)
    if interrupted:
        coefficient = _lapse(state, coefficient, rules, lines)

    paused = interrupted or first_short
    stayed_at_floor = state.coefficient == coefficient == rules.floor and not protected
    after = State(
        coefficient=coefficient,
        clean_periods=0 if counted else state.clean_periods + (not paused),
        periods_at_floor=state.periods_at_floor + (not paused) if stayed_at_floor else 0,
        protection_used=state.protection_used or protected,
        interrupted_periods=state.interrupted_periods + 1 if interrupted else 0,
    )
    return after, tuple(lines)


def _protected(state: State, rules: Rules) -> bool:
    """Whether the floor has been held long enough to absorb one incident (art. 4)."""
    return (
        state.coefficient == rules.floor
        and state.periods_at_floor >= rules.protected_after
        and not (state.protection_used and rules.protection == "once")
    )


def _reduce(state: State, rules: Rules, lines: list[Line]) -> int:
    """Art. 4: reduce, truncate, and only then the floor."""
    factor = rules.factors.reduction
    product = state.coefficient * factor
    reference = rules.reference(f"{rules.use}.reduction")
    lines.append(Line(Code.REDUCED, reference, {"factor": factor, "exact": _exact(product, 1)}))
    coefficient = _truncate(product, 1, reference, lines)
    if coefficient < rules.floor:
        coefficient = rules.floor
        lines.append(Line(Code.FLOORED, rules.reference("floor"), {"coefficient": coefficient}))
    return coefficient


def _limit(state: State, coefficient: int, rules: Rules, lines: list[Line]) -> int:
    """Art. 5: the ceiling at the end of a period without incident that counts, whether it was reduced or held."""
    if state.clean_periods + 1 < rules.ceiling_after or coefficient <= rules.ceiling:
        return coefficient
    lines.append(Line(Code.CEILING, rules.reference("ceiling"), {"coefficient": rules.ceiling}))
    return rules.ceiling


def _raise(
    coefficient: int, incidents: Sequence[Liability], rules: Rules, absorbed: int | None, lines: list[Line]
) -> int:
    """Art. 5: each incident multiplies what the one before it left; the counted one at `absorbed` does not (art. 4)."""
    product, pending = coefficient, 0  # `pending` factors in the product are not yet divided by 1000
    reference = ""
    counted = 0
    for liability in incidents:
        if liability is Liability.NONE:
            lines.append(Line(Code.EXCUSED, rules.reference("excused")))
            continue
        counted += 1
        if counted - 1 == absorbed:
            years = {"years": rules.protected_after}
            lines.append(Line(Code.PROTECTED, rules.reference("protected_after"), years))
            continue
        factor = rules.factors.full if liability is Liability.FULL else rules.factors.partial
        reference = rules.reference(f"{rules.use}.{liability}")
        product, pending = product * factor, pending + 1
        exact = _exact(product, pending)
        lines.append(Line(Code.RAISED, reference, {"factor": factor, "exact": exact, "liability": str(liability)}))
        if rules.truncation == "each":
            product, pending = _cap(_truncate(product, pending, reference, lines), rules, lines), 0
    return _cap(_truncate(product, pending, reference, lines), rules, lines)


def _cap(coefficient: int, rules: Rules, lines: list[Line]) -> int:
    """Art. 5."""
    if coefficient <= rules.cap:
        return coefficient
    lines.append(Line(Code.CAPPED, rules.reference("cap"), {"coefficient": rules.cap}))
    return rules.cap


def _lapse(state: State, coefficient: int, rules: Rules, lines: list[Line]) -> int:
    """Where the rules say so, a bonus is lost after long interruption; the law keeps it without limit of time."""
    periods = state.interrupted_periods + 1
    if rules.lapse_after is None or periods < rules.lapse_after or coefficient >= rules.origin:
        return coefficient
    values = {"coefficient": rules.origin, "periods": periods}
    lines.append(Line(Code.LAPSED, rules.reference("lapse_after"), values))
    return rules.origin


def _truncate(product: int, factors: int, reference: str, lines: list[Line]) -> int:
    """Hundredths of a product that still holds `factors` factors in thousandths, cut and never rounded (arts 4, 5)."""
    scale: int = 1000**factors
    coefficient, rest = divmod(product, scale)
    if rest:
        values: dict[str, Param] = {"exact": _exact(product, factors), "coefficient": coefficient}
        lines.append(Line(Code.TRUNCATED, reference, values))
    return coefficient


def _exact(product: int, factors: int) -> Decimal:
    """The coefficient that the product stands for, with all its decimals: 1.0625."""
    return Decimal(f"{product}E-{2 + 3 * factors}")
