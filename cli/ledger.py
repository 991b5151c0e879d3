"""`bonus-malus ledger`: is it right, and copies of it."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.exits import Exit
from cli.offline import compose_offline, refuse_unknown
from cli.screen import console, print_json
from config.rulefile import load_programme
from sync.ledger import database
from sync.ledger.backup import backup as back_up
from sync.transfer import transfer
from sync.verify import verify as check

PLACE = click.Path(path_type=Path)


@click.group()
def ledger() -> None:
    """Verify the ledger, export its signals, back it up, move it."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="All of it as JSON.")
@click.pass_obj
def verify(path: Path, *, as_json: bool) -> int:
    """Recompute every stored standing from what was known then; one line for each difference."""
    settings, opened = compose_offline(path)
    with closing(opened):
        with opened.reading() as tx:
            refuse_unknown(tx, settings.programme_name)
        found = check(opened, settings.programme_name, lambda day: load_programme(settings.programme, at=day))
    if as_json:
        print_json(
            {
                "standings": found.standings,
                "unknown_rules": found.unknown_rules,
                "differences": found.differences,
            }
        )
    else:
        out = console()
        for line in found.differences:
            out.print(line, markup=False)
        skipped = f", {found.unknown_rules} of them under rules that are not at hand" if found.unknown_rules else ""
        out.print(f"{found.standings} standings{skipped}; {len(found.differences) or 'no'} differences")
    return Exit.DEFECT if found.differences else Exit.DONE


@ledger.command()
@click.argument("folder", type=PLACE)
@click.option("--json", "as_json", is_flag=True, help="How many, and where, as JSON.")
@click.pass_obj
def export(path: Path, *, folder: Path, as_json: bool) -> int:
    """Write every signal in force to Parquet files in FOLDER, each subject whole in one part."""
    try:
        from sync.ledger.export import export as write  # noqa: PLC0415 - pyarrow is an extra
    except ImportError as error:
        raise click.UsageError(f"{error.name} is missing: pip install 'bonus-malus[engine]'") from error
    settings, opened = compose_offline(path)
    with closing(opened):
        with opened.begin() as tx:
            refuse_unknown(tx, settings.programme_name)
            programme = database.programme(tx, settings.programme_name)
        count = write(opened, programme.id, folder)
    if as_json:
        print_json({"signals": count, "folder": folder})
    else:
        console().print(f"{count} signals in {folder}", markup=False)
    return Exit.DONE


@ledger.command()
@click.argument("file", type=PLACE)
@click.option("--json", "as_json", is_flag=True, help="How many bytes, and where, as JSON.")
@click.pass_obj
def backup(path: Path, *, file: Path, as_json: bool) -> int:
    """Copy the ledger to FILE, whole and consistent, while syncs go on."""
    _, opened = compose_offline(path)
    with closing(opened):
        size = back_up(opened, file)
    if as_json:
        print_json({"bytes": size, "file": file})
    else:
        console().print(f"{size} bytes in {file}", markup=False)
    return Exit.DONE


@ledger.command()
@click.argument("place")
@click.option("--json", "as_json", is_flag=True, help="How many rows, and where, as JSON.")
@click.pass_obj
def copy(path: Path, *, place: str, as_json: bool) -> int:
    """Copy the ledger into another database, such as from a file into PostgreSQL.

    PLACE is an empty database, postgresql://USER@HOST/NAME, or a new file beside the settings, as the settings would
    name it. Stop the service before; afterwards name PLACE in the settings.
    """
    _, opened = compose_offline(path)
    with closing(opened):
        shown, rows = transfer(opened, place, datetime.now(UTC), beside=path.parent)
    if as_json:
        print_json({"rows": rows, "place": shown})
    else:
        out = console()
        out.print(f"{rows} rows in {shown}", markup=False)
        out.print(f'now write it into the settings: ledger = "{shown}"', markup=False)
    return Exit.DONE
