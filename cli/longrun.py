"""What `rules analyse` shows: a chain made of a scale or of rules, its figures as JSON and as tables."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from cli.scale import level_of
from cli.screen import console, table
from config.reading import ConfigError
from scoring.analysis.chain import Chain
from scoring.analysis.of_coefficient import coefficient_chain
from scoring.analysis.of_scale import scale_chain
from scoring.analysis.projection import Projection, Recovery, project, recover
from scoring.analysis.stationary import Settled, settle
from scoring.coefficient import State
from scoring.coefficient import step as review
from scoring.rules import Rules
from scoring.scale import Place, Scale
from scoring.scale import step as move
from scoring.signal import Liability

UNIFORM = "uniform"
UNITS = {"percent": "percent of the base premium", "amount": "amounts", "level": "levels, the best is 0"}
COEFFICIENTS = "coefficients"
SHOWN = 30  # levels in a table on a terminal; --json has all


@dataclass(frozen=True, slots=True)
class Subject:
    """What is analysed: a chain at a frequency, the unit of its values, and what one incident does to whom."""

    name: str
    unit: str
    chain: Chain
    recoveries: dict[str, Recovery]


@dataclass(frozen=True, slots=True)
class Found:
    """A subject in the long run and on the way there; `assumed` says at what frequency, and how it was measured."""

    subject: Subject
    settled: Settled
    ahead: Projection
    assumed: dict[str, Any]


def of_scale(scale: Scale, frequency: float, start: str | None) -> Subject:
    """A scale, from a level, from that of newcomers (None), or from all alike (`uniform`)."""
    starts = range(len(scale.levels)) if start == UNIFORM else [level_of(start, scale)]

    def year(place: Place, claims: int) -> Place:
        return move(place, claims, scale).after

    felt = [0] if start == UNIFORM else [*starts, 0]
    return Subject(
        name=scale.name,
        unit=UNITS[scale.unit],
        chain=scale_chain(scale, frequency, starts),
        recoveries={
            f"level {scale.levels[level].name}": recover(
                Place(level), year, lambda place: float(scale.levels[place.level].value)
            )
            for level in felt
        },
    )


def of_rules(rules: Rules, frequency: float, start: str | None, share: float) -> Subject:
    """Reduction-majoration, from a coefficient, from the origin (None), or from all alike; `share` is partial."""
    starts = [*range(rules.floor, rules.cap + 1)] if start == UNIFORM else [_hundredths(start, rules)]

    def year(state: State, claims: int) -> State:
        return review(state, [Liability.FULL] * claims, rules)[0]

    felt = {f"{state.coefficient / 100:.2f}": state for state in map(State, starts) if start != UNIFORM}
    felt[f"{rules.floor / 100:.2f}"] = State(rules.floor)
    years = rules.protected_after
    felt[f"{rules.floor / 100:.2f} for {years} years"] = State(rules.floor, periods_at_floor=years)
    return Subject(
        name=f"{rules.name}, use {rules.use}",
        unit=COEFFICIENTS,
        chain=coefficient_chain(rules, frequency, starts, partial_share=share),
        recoveries={name: recover(state, year, lambda s: s.coefficient / 100) for name, state in felt.items()},
    )


def _hundredths(text: str | None, rules: Rules) -> int:
    if text is None:
        return rules.origin
    bounds = f"a coefficient between {rules.floor / 100:.2f} and {rules.cap / 100:.2f} with two decimals, or {UNIFORM}"
    try:
        hundredths = Decimal(text) * 100
    except InvalidOperation:
        raise ConfigError(f"--start: {text!r} is no number; it takes {bounds}") from None
    if not hundredths.is_finite() or hundredths != int(hundredths) or not rules.floor <= hundredths <= rules.cap:
        raise ConfigError(f"--start: {text} is not possible; it takes {bounds}")
    return int(hundredths)


def run(subject: Subject, frequency: float, years: int, assumed: dict[str, Any]) -> Found:
    """Let it settle, and follow its newcomers.

    Raises:
        ConfigError: it never settles to one distribution.
    """
    try:
        settled = settle(subject.chain, frequency)
    except ValueError as error:
        raise ConfigError(f"{subject.name}: {error}") from error
    return Found(subject, settled, project(subject.chain, settled.levels, years), assumed)


def figures(found: Found) -> dict[str, Any]:
    """The documented keys of `--json`."""
    settled = found.settled
    return {
        "levels": found.subject.chain.values.tolist(),
        "stationary": settled.levels.tolist(),
        "mean_level": settled.mean,
        "rsal": settled.rsal,
        "cv": settled.cv,
        "elasticity": settled.elasticity,
        "evolution": found.ahead.means.tolist(),
    }


def details(found: Found) -> dict[str, Any]:
    """What `--details` adds."""
    subject = found.subject
    return {
        "name": subject.name,
        "unit": subject.unit,
        "names": list(subject.chain.names),
        "total_variation": found.ahead.total_variation.tolist(),
        "recovery": {
            name: {"back": each.back, "caught_up": each.caught_up, "extra": each.extra}
            for name, each in subject.recoveries.items()
        },
        "assumed": found.assumed,
    }


def show(found: Found) -> None:
    """The same for people."""
    subject, settled, ahead, assumed = found.subject, found.settled, found.ahead, found.assumed
    out = console()
    out.print(f"[bold]{subject.name}[/bold] at {assumed['frequency']:.4g} claims a year, in {subject.unit}")
    if assumed["partial_share"]:
        out.print(f"  {assumed['partial_share']:.0%} of them of partial liability")
    if measured := assumed.get("measured"):
        out.print(f"  measured: {measured['incidents']} incidents in {measured['periods']} whole periods")
    rows = [
        ("mean level", f"{settled.mean:.4g}", "in the long run"),
        ("RSAL", f"{settled.rsal:.2%}", "where the mean lies between the best level and the worst"),
        ("coefficient of variation", f"{settled.cv:.4f}", "how much premiums differ in the long run"),
        ("elasticity", f"{settled.elasticity:.4f}", "by how many % the mean follows 1 % more claims"),
    ]
    out.print(table("", ("", "", ""), rows))
    title, levels = _levels(subject, settled)
    out.print(title, style="bold")
    out.print(levels)
    years = [
        (year, f"{mean:.4g}", f"{off:.4f}")
        for year, (mean, off) in enumerate(zip(ahead.means, ahead.total_variation, strict=True), 1)
    ]
    columns = ("after years", "mean", "distance to the long run")
    out.print(table("from the start", columns, years, right=columns))
    felt = [(name, *_felt(each)) for name, each in subject.recoveries.items()]
    headings = ("from", "back where it was", "as if nothing had been", "paid more in all")
    out.print(table("one incident, then claim-free years", headings, felt, right=headings[1:]))


def _levels(subject: Subject, settled: Settled) -> tuple[str, Any]:
    """The title, which may be longer than its table, and the table."""
    rows = [
        (name, value, share)
        for name, value, share in zip(subject.chain.names, subject.chain.values, settled.levels, strict=True)
    ]
    most = sorted(rows, key=lambda row: -row[2])[:SHOWN]
    kept = [row for row in rows if row in most]
    title = "the long run" if len(kept) == len(rows) else f"the long run, the {SHOWN} fullest of {len(rows)} levels"
    if subject.unit == COEFFICIENTS:  # whose names are their values
        return title, table(
            "", ("coefficient", "share"), [(name, f"{share:.4%}") for name, _, share in kept], right=("share",)
        )
    cells = [(name, f"{value:g}", f"{share:.4%}") for name, value, share in kept]
    return title, table("", ("level", "value", "share"), cells, right=("value", "share"))


def _felt(each: Recovery) -> tuple[str, str, str]:
    back, caught_up = (f"{n} years" if n is not None else "never" for n in (each.back, each.caught_up))
    return back, caught_up, f"{each.extra:.4g}"
