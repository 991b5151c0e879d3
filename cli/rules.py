"""`bonus-malus rules`: what the rules are, on any day."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cli.analyse import analyse
from cli.day import DAY
from cli.exits import Exit
from cli.scale import show_scale
from cli.screen import coefficient, console, print_json, table
from config import DEFAULT_FILE
from config.examples import failing, is_rules
from config.locale import Texts
from config.reading import ConfigError, read_toml
from config.rulefile import load_programme, load_rules, programme_names, rule_names
from config.scalefile import find_scale, scale_names
from scoring.rules import Award, Programme, Rules, Tier
from scoring.scale_rules import ScaleRules

FACTOR = 1000


@click.group()
def rules() -> None:
    """The rules behind the numbers, each with its article."""


rules.add_command(analyse)


@rules.command()
@click.argument("name")
@click.option("--at", type=DAY, help="With the numbers in force on that day, not today.")
@click.option("--json", "as_json", is_flag=True, help="What does not hold, as JSON.")
def check(*, name: str, at: datetime | None, as_json: bool) -> int:
    """Run the worked examples inside NAME: a programme, rules or a scale, or a TOML file of one's own.

    One line for each example that does not hold, or for the first mistake in the file.
    """
    wrong = failing(name, at=at.date() if at else date.today())  # noqa: DTZ011 - the day of whoever asks
    if as_json:
        print_json({"name": name, "wrong": wrong})
    else:
        for line in wrong or [f"{name}: every example holds"]:
            click.echo(line)
    return Exit.USAGE if wrong else Exit.DONE


@rules.command()
@click.argument("name", required=False)
@click.option("--at", type=DAY, help="On that day instead of today.")
@click.option("--json", "as_json", is_flag=True, help="The rules as JSON.")
@click.pass_obj
def show(settings: Path, *, name: str | None, at: datetime | None, as_json: bool) -> int:
    """Show the rules NAME in force on a day: a programme, rules such as fr-motor or be-1992, or a TOML file.

    Without NAME: the programme of the settings, or `customers` where there are none.
    """
    day = at.date() if at else date.today()  # noqa: DTZ011 - the day of whoever asks
    if name is None:
        from config.settings import load_settings  # noqa: PLC0415 - only here, and slow to load

        default = str(settings) == DEFAULT_FILE and not settings.exists()
        name = "customers" if default else load_settings(settings).programme
    if scale := find_scale(name):
        return show_scale(scale, as_json=as_json)
    own = name.endswith(".toml")
    is_programme = not is_rules(read_toml(Path(name))) if own else name in programme_names()
    programme = load_programme(name, at=day) if is_programme else None
    if programme is None and not own and name not in rule_names():
        known = ", ".join((*rule_names(), *scale_names()))
        raise ConfigError(f"there is no {name!r}; programmes: {', '.join(programme_names())}; rules: {known}")
    found = programme.rules if programme else load_rules(name, at=day)
    numbers = _rules(found) if isinstance(found, Rules) else _scale(found)
    rows = [*(_programme(programme) if programme else ()), *numbers]
    title = f"{programme.label if programme else found.name} on {day.isoformat()}"
    if as_json:
        print_json(
            {"name": title, "rules": [dict(zip(("rule", "value", "reference"), row, strict=True)) for row in rows]}
        )
    else:
        # A number of the programme's own stands there under the very name in the first column.
        short = [(rule, value, Texts("en").reference(said)) for rule, value, said in rows]
        console().print(table(title, ("rule", "value", "article or rule"), short))
    return Exit.DONE


def _rules(found: Rules) -> list[tuple[str, str, str]]:
    rows: list[tuple[str, str, str]] = []
    for use, factors in (("normal", found.normal), ("tournees", found.tournees)):
        rows += [
            (f"{use}.{name}", f"× {getattr(factors, name) / FACTOR:.3f}", found.reference(f"{use}.{name}"))
            for name in ("reduction", "full", "partial")
        ]
    rows += [
        (name, coefficient(getattr(found, name)), found.reference(name))
        for name in ("origin", "floor", "cap", "ceiling")
    ]
    names = (
        "ceiling_after", "protected_after", "lag_months", "first_min_months", "interruption_months", "correction_years",
        "statement_periods", "statement_days",
        "use", "truncation", "same_day", "excused", "protection", "floor_years", "interruption",
        "lapse_after", "carry_over", "extra_vehicle",
    )  # fmt: skip
    rows += [(name, _word(getattr(found, name)), found.reference(name)) for name in names]
    surcharges = found.surcharges
    percents = {"novice": surcharges.novice, "novice_accompanied": surcharges.novice_accompanied}
    percents |= {f"aggravated.{kind}": percent for kind, percent in surcharges.aggravated.items()}
    percents["aggravated_cap"] = surcharges.aggravated_cap
    rows += [
        (f"surcharges.{name}", f"{percent} %", found.reference(f"surcharges.{name}"))
        for name, percent in percents.items()
    ]
    return rows


def _scale(found: ScaleRules) -> list[tuple[str, str, str]]:
    levels = found.scale.levels
    rows = [("levels", f"{len(levels)} levels of {found.name}, newcomers on {levels[found.start].name}", found.source)]
    for number, level in enumerate(levels):
        clean, *claims = (levels[target].name for target in found.scale.moves[number])
        said = f"{coefficient(found.worth(number))}; claim-free → {clean}, with claims → {', '.join(claims)}"
        rows.append((f"level {level.name}", said, found.reference("moves")))
    if limit := found.scale.clean_limit:
        said = f"after {limit.years} claim-free years not above {levels[limit.level].name}"
        rows.append(("clean_limit", said, found.reference("clean_limit")))
    names = (
        "partial", "excused", "same_day", "lag_months", "first_min_months", "interruption_months", "correction_years",
        "statement_periods", "statement_days",
    )  # fmt: skip
    return rows + [(name, _word(getattr(found, name)), found.reference(name)) for name in names]


def _programme(found: Programme) -> list[tuple[str, str, str]]:
    rows = [
        (f"signal {name}", _switch(found, name, on=on), found.warnings.get(name) or found.reference(f"signals.{name}"))
        for name, on in found.signals.items()
    ]
    rows += [
        (
            f"points {name}",
            _award(award),
            found.reference(f"points.{name}"),
        )
        for name, award in found.points.items()
    ]
    rows += [
        (
            f"derived {made.name}",
            f"{made.at_least} × {made.counts} and {made.share_percent} % of {made.against}: {made.liability.value}",
            found.reference(f"derived.{made.name}"),
        )
        for made in found.derived
    ]
    rows += [
        (
            f"tier {tier.name}",
            _tier(tier),
            found.reference("tiers"),
        )
        for tier in found.tiers
    ]  # fmt: skip
    for name in ("expiry_months", "points_floor", "demotion", "grace_months", "fixed_review", "currency"):
        rows.append((name, _word(getattr(found, name)), found.reference(name)))
    for name in ("price_floor", "price_cap", "attention"):
        rows.append((name, coefficient(getattr(found, name)), found.reference(name)))
    return rows


def _switch(found: Programme, name: str, *, on: bool) -> str:
    article = found.excluded.get(name)
    counts = {"contract": found.contracts, "opening": found.openings}
    as_what = [f", counts as {word}" for word, names in counts.items() if name in names]
    return "".join(["on" if on else "off", *as_what, f", excluded by {article}" if article else ""])


def _tier(tier: Tier) -> str:
    """What it asks for, and what it gives."""
    asks = [f"coefficient ≤ {coefficient(tier.coefficient)}"] if tier.coefficient is not None else []
    asks += [f"points ≥ {tier.points}"] if tier.points is not None else []
    return ", ".join([*asks, f"{tier.discount}\u00a0%"]) if asks else "everyone else"


def _award(award: Award) -> str:
    said = [f"{award.points:+d}"]
    if award.cap is not None:
        said.append(f"at most {award.cap} a period")
    if award.repeat == "once":
        said.append("once")
    if award.expiry_months is not None:
        said.append(f"for {award.expiry_months} months")
    if award.fading == "linear":
        said.append("fading")
    return ", ".join(said)


def _word(value: Any) -> str:
    return "none" if value is None else str(value)
