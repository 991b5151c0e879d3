"""`bonus-malus explain`: how one number came to be, line by line."""

from datetime import UTC, datetime, time
from pathlib import Path

import click
from rich.text import Text

from cli.card import card
from cli.day import DAY
from cli.exits import Exit
from cli.screen import console, print_json, table
from cli.shown import standing_of
from config.locale import Texts
from scoring.explain import to_json
from scoring.standing import Standing
from sync.ledger.history import SubjectRow
from sync.values import values_of


@click.command()
@click.argument("subject")
@click.option("--as-of", type=DAY, help="As known at the end of that day.")
@click.option("--restated", is_flag=True, help="That day with what is known today.")
@click.option("--language", type=click.Choice(["en", "fr"]), help="Instead of the record's own.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.pass_obj
def explain(
    path: Path, *, subject: str, as_of: datetime | None, restated: bool, language: str | None, as_json: bool
) -> int:
    """Explain the standing of SUBJECT: a record id, connection:id, or an e-mail address.

    Without --as-of: what is shown on the record now, as it was computed then. Where a record shows something else
    still, as on hold after an undo, that is said.
    """
    if restated and as_of is None:
        raise click.UsageError("--restated needs --as-of DATE: the day to look at with today's knowledge")
    found, shown, recorded, remarks = standing_of(path, subject, as_of, restated=restated)
    texts = Texts(language or found.language)
    for remark, last in remarks.items():
        click.echo(texts.screen(remark, day=shown.day, last=last), err=True)
    if as_json:
        print_json({"records": found.records, **to_json(shown)})
    else:
        _show(found, shown, texts, recorded)
    return Exit.DONE


def _show(found: SubjectRow, shown: Standing, texts: Texts, recorded: datetime | None) -> None:
    out = console()
    computed = recorded or datetime.combine(shown.day, time(), UTC)
    values = values_of(shown, texts, rules=shown.rules, computed_at=computed)
    if recorded is None:
        values["computed_at"] = None
    out.print(card(" = ".join(found.records), values, texts))
    out.print()
    rows = [(Text(texts.line(line)), Text(texts.reference(line.reference))) for line in shown.lines]
    made = table(texts.screen("explanation", day=shown.day), ("", texts.screen("reference")), ())
    for text, reference in rows:
        made.add_row(text, reference)
    out.print(made)
