"""`bonus-malus calc`: the coefficient of any history, for anyone, with the article that moved it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

import click
from rich.text import Text

from cli.exits import Exit
from cli.scale import calc_scale
from cli.screen import coefficient, console, print_json, table
from config.locale import Texts
from config.reading import ConfigError
from config.rulefile import load_rules
from config.scalefile import find_scale
from scoring.coefficient import LETTERS, State, step
from scoring.line import Code, Line
from scoring.rules import Rules, Use

Year = tuple[str, State, tuple[Line, ...]]


@click.command()
@click.option("--rules", "name", default="fr-motor", show_default=True, help="A set of rules, or a TOML file.")
@click.option("--start", help="The coefficient or level before the first period. [default: 1.00, a scale's own]")
@click.option("--history", default="", help="Periods separated by commas: F full, P partial liability; empty = clean.")
@click.option("--use", type=click.Choice(["normal", "tournees"]), help="Instead of the use that the rules name.")
@click.option("--years-at-floor", type=click.IntRange(0), default=0, help="Full years already spent at the floor.")
@click.option("--json", "as_json", is_flag=True, help="The coefficients as JSON.")
def calc(*, name: str, start: str | None, history: str, use: Use | None, years_at_floor: int, as_json: bool) -> int:
    """Compute the coefficient after each annual period, and say which article moved it.

    `--history ",,F,PF,"` is five years: two clean, one full incident, a partial and then a full one, one clean.
    On a scale such as be-1992, `F` is one claim and `--start` a level.
    """
    if scale := find_scale(name):
        if use or years_at_floor:
            raise ConfigError("--use and --years-at-floor: a scale knows neither")
        return calc_scale(scale, start, history, as_json=as_json)
    rules = load_rules(name, at=date.today())  # noqa: DTZ011 - the day of whoever asks
    if use:
        rules = replace(rules, use=use)
    years = _fold(
        _periods(history), _start(coefficient(rules.origin) if start is None else start, years_at_floor, rules), rules
    )
    if as_json:
        print_json({"coefficients": [coefficient(state.coefficient) for _, state, _ in years]})
    else:
        _show(years, Texts("en"), rules)
    return Exit.DONE


def _start(text: str, years_at_floor: int, rules: Rules) -> State:
    bounds = f"a coefficient between {coefficient(rules.floor)} and {coefficient(rules.cap)} with two decimals"
    try:
        hundredths = Decimal(text) * 100
    except InvalidOperation:
        raise ConfigError(f"--start: {text!r} is no number; it takes {bounds}") from None
    if not hundredths.is_finite() or hundredths != int(hundredths) or not rules.floor <= hundredths <= rules.cap:
        raise ConfigError(f"--start: {text} is not possible; it takes {bounds}")
    if years_at_floor and hundredths != rules.floor:
        raise ConfigError(f"--years-at-floor: only with --start {coefficient(rules.floor)}, which is the floor")
    return State(int(hundredths), periods_at_floor=years_at_floor)


def _periods(history: str) -> list[str]:
    periods = [period.strip().upper() for period in history.split(",")]
    for number, period in enumerate(periods, 1):
        if wrong := period.strip("".join(LETTERS)):
            raise ConfigError(
                f"--history: period {number}: {wrong!r} is not possible; "
                "allowed: F (full liability), P (partial), nothing (clean), commas between periods"
            )
    return periods


def _fold(periods: Sequence[str], state: State, rules: Rules) -> list[Year]:
    years: list[Year] = []
    for period in periods:
        state, lines = step(state, [LETTERS[letter] for letter in period], rules)
        years.append((period, state, lines))
    return years


def _show(years: Sequence[Year], texts: Texts, rules: Rules) -> None:
    made = table(rules.name, ("year", "history", "what happened", "article", "coefficient"), (), right=("coefficient",))
    for number, (period, state, lines) in enumerate(years, 1):
        moves = [line for line in lines if line.code is not Code.START]
        for index, line in enumerate(moves):
            first, last = index == 0, index == len(moves) - 1
            made.add_row(
                str(number) if first else "",
                (period or "-") if first else "",
                Text(texts.line(line)),
                Text(texts.reference(line.reference)),
                texts.coefficient(state.coefficient) if last else "",
            )
    console().print(made)
