"""`bonus-malus rules analyse`: what rules do in the long run, at a claim frequency said or measured."""

import math
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from cli.compose import compose_offline
from cli.exits import Exit
from cli.scale import level_of
from cli.screen import console, print_json, table
from config.examples import is_rules
from config.reading import ConfigError, read_toml
from config.rulefile import load_programme, load_rules
from config.scalefile import find_scale, load_scale
from scoring.analysis.chain import Chain
from scoring.analysis.of_coefficient import coefficient_chain
from scoring.analysis.of_scale import scale_chain
from scoring.analysis.projection import Projection, Recovery, project, recover
from scoring.analysis.stationary import Settled, settle
from scoring.coefficient import State
from scoring.coefficient import step as review
from scoring.rules import Rules, Use
from scoring.scale import Place, Scale
from scoring.scale import step as move
from scoring.signal import Liability
from sync.frequency import Measured, measure
from sync.ledger.population import last_day

UNIFORM = "uniform"
UNITS = {"percent": "percent of the base premium", "amount": "amounts", "level": "levels, the best is 0"}
SHOWN = 30  # levels in a table on a terminal; --json has all


@dataclass(frozen=True, slots=True)
class Subject:
    """What is analysed: a chain at a frequency, the unit of its values, and what one incident does to whom."""

    name: str
    unit: str
    chain: Chain
    recoveries: dict[str, Recovery]


@click.command()
@click.argument("rules")
@click.option("--frequency", type=float, help="Claims a year. [default: measured in the ledger of the settings]")
@click.option("--partial-share", type=float, help="The share of claims with partial liability, 0 to 1. [default: 0]")
@click.option("--start", help="A coefficient, a level, or `uniform`. [default: where newcomers start]")
@click.option("--use", type=click.Choice(["normal", "tournees"]), help="Instead of the use that the rules name.")
@click.option("--years", type=click.IntRange(1, 1000), default=20, show_default=True, help="How far to look ahead.")
@click.option("--details", is_flag=True, help="In JSON also total variation, recovery and what was assumed.")
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON.")
@click.pass_obj
def analyse(
    settings: Path,
    *,
    rules: str,
    frequency: float | None,
    partial_share: float | None,
    start: str | None,
    use: Use | None,
    years: int,
    details: bool,
    as_json: bool,
) -> int:
    """Analyse RULES as a Markov chain: where everybody settles, how well it tells risks apart, how fast.

    RULES: a scale such as be-1992, rules such as fr-motor, a programme, or a TOML file. Claims are Poisson.
    """
    scale = find_scale(rules)
    if scale and (use or partial_share):
        raise ConfigError("--use and --partial-share: a scale knows neither, every claim counts alike")
    assumed: dict[str, Any] = {}
    if frequency is None:
        measured = _measured(settings)
        frequency = measured.frequency
        partial_share = measured.partial_share if partial_share is None and not scale else partial_share
        assumed = {"measured": measured.to_json()}
    share = partial_share or 0.0
    _check("--frequency", frequency, 50)
    _check("--partial-share", share, 1)
    subject = (
        _of_scale(load_scale(scale), frequency, start)
        if scale
        else _of_rules(_rules(rules, use), frequency, start, share)
    )
    try:
        settled = settle(subject.chain, frequency)
    except ValueError as error:
        raise ConfigError(f"{rules}: {error}") from error
    ahead = project(subject.chain, settled.levels, years)
    assumed = {"frequency": frequency, "partial_share": share, "start": start, **assumed}
    if as_json:
        print_json(_json(subject, settled, ahead) | (_details(subject, ahead, assumed) if details else {}))
    else:
        _show(subject, settled, ahead, assumed)
    return Exit.DONE


def _rules(name: str, use: Use | None) -> Rules:
    today = date.today()  # noqa: DTZ011 - the day of whoever asks
    is_programme = name.endswith(".toml") and not is_rules(read_toml(Path(name)))
    found = load_programme(name, at=today).rules if is_programme else load_rules(name, at=today)
    return replace(found, use=use) if use else found


def _measured(path: Path) -> Measured:
    """The frequency in the ledger.

    Raises:
        ConfigError: there are no settings, no ledger, or not one whole period yet.
    """
    if not path.exists():
        raise ConfigError(f"--frequency: say how many claims a year, such as 0.1; there is no {path} to measure it by")
    settings, ledger = compose_offline(path)
    try:
        day = last_day(ledger, settings.programme_name) or datetime.now(settings.time_zone).date()
        measured = measure(ledger, settings.programme_name, load_programme(settings.programme, at=day), day)
    finally:
        ledger.close()
    if not measured.periods:
        raise ConfigError(f"--frequency: the ledger of {path} holds no whole period yet; say it, such as 0.1")
    return measured


def _check(option: str, value: float, most: float) -> None:
    if not (math.isfinite(value) and 0 <= value <= most):
        raise ConfigError(f"{option}: {value} is not possible; it takes a number from 0 to {most}")


def _of_scale(scale: Scale, frequency: float, start: str | None) -> Subject:
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


def _of_rules(rules: Rules, frequency: float, start: str | None, share: float) -> Subject:
    starts = [*range(rules.floor, rules.cap + 1)] if start == UNIFORM else [_hundredths(start, rules)]

    def year(state: State, claims: int) -> State:
        return review(state, [Liability.FULL] * claims, rules)[0]

    felt = {f"{state.coefficient / 100:.2f}": state for state in map(State, starts) if start != UNIFORM}
    felt[f"{rules.floor / 100:.2f}"] = State(rules.floor)
    years = rules.protected_after
    felt[f"{rules.floor / 100:.2f} for {years} years"] = State(rules.floor, periods_at_floor=years)
    return Subject(
        name=f"{rules.name}, use {rules.use}",
        unit="coefficients",
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


def _json(subject: Subject, settled: Settled, ahead: Projection) -> dict[str, Any]:
    return {
        "levels": subject.chain.values.tolist(),
        "stationary": settled.levels.tolist(),
        "mean_level": settled.mean,
        "rsal": settled.rsal,
        "cv": settled.cv,
        "elasticity": settled.elasticity,
        "evolution": ahead.means.tolist(),
    }


def _details(subject: Subject, ahead: Projection, assumed: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": subject.name,
        "unit": subject.unit,
        "names": list(subject.chain.names),
        "total_variation": ahead.total_variation.tolist(),
        "recovery": {
            name: {"back": each.back, "caught_up": each.caught_up, "extra": each.extra}
            for name, each in subject.recoveries.items()
        },
        "assumed": assumed,
    }


def _show(subject: Subject, settled: Settled, ahead: Projection, assumed: dict[str, Any]) -> None:
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
    out.print(_levels(subject, settled))
    years = [
        (year, f"{mean:.4g}", f"{off:.4f}")
        for year, (mean, off) in enumerate(zip(ahead.means, ahead.total_variation, strict=True), 1)
    ]
    columns = ("after years", "mean", "distance to the long run")
    out.print(table("from the start", columns, years, right=columns))
    felt = [(name, *_felt(each)) for name, each in subject.recoveries.items()]
    headings = ("from", "back where it was", "as if nothing had been", "paid more in all")
    out.print(table("one incident, then claim-free years", headings, felt, right=headings[1:]))


def _levels(subject: Subject, settled: Settled) -> Any:
    rows = [
        (name, value, share)
        for name, value, share in zip(subject.chain.names, subject.chain.values, settled.levels, strict=True)
    ]
    most = sorted(rows, key=lambda row: -row[2])[:SHOWN]
    kept = [row for row in rows if row in most]
    title = "the long run" if len(kept) == len(rows) else f"the long run, the {SHOWN} fullest of {len(rows)} levels"
    cells = [(name, f"{value:g}", f"{share:.4%}") for name, value, share in kept]
    return table(title, ("level", "value", "share"), cells, right=("value", "share"))


def _felt(each: Recovery) -> tuple[str, str, str]:
    back, caught_up = (f"{n} years" if n is not None else "never" for n in (each.back, each.caught_up))
    return back, caught_up, f"{each.extra:.4g}"
