"""`bonus-malus simulate`: other rules over everybody, nothing written."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cli.day import DAY
from cli.exits import Exit
from cli.offline import compose_offline
from cli.screen import coefficient, console, print_json, table
from config.rulefile import load_programme, load_scheme
from scoring.rules import Programme
from sync.ledger.population import last_day
from sync.simulate import simulate as run
from sync.simulation import Change, Ordered, Side, Simulation

BAND = 10  # hundredths in one row of the distribution


@click.command()
@click.option("--rules", help="Other rules: a name such as fr-motor or be-1992, or a TOML file.")
@click.option("--programme", help="Another programme: rules, signals, points, tiers; a name or a TOML file.")
@click.option("--at", type=DAY, help="As of the end of that day. [default: of the last run]")
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON.")
@click.pass_obj
def simulate(settings: Path, *, rules: str | None, programme: str | None, at: datetime | None, as_json: bool) -> int:
    """Show what other rules would make of everybody in the ledger: coefficients, tiers, cost. Nothing is written."""
    if (rules is None) == (programme is None):
        raise click.UsageError("say which rules to try: either --rules or --programme")
    composed, ledger = compose_offline(settings)
    try:
        day = at.date() if at else last_day(ledger, composed.programme_name)
        day = day or datetime.now(composed.time_zone).date()
        present = load_programme(composed.programme, at=day)
        other = _other(present, rules, programme, day)
        found = run(ledger, composed.programme_name, present, other, day)
    finally:
        ledger.close()
    if as_json:
        print_json(_json(found))
    else:
        _show(found)
    return Exit.DONE


def _other(present: Programme, rules: str | None, programme: str | None, day: date) -> Programme:
    if rules is not None:
        return replace(present, rules=load_scheme(rules, at=day))
    return load_programme(str(programme), at=day)


def _json(found: Simulation) -> dict[str, Any]:
    return {
        "day": found.day.isoformat(),
        "subjects": found.before.subjects,
        "before": _side(found.before),
        "after": _side(found.after),
        "other_coefficient": found.other_coefficient,
        "other_tier": found.other_tier,
        "moves": [
            {"before": before, "after": after, "subjects": count}
            for (before, after), count in sorted(found.moves.items())
        ],
        "ordered": [{"currency": currency, **_money(each)} for currency, each in sorted(found.ordered.items())],
        "changes": [_change(each) for each in found.changes],
        "unseen_signals": list(found.unseen),
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "rules": side.rules,
        "mean_coefficient": side.mean_coefficient,
        "mean_price_factor": side.mean_factor,
        "needs_attention": side.attention,
        "coefficients": {coefficient(value): count for value, count in sorted(side.coefficients.items())},
        "tiers": dict(side.tiers),
    }


def _money(each: Ordered) -> dict[str, str]:
    return {
        "ordered": _cents(each.value),
        "before": _cents(each.before),
        "after": _cents(each.after),
        "difference": _cents(each.after - each.before),
    }


def _cents(value: Decimal) -> str:
    return str(value.quantize(Decimal("0.01")))


def _change(each: Change) -> dict[str, Any]:
    words = ("coefficient", "tier", "points")
    sides = {"before": each.before, "after": each.after}
    values = {
        side: dict(zip(words, (coefficient(values[0]), *values[1:]), strict=True)) for side, values in sides.items()
    }
    return {"record": each.record, **values}


def _show(found: Simulation) -> None:
    out = console()
    before, after = found.before, found.after
    out.print(f"[bold]{before.subjects} subjects[/bold] as of {found.day}, nothing was written")
    rows = [
        ("mean coefficient", *_pair(before.mean_coefficient, after.mean_coefficient)),
        ("mean price factor", *_pair(before.mean_factor, after.mean_factor)),
        ("to look at", str(before.attention), str(after.attention), ""),
    ]
    rows += [
        (
            f"price of what was ordered in a year, {currency or 'without a currency'}",
            money["before"],
            money["after"],
            money["difference"],
        )
        for currency, money in ((currency, _money(each)) for currency, each in sorted(found.ordered.items()))
    ]
    columns = ("", before.rules, after.rules, "difference")
    out.print(table("", columns, rows, right=columns[1:]))
    out.print(_bands(before.coefficients, after.coefficients))
    out.print(_matrix(found))
    same = before.subjects - found.other_tier
    out.print(
        f"{found.other_coefficient} have another coefficient, {found.other_tier} another tier, {same} the same tier"
    )
    if found.changes:
        moved = [(each.record, *(_arrow(*pair) for pair in _pairs(each))) for each in found.changes]
        out.print(table("those who move most", ("record", "coefficient", "tier", "points"), moved))
    if found.unseen:
        out.print(f"the ledger has none of these signals yet: {', '.join(found.unseen)}", markup=False)


def _pair(before: float, after: float) -> tuple[str, str, str]:
    return f"{before:.4f}", f"{after:.4f}", f"{after / before - 1:+.2%}" if before else ""


def _bands(before: Counter[int], after: Counter[int]) -> Any:
    bands = sorted({value // BAND for value in (*before, *after)})
    rows = []
    for band in bands:
        counts = [sum(n for value, n in side.items() if value // BAND == band) for side in (before, after)]
        rows.append((f"{coefficient(band * BAND)} to {coefficient(band * BAND + BAND - 1)}", *counts))
    return table("coefficients", ("", "before", "after"), rows, right=("before", "after"))


def _matrix(found: Simulation) -> Any:
    afters = [name for name in found.tier_names if any(after == name for _, after in found.moves)]
    rows = [
        (name, found.before.tiers[name], *(found.moves[name, after] or "" for after in afters))
        for name in found.tier_names
        if found.before.tiers[name]
    ]
    columns = ("before", "all", *(f"→ {name}" for name in afters))
    return table("tiers", columns, rows, right=columns[1:])


def _pairs(each: Change) -> list[tuple[str, str]]:
    numbers = (coefficient(each.before[0]), coefficient(each.after[0]))
    points = (str(each.before[2]), str(each.after[2]))
    return [numbers, (each.before[1], each.after[1]), points]


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"
