"""`bonus-malus explain`: how one number came to be, line by line."""

from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.text import Text

from cli.card import card
from cli.day import DAY
from cli.exits import Exit
from cli.offline import compose_offline, find
from cli.screen import console, print_json, table
from config.locale import Texts
from config.rulefile import load_programme
from config.settings import Settings
from scoring.explain import from_json, to_json
from scoring.standing import Standing
from sync.ledger import Ledger, database, history
from sync.ledger.history import SubjectRow
from sync.money import rates_for
from sync.standings import recalled, standings_of
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

    Without --as-of: what is shown on the record now, as it was computed then.
    """
    if restated and as_of is None:
        raise click.UsageError("--restated needs --as-of DATE: the day to look at with today's knowledge")
    settings, ledger = compose_offline(path)
    with closing(ledger):
        with ledger.begin() as tx:
            found = find(tx, settings.programme_name, subject)
        if as_of is None:
            shown, recorded = _now(ledger, settings, found)
        else:
            shown, recorded = _then(ledger, settings, found, as_of.date(), restated=restated), None
    texts = Texts(language or found.language)
    if as_json:
        print_json({"records": found.records, **to_json(shown)})
    else:
        _show(found, shown, texts, recorded)
    return Exit.DONE


def _now(ledger: Ledger, settings: Settings, found: SubjectRow) -> tuple[Standing, datetime]:
    """The present standing, as it was made, and when."""
    row = found.standing
    if row is None:
        raise click.UsageError(f"{found.records[0]} has no standing yet: run bonus-malus sync")
    with ledger.begin() as tx:
        known = recalled(tx, [row], lambda day: load_programme(settings.programme, at=day))
    if row.id not in known:
        raise click.UsageError(f"it was made under {row.rules}, and the rules are others now: run bonus-malus sync")
    return from_json(known[row.id]), row.recorded


def _then(ledger: Ledger, settings: Settings, found: SubjectRow, day: date, *, restated: bool) -> Standing:
    programme = load_programme(settings.programme, at=day)
    with ledger.begin() as tx:
        zone = settings.time_zone or ZoneInfo(history.time_zone(tx, settings.programme_name))
        end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC) - timedelta(microseconds=1)
        known_at = None if restated else end
        rates = rates_for(tx, database.programme(tx, settings.programme_name).id, programme, known_at=known_at)
        found_then = standings_of(tx, [found.subject], programme, day, known_at=known_at, rates=rates)
    return found_then[found.subject]


def _show(found: SubjectRow, shown: Standing, texts: Texts, recorded: datetime | None) -> None:
    out = console()
    computed = recorded or datetime.combine(shown.day, time(), UTC)
    values = values_of(shown, texts, rules=shown.rules, computed_at=computed)
    if recorded is None:
        values["computed_at"] = None
    out.print(card(" = ".join(found.records), values, texts))
    out.print()
    rows = [(Text(texts.line(line)), Text(line.reference)) for line in shown.lines]
    made = table(texts.screen("explanation", day=shown.day), ("", texts.screen("reference")), ())
    for text, reference in rows:
        made.add_row(text, reference)
    out.print(made)
