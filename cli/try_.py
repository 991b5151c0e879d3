"""`bonus-malus try`: what would come out of your own data, from exported CSV files, without a key."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli import sync as syncing
from cli.compose import compose
from cli.exports import CONTACT, Export, read_exports, refused, write_for_sandbox
from cli.fields import changes
from cli.offline import compose_offline
from cli.screen import console, print_json, table
from sync.ledger import history
from sync.report import Report

if TYPE_CHECKING:
    from sandbox.app import World

SETTINGS = (
    'programme = "{programme}"\nledger = "try.db"\nsandbox = "{url}"\nhistory_years = {years}\nfirst_fill = "go"\n'
)
SHOWN = 10
LAG = timedelta(hours=1)  # from the records to the sync: the search index lags, and windows end before now


@click.command("try")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--programme", default="customers", show_default=True, help="The programme, or a .toml file of your own.")
@click.option(
    "--years", type=click.IntRange(1, 30), default=3, show_default=True, help="How many years back signals count."
)
@click.option("--day-first/--month-first", default=None, help="How 03/12/2026 is read, where the files do not show it.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
def try_(*, folder: Path, programme: str, years: int, day_first: bool | None, as_json: bool) -> int:
    """Score the CSV files in FOLDER as a sync would: Salesforce reports and HubSpot exports, headings in English.

    Each file needs the record's own id among its columns, and activities the id of their contact. Nothing leaves this
    machine, and nothing is kept.
    """
    # Imported here: the web server is nothing that the other commands should wait for.
    from sandbox.app import World, create_app  # noqa: PLC0415 - see above
    from sandbox.clock import Clock  # noqa: PLC0415 - see above
    from sandbox.load import load_folder  # noqa: PLC0415 - see above
    from sandbox.server import Server  # noqa: PLC0415 - see above

    exports = read_exports(folder, day_first=day_first)
    crms = sorted({each.crm for each in exports})
    for crm in crms:
        if not any((each.crm, each.object) == (crm, CONTACT[crm]) for each in exports):
            raise click.UsageError(f"{folder}: there is no export of {crm} contacts; who should be scored?")
    world = World(Clock(datetime.now(UTC) - LAG))
    _invent_no_numbers(world)
    with tempfile.TemporaryDirectory(prefix="bonus-malus-try-") as name:
        home = Path(name)
        places = write_for_sandbox(exports, home)
        loaded = load_folder(world, home)
        with Server(create_app(world)) as server:
            settings = home / "bonus-malus.toml"
            own = str(Path(programme).resolve()) if programme.endswith(".toml") else programme
            text = SETTINGS.format(programme=own, url=server.url, years=years)
            settings.write_text(text + "".join(f"\n[connections.{crm}]\n" for crm in crms), "utf-8")
            changes(compose(settings), apply=True)
            world.clock.advance(LAG)
            report = syncing.perform(compose(settings), quiet=True)
            people, problems = _outcome(settings, crms, report.run)
    rejects = [*refused(exports, loaded.rejects, places), *problems]
    if as_json:
        print_json(
            {"files": [_file(each) for each in exports], "refused": rejects, "people": people} | report.to_json()
        )
    else:
        _show(exports, rejects, report, people)
    return syncing.exit_code(report)


def _invent_no_numbers(world: "World") -> None:
    """Records are called by the numbers of the export, or by none: one made here would be somebody else's there."""
    for sobject in world.org.schema.objects.values():
        for found in [each for each in sobject.fields.values() if each.auto_number]:
            sobject.add(replace(found, auto_number=None))


def _outcome(settings: Path, crms: list[str], run: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Everybody's standing, and a line for each record that was read and could not be used."""
    loaded, ledger = compose_offline(settings)
    with closing(ledger), ledger.begin() as tx:
        people = [
            {"record": f"{crm}:{row[0]}", **row[2]}
            for crm in crms
            for row in history.shown(tx, loaded.programme_name, crm)
        ]
        found = history.problems(tx, run)
    return people, [f"{each['object']} {each['record']}: {each['what']}; {each['cure']}" for each in found]


def _file(export: Export) -> dict[str, Any]:
    return {
        "file": export.file.name,
        "crm": export.crm,
        "object": export.object,
        "rows": len(export.rows),
        "left_out": list(export.left_out),
    }


def _show(exports: list[Export], rejects: list[str], report: Report, people: list[dict[str, Any]]) -> None:
    out = console()
    rows = [(e.file.name, e.crm, e.object, len(e.rows), ", ".join(e.left_out) or "–") for e in exports]
    out.print(table("understood", ("file", "crm", "object", "rows", "columns left out"), rows, right=("rows",)))
    if rejects:
        out.print(f"\n{len(rejects)} rows could not be taken, such as:")
        for each in rejects[:5]:
            out.print(f"  {each}", markup=False)
    tiers: Counter[str] = Counter(person.get("tier") or "–" for person in people)
    verdicts: Counter[str] = Counter()
    for connection in report.connections.values():
        for counted in connection.objects.values():
            verdicts.update(counted.verdicts)
    out.print("\n[bold]records[/bold]  " + ", ".join(f"{count} {word}" for word, count in verdicts.most_common()))
    bands = Counter(_band(person) for person in people)
    out.print(table("\ncoefficients today", ("coefficient", "contacts", ""), _bars(bands), right=("contacts",)))
    out.print(table("\ntiers", ("tier", "contacts", ""), _bars(tiers), right=("contacts",)))
    names = {key: name for each in exports for key, name in _names(each)}
    worst = sorted(people, key=lambda person: -float(person.get("expected") or 1))[:SHOWN]
    lines = [
        (
            names.get(_short(p["record"]), p["record"]),
            _two(p.get("coefficient")),
            _two(p.get("expected")),
            p.get("tier"),
            p.get("reasons") or "",
        )
        for p in worst
        if float(p.get("expected") or 1) > 1
    ]
    if lines:
        out.print(table("\nhighest expected at the next review", ("who", "now", "expected", "tier", "why"), lines))
    out.print(f"\n{len(people)} contacts scored with {report.rules}; nothing was sent anywhere, nothing is kept")
    out.print("next: bonus-malus init")


def _names(export: Export) -> Iterator[tuple[str, str]]:
    """Who a record is, for the person whose files these are."""
    for row in export.rows:
        own, *words = (row.get(name, "") for name in _SAID[export.crm])
        if export.object == CONTACT[export.crm] and any(words):
            yield _short(f"{export.crm}:{own}"), " ".join(filter(None, words)) + f" ({export.crm})"


def _short(record: str) -> str:
    """A Salesforce id may have 15 or 18 characters; the last three say nothing new."""
    crm, _, id_ = record.partition(":")
    return f"{crm}:{id_[:15]}" if crm == "salesforce" else record


def _two(value: str | None) -> str:
    return f"{float(value or 1):.2f}"


def _band(person: dict[str, Any]) -> str:
    value = float(person.get("coefficient") or 1)
    return next((name for name, up_to in _BANDS if value <= up_to), "above 1.50")


def _bars(counts: Counter[str]) -> list[tuple[str, int, str]]:
    most = max(counts.values(), default=1)
    order = [name for name, _ in _BANDS] + ["above 1.50"]
    names = sorted(counts, key=lambda name: (order.index(name) if name in order else 0, -counts[name], name))
    return [(name, counts[name], "█" * max(1, round(30 * counts[name] / most))) for name in names]


_SAID = {"salesforce": ("Id", "FirstName", "LastName"), "hubspot": ("id", "firstname", "lastname")}
_BANDS = (("0.50 to 0.75", 0.75), ("0.76 to 0.99", 0.99), ("1.00", 1.0), ("1.01 to 1.50", 1.5))
