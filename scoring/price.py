"""The price factor: coefficient x (1 - discount) within bounds. Shown, never applied to an invoice by us."""

from decimal import Decimal

from scoring.line import Code, Line, Param
from scoring.rules import Programme, Rules, Tier

ONE = 100  # hundredths: what a price is multiplied by where nobody knows a level's premium


def is_priced(programme: Programme) -> bool:
    """Whether a price can be multiplied by the coefficient: not where a scale's levels have no premiums."""
    return isinstance(programme.rules, Rules) or programme.rules.has_premiums


def adjustment(coefficient: int, tier: Tier, programme: Programme) -> tuple[int, list[Line]]:
    """What a price would move by, in whole percent, halves away from zero; and the lines that lead to it."""
    priced = is_priced(programme)
    exact = (coefficient if priced else ONE) * (100 - tier.discount)  # in 1/10 000
    values: dict[str, Param] = {"discount": tier.discount, "exact": _factor(exact)}
    if priced:
        values["coefficient"] = coefficient
    lines = [Line(Code.PRICE if priced else Code.PRICE_UNKNOWN, programme.reference("tiers"), values)]
    bounded = min(max(exact, programme.price_floor * 100), programme.price_cap * 100)
    if bounded != exact:
        reference = programme.reference("price_floor" if bounded > exact else "price_cap")
        lines.append(Line(Code.PRICE_BOUNDED, reference, {"exact": _factor(bounded)}))
    off = bounded - 10_000
    percent = (abs(off) + 50) // 100
    percent = -percent if off < 0 else percent
    lines.append(Line(Code.PRICE_ADJUSTMENT, "", {"percent": percent}))
    return percent, lines


def _factor(ten_thousandths: int) -> Decimal:
    return Decimal(f"{ten_thousandths}E-4")
