"""`bonus-malus uninstall`: leave the CRMs as they were; the ledger stays unless it is asked for."""

from pathlib import Path

import click

from cli.asking import agreed
from cli.compose import compose
from cli.exits import Exit
from cli.removal import remove
from cli.screen import console


@click.command()
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="Where the values are saved first, one CSV file a CRM.",
)
@click.option(
    "--ledger", "with_ledger", is_flag=True, help="Delete the ledger file as well: the history goes for good."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def uninstall(settings: Path, *, folder: Path, with_ledger: bool, yes: bool) -> int:
    """Remove fields, permission sets and property group from the CRMs, after saving the values.

    The ledger, with everybody's history and decisions, is kept unless --ledger is given. Scheduled jobs, and the
    components on record pages, are taken away by hand: docs/uninstall.md says how.
    """
    composition = compose(settings)
    file = composition.settings.file.parent / composition.settings.ledger
    local = "://" not in composition.settings.ledger
    if with_ledger and not local:
        raise click.UsageError("the ledger is on a database server: drop it there, and say uninstall without --ledger")
    code = remove(composition, folder, yes=yes)
    out = console()
    if code is not Exit.DONE or not with_ledger:
        out.print(f"the ledger is kept: {file if local else 'on its database server'}", markup=False)
        return code
    if yes or agreed(f"Delete {file} for good?"):
        for each in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
            each.unlink(missing_ok=True)
        out.print(f"{file} is deleted", markup=False)
    return code
