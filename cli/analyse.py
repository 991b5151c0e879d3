"""`bonus-malus rules analyse`: what rules do in the long run, at a claim frequency said or measured."""

import math
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cli.exits import Exit
from cli.offline import compose_offline
from cli.screen import print_json
from config.examples import is_rules
from config.reading import ConfigError, read_toml
from config.rulefile import load_programme, load_rules, programme_names, rule_names
from config.scalefile import find_scale, load_scale
from scoring.rules import Rules, Use
from scoring.scale import Scale
from sync.frequency import Measured, measure
from sync.ledger.population import last_day

MOST = 50  # claims a year


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
    from cli import longrun  # noqa: PLC0415 - numpy takes longer to load than every other command to run

    found_rules = _scheme(rules)
    scale = isinstance(found_rules, Scale)
    if scale and (use or partial_share):
        raise ConfigError("--use and --partial-share: a scale knows neither, every claim counts alike")
    assumed: dict[str, Any] = {}
    if frequency is None:
        measured = _measured(settings)
        frequency = measured.frequency
        partial_share = measured.partial_share if partial_share is None and not scale else partial_share
        assumed = {"measured": measured.to_json()}
    share = partial_share or 0.0
    _check("--frequency", frequency, MOST)
    _check("--partial-share", share, 1)
    assumed |= {"frequency": frequency, "partial_share": share, "start": start}
    chain = (
        longrun.of_scale(found_rules, frequency, start)
        if isinstance(found_rules, Scale)
        else longrun.of_rules(replace(found_rules, use=use) if use else found_rules, frequency, start, share)
    )
    found = longrun.run(chain, frequency, years, assumed)
    if as_json:
        print_json(longrun.figures(found) | (longrun.details(found) if details else {}))
    else:
        longrun.show(found)
    return Exit.DONE


def _scheme(name: str) -> Rules | Scale:
    """The rules or the scale of that name, or those that the programme of that name runs on."""
    if path := find_scale(name):
        return load_scale(path)
    today = date.today()  # noqa: DTZ011 - the day of whoever asks
    own = name.endswith(".toml")
    is_programme = not is_rules(read_toml(Path(name))) if own else name in set(programme_names()) - set(rule_names())
    found = load_programme(name, at=today).rules if is_programme else load_rules(name, at=today)
    return found if isinstance(found, Rules) else found.scale


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
