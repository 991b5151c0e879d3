"""`bonus-malus erase` and `purge`: one person's data at their wish, everybody's when its time is over."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cli.asking import agreed
from cli.compose import clock, openings
from cli.exits import Exit
from cli.offline import compose_offline, find, in_full, refuse_unknown
from cli.screen import command, console, counted, print_json, table
from config.reading import ConfigError, choice
from config.rulefile import load_programme
from config.settings import Settings
from connectors.replacing import replace_file
from scoring.rules import Programme
from sync.carry import lines_of
from sync.erase import erase as take_out
from sync.erase import without
from sync.ledger import Ledger, history, zones
from sync.purge import Purged, Retention
from sync.purge import purge as take_away
from sync.withheld import readmit as let_in


@click.command()
@click.argument("subject")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False, writable=True),
    help="A report kept with `sync --report`, to be cleaned too; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="How much went, as JSON.")
@click.pass_obj
def erase(path: Path, *, subject: str, yes: bool, reports: tuple[Path, ...], as_json: bool) -> int:
    """Take everything about SUBJECT out of the ledger, for good; that it was done is kept, about whom is not.

    A record that is still in a CRM is not entered again until `bonus-malus readmit` lets it in; delete it there as
    well, because what was written on it stays. Backups and exports are copies that this program does not know of:
    delete them, or let them expire. Another programme that shares the ledger is told, and to be erased from under its
    own settings. A line of the settings' file of openings that names the person is told, and yours
    to delete.
    """
    settings, ledger = compose_offline(path)
    now = clock(settings).now
    with closing(ledger):
        with ledger.begin() as tx:
            found = find(tx, settings.programme_name, subject)
            programme = load_programme(settings.programme, at=now().date())
            lines = lines_of(tx, found.subject, openings(settings, programme))
        records = [each.partition(":")[2] for each in found.records]
        cleaned = {report: without(_read(report), records) for report in reports}
        if not yes and not agreed(f"erase {' = '.join(found.records)} from the ledger, for good?"):
            click.echo("nothing was erased", err=as_json)
            return Exit.ASKED
        # First of all: whoever is out of the ledger cannot be named a second time.
        for report, said in cleaned.items():
            replace_file(report, json.dumps(said, ensure_ascii=False, indent=2), private=False)
        erased = take_out(ledger, settings.programme_name, found.subject, now, meant=found.records)
    if as_json:
        print_json(
            {"rows": erased.rows, "living": erased.living, "openings": lines, "programmes": list(erased.elsewhere)}
        )
        return Exit.DONE
    out = console()
    rows = ", ".join(f"{count} {name}" for name, count in erased.rows.items())
    out.print(f"erased: {rows}", markup=False)
    if erased.living:
        out.print(
            f"{erased.living} of the records were still in a CRM when last read: delete them there as well; "
            "no sync enters them again, but what was written on them stays"
        )
    for name in erased.elsewhere:
        out.print(f"the programme {name} of this ledger knows this person too: erase there as well", markup=False)
    for line in lines:
        out.print(f"{settings.openings}:{line} names this person still: delete it there as well", markup=False)
    return Exit.DONE


@click.command()
@click.argument("record")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="How many records are let in again, as JSON.")
@click.pass_obj
def readmit(path: Path, *, record: str, yes: bool, as_json: bool) -> int:
    """Let a person who was erased be read again as a new customer, by the id of any of their records then.

    RECORD is an id or connection:id. They come back with the next sync that reads their records: `sync --full`.
    """
    settings, ledger = compose_offline(path)
    now = clock(settings).now
    with closing(ledger):
        with ledger.reading() as tx:
            refuse_unknown(tx, settings.programme_name)
        if not yes and not agreed(f"let {record} be scored again, as a new customer?"):
            click.echo("nobody was let in", err=as_json)
            return Exit.ASKED
        count = let_in(ledger, settings.programme_name, record, now)
        count = count or let_in(ledger, settings.programme_name, in_full(record), now)
    if not count:
        raise click.UsageError(f"nobody was erased here who had the record {record}")
    if as_json:
        print_json({"records": count})
    else:
        again = counted(count, "record may", "records may")
        console().print(f"{again} be entered again; next: {command(path, 'sync --full')}", markup=False)
    return Exit.DONE


def _read(report: Path) -> Any:
    try:
        return json.loads(report.read_text("utf-8"))
    except ValueError as error:
        raise click.UsageError(f"--report {report}: this is no report of a sync; nothing was erased") from error


@click.command()
@click.option("--json", "as_json", is_flag=True, help="What went, as JSON.")
@click.pass_obj
def purge(path: Path, *, as_json: bool) -> int:
    """Delete what the settings' retention no longer covers and no number rests on any more."""
    settings, ledger = compose_offline(path)
    with closing(ledger):
        with ledger.reading() as tx:
            refuse_unknown(tx, settings.programme_name)
        purged = perform_purge(settings, ledger, clock(settings).now)
    if as_json:
        print_json(purged.to_json())
        return Exit.DONE
    names = sorted(purged.deleted | purged.kept)
    rows = [(name, purged.deleted[name], purged.kept[name]) for name in names]
    if rows:
        console().print(table("", ("signal", "deleted", "older, but still counting"), rows))
    else:
        console().print("nothing is older than the settings allow")
    return Exit.DONE


def perform_purge(settings: Settings, ledger: Ledger, now: Callable[[], datetime]) -> Purged:
    """One purge under these settings.

    Raises:
        ConfigError: retention names a signal that nobody knows: what should go would stay, without a word.
    """
    programme = settings.programme_name
    with ledger.begin() as tx:
        zone = settings.time_zone or zones.of(tx, programme).present
        day = now().astimezone(zone).date()
        known = load_programme(settings.programme, at=day).signals
        for name in settings.retention.signals.keys() - known.keys():
            if not history.has_signal(tx, name):  # of a programme that was, there may be some left
                where = f"{settings.file}: retention.signals.{name}"
                raise ConfigError(f"{where}: there is no such signal; {choice(name, known)}")
    retention = Retention(settings.retention.signals, settings.retention.runs)

    def programme_at(when: date) -> Programme:
        return load_programme(settings.programme, at=when)

    return take_away(ledger, programme_at, retention, programme=programme, now=now, day=day)
