"""`bonus-malus statement`: what a customer may be handed, as the relevé d'informations of art. 12 is."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.text import Text

from cli.card import field_label
from cli.day import DAY
from cli.exits import Exit
from cli.screen import console, print_json, table
from cli.shown import drawn_up, standing_of
from config.locale import Texts
from config.rulefile import load_programme
from config.settings import load_settings
from scoring.explain import to_json
from scoring.line import Code, Line
from scoring.releve import AnnualPeriod, Releve, releve
from scoring.standing import Standing

DECIDED = (
    Code.CONTESTED, Code.CONTEST_ACCEPTED, Code.CONTEST_REJECTED, Code.CONTEST_LATE, Code.CONTEST_UNKNOWN,
    Code.CONTEST_AHEAD,
    Code.COEFFICIENT_ADJUSTED, Code.POINTS_ADJUSTED, Code.FROZEN,
)  # fmt: skip


class Section(NamedTuple):
    """A heading and rows of cells, the same number in each; `columns` head them where there are several."""

    heading: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@click.command()
@click.argument("subject")
@click.option("--as-of", type=DAY, help="As known at the end of that day.")
@click.option("--language", type=click.Choice(["en", "fr"]), help="Instead of the record's own.")
@click.option("--name", default="", help="The customer's name, to stand on it; it is kept nowhere.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page to print or to send.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.pass_obj
def statement(
    path: Path,
    *,
    subject: str,
    as_of: datetime | None,
    language: str | None,
    name: str,
    html: Path | None,
    as_json: bool,
) -> int:
    """Draw up a statement for SUBJECT: coefficient, annual periods, incidents, and how to contest them.

    SUBJECT is a record id, connection:id, or an e-mail address. What stands in it is what was shown at the end of the
    last complete sync, or of that day.
    """
    found, shown, _, remarks = drawn_up(path, subject) if as_of is None else standing_of(path, subject, as_of)
    programme = load_programme(load_settings(path).programme, at=shown.day)
    drawn = releve(shown, programme.rules)
    texts = Texts(language or found.language)
    for remark, last in remarks.items():
        click.echo(texts.screen(remark, day=shown.day, last=last), err=True)
    if as_json:
        print_json({"records": found.records, **_as_json(drawn), "standing": to_json(shown)})
        return Exit.DONE
    title = texts.screen("statement", day=drawn.drawn_up)
    whose = " · ".join(filter(None, (name, " = ".join(found.records), shown.rules)))
    sections = _sections(drawn, shown, texts)
    if html is not None:
        html.write_text(_page(title, whose, sections, texts), "utf-8")
        console().print(texts.screen("labelled", label=title, value=html), markup=False)
        return Exit.DONE
    out = console()
    out.print(Text(title, style="bold"))
    out.print(Text(whose, style="dim"))
    for heading, columns, rows in sections:
        out.print()
        made = table(heading, columns, ())
        made.show_header = any(columns)
        for row in rows:
            made.add_row(*map(Text, row))
        out.print(made)
    out.print()
    out.print(texts.screen("statement_rights"), markup=False)
    return Exit.DONE


def _sections(drawn: Releve, shown: Standing, texts: Texts) -> list[Section]:
    said = texts.screen
    position = [(field_label(texts, "coefficient"), _coefficient(drawn, texts))]
    if drawn.running:
        position.append((field_label(texts, "expected"), texts.coefficient(shown.expected)))
    position += [
        (field_label(texts, "tier"), texts.tier(shown.tier)),
        (field_label(texts, "points"), str(shown.points)),
    ]
    for name, day in (("next_review", shown.next_review), ("changed_on", shown.changed_on)):
        if day is not None:
            position.append((field_label(texts, name), texts.date(day)))
    if drawn.years_at_floor:
        position.append((said("statement_floor"), str(drawn.years_at_floor)))
    found = [Section(said("statement_position"), ("", ""), position)]
    columns = tuple(said(f"statement_{name}") for name in ("period", "review", "coefficient", "incidents"))
    if drawn.periods:
        rows = [_period(each, texts) for each in reversed(drawn.periods)]
        found.append(Section(said("statement_periods"), columns, rows))
    if drawn.running:
        since = [_period(each, texts) for each in (drawn.running, drawn.begun) if each]
        found.append(Section(said("statement_since"), columns, since))
    if decided := [(texts.line(line),) for line in shown.lines if line.code in DECIDED]:
        found.append(Section(said("statement_decided"), ("",), decided))
    return found


def _coefficient(drawn: Releve, texts: Texts) -> str:
    """With the review that gave it; what a person set since then stands among the decisions."""
    if drawn.applied is None or drawn.periods[-1].coefficient != drawn.coefficient:
        return texts.coefficient(drawn.coefficient)
    return texts.screen("statement_applied", coefficient=drawn.coefficient, on=drawn.applied)


def _period(each: AnnualPeriod, texts: Texts) -> tuple[str, ...]:
    period = each.period
    incidents = "\n".join(_incident(line, texts) for line in each.incidents)
    return (
        texts.screen("statement_from_to", start=period.start, end=period.end),
        texts.date(period.review),
        "–" if each.coefficient is None else texts.coefficient(each.coefficient),
        incidents or texts.screen("statement_clean"),
    )


def _incident(line: Line, texts: Texts) -> str:
    """One incident: what, when, and the customer's share of fault, where it is one that counts."""
    said = texts.line(line)
    liability = line.values.get("liability")
    return f"{said} ({texts.screen(f'statement_{liability}')})" if liability in ("full", "partial") else said


def _as_json(drawn: Releve) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    def period(each: AnnualPeriod) -> dict[str, Any]:
        incidents = [
            {"what": str(line.code), **{name: plain(value) for name, value in line.values.items()}}
            for line in each.incidents
        ]
        days = {name: plain(getattr(each.period, name)) for name in ("start", "end", "review")}
        return {**days, "coefficient": each.coefficient, "incidents": incidents}

    return {
        "drawn_up": plain(drawn.drawn_up),
        "coefficient": drawn.coefficient,
        "applied": plain(drawn.applied),
        "years_at_floor": drawn.years_at_floor,
        "periods": [period(each) for each in drawn.periods],
        "running": period(drawn.running) if drawn.running else None,
        "begun": period(drawn.begun) if drawn.begun else None,
    }


def _page(title: str, whose: str, sections: list[Section], texts: Texts) -> str:
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True)
    return templates.get_template("statement.html.j2").render(
        title=title, whose=whose, sections=sections, language=texts.language, rights=texts.screen("statement_rights")
    )
