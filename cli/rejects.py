"""`bonus-malus rejects`: the records that the CRM refuses at present."""

from contextlib import closing
from pathlib import Path

import click

from cli.exits import Exit
from cli.offline import compose_offline, refuse_unknown
from cli.screen import console, counted, print_json, table
from sync import rejects as refused
from sync.catalogue import cure
from sync.rejects import Reject


@click.command()
@click.option("--json", "as_json", is_flag=True, help="All of them as JSON.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="How many to show, the longest refused first.",
)
@click.pass_obj
def rejects(path: Path, *, as_json: bool, limit: int) -> int:
    """List the records whose last update was refused: why, what cures it, since when, and when it is tried again.

    A record that is refused again and again is parked, and tried again when its standing or the record changes, or with
    `bonus-malus sync --full`.
    """
    settings, ledger = compose_offline(path)
    with closing(ledger), ledger.reading() as tx:
        refuse_unknown(tx, settings.programme_name)
        found = refused.listed(tx, settings.programme_name)
    if as_json:
        print_json([_row(each) for each in found])
        return Exit.REJECTS if found else Exit.DONE
    out = console()
    if not found:
        out.print("nothing is refused")
        return Exit.DONE
    columns = ("record", "code", "cure", "since", "tries", "again")
    rows = [tuple(_row(each)[name] for name in columns) for each in found[:limit]]
    out.print(table(counted(len(found), "record is refused", "records are refused"), columns, rows, right=("tries",)))
    return Exit.REJECTS


def _row(each: Reject) -> dict[str, object]:
    return {
        "record": each.record,
        "outcome": each.outcome,
        "code": each.code,
        "reason": each.reason,
        "cure": cure(each.code) or each.reason,
        "since": f"{each.first:%Y-%m-%d %H:%M}",
        "tries": each.tries,
        "again": "parked" if each.again is None else f"{each.again:%Y-%m-%d %H:%M}",
    }
