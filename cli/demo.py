"""`bonus-malus demo`: the main job on this machine, end to end, without credentials."""

import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from cli import sync as syncing
from cli.card import card
from cli.compose import Composition, compose
from cli.exits import Exit
from cli.fields import changes
from cli.offline import compose_offline
from cli.sandbox import SETTINGS
from cli.screen import console
from cli.story import Known, Story, happen, plan
from config.locale import Texts
from config.rulefile import load_programme
from sandbox.remote import Remote
from sync.ledger import history
from sync.report import Report
from sync.standings import on_records

FOLDER = "bonus-malus-demo"
SOME = 3  # records that end a demo without a story


@click.command()
@click.option("--customers", type=click.IntRange(1), default=2000, show_default=True, help="How large the company is.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same company, same numbers.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=FOLDER,
    show_default=True,
    help="Where the ledger goes; made anew.",
)
def demo(*, customers: int, seed: int, folder: Path) -> int:
    """Both CRMs on this machine: fields, first sync, three weeks pass, second sync, three records."""
    # Imported here: the web server is nothing that the other commands should wait for.
    from sandbox.app import World, create_app  # noqa: PLC0415 - see above
    from sandbox.company import Company, populate  # noqa: PLC0415 - see above
    from sandbox.server import Server  # noqa: PLC0415 - see above

    out = console()
    _clear(folder)
    world = World()
    populate(world, Company(seed=seed, customers=customers))
    with Server(create_app(world)) as server, closing(Remote(server.url)) as remote:
        out.print(
            f"[bold]1[/bold]  A Salesforce org and a HubSpot portal of {customers} customers answer at {server.url}"
        )
        settings = folder / "bonus-malus.toml"
        settings.write_text(SETTINGS.format(ledger="bonus-malus.db", url=server.url), "utf-8")
        composition = compose(settings)
        out.print("\n[bold]2[/bold]  bonus-malus fields apply")
        for name, found in changes(composition, apply=True).items():
            out.print(f"   {name}: {len(found)} fields ready, such as {found[0].api_name}")
        out.print("\n[bold]3[/bold]  bonus-malus sync: the first one reads everything")
        first = syncing.perform(composition)
        syncing.show(first, settings)
        known = _known(settings)
        reports = [first]
        try:
            story = plan(known, remote.now().date())
        except LookupError as error:
            out.print(f"\n[bold]4[/bold]  {str(error).capitalize()}. Some of them, as a rep sees them on the record")
            shown = [f"{name}:{row[0]}" for name, rows in known.items() for row in rows][:SOME]
        else:
            reports += _told(story, remote, composition, settings)
            out.print("\n[bold]6[/bold]  Three of them, as a rep sees them on the record")
            shown = [each.record for each in story.chapters if each.shown]
        _records(settings, composition, shown)
    out.print(f"\nThe ledger is kept in {folder}. Next:")
    program = "bonus-malus" if shutil.which("bonus-malus") else os.path.relpath(sys.argv[0])
    if shown:
        out.print(f"   {program} --settings {settings} explain {shown[0]}", soft_wrap=True)
    out.print(f"   {program} --settings {settings} runs")
    out.print(f'   {program} calc --history ",,F,"')
    out.print(f"   {program} sandbox        (both CRMs in a browser)")
    return next((code for each in reports if (code := syncing.exit_code(each))), Exit.DONE)


def _told(story: Story, remote: Remote, composition: Composition, settings: Path) -> list[Report]:
    """The three weeks, and the two syncs after them."""
    out = console()
    out.print(f"\n[bold]4[/bold]  Time passes: it is {story.until.isoformat()} now")
    for chapter in story.chapters:
        out.print(f"   {chapter.text}")
    happen(remote, story)
    out.print("\n[bold]5[/bold]  bonus-malus sync: only those who moved are written, and why")
    second = syncing.perform(composition)
    syncing.show(second, settings)
    remote.sleep(3600)
    third = syncing.perform(composition)
    out.print(f"\n   and an hour later: {third.written} records written, {_calls(third)} calls for both CRMs")
    return [second, third]


def _clear(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / "bonus-malus.toml").is_file():
        raise click.UsageError(f"{folder} holds something else than a demo; name another --folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _known(settings: Path) -> Known:
    loaded, ledger = compose_offline(settings)
    with closing(ledger), ledger.begin() as tx:
        return {
            name: on_records(tx, loaded.programme_name, name, lambda day: load_programme(loaded.programme, at=day))
            for name in ("salesforce", "hubspot")
        }


def _calls(report: Report) -> int:
    return sum(each.calls for each in report.connections.values())


def _records(settings: Path, composition: Composition, records: Sequence[str]) -> None:
    out = console()
    loaded, ledger = compose_offline(settings)
    with closing(ledger), ledger.begin() as tx:
        for name in records:
            crm, _, record = name.partition(":")
            values = next(row[2] for row in history.shown(tx, loaded.programme_name, crm) if row[0] == record)
            language = history.subject(tx, loaded.programme_name, name)[0].language
            out.print(card(name, values, Texts(composition.settings.language or language)))
