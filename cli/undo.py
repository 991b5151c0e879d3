"""`bonus-malus undo` and `resume`: put back what a run wrote, and go on when its cause is gone."""

from contextlib import closing
from pathlib import Path

import click

from cli.compose import clock, compose
from cli.exits import Exit
from cli.number import NUMBER
from cli.offline import compose_offline, refuse_missing, refuse_unknown
from cli.screen import command, console, print_json
from cli.sync import exit_code, perform, show
from sync import hold, lease
from sync.ledger import database
from sync.report import Report
from sync.undo import NothingToUndoError
from sync.undo import undo as put_back


@click.command()
@click.argument("run", type=NUMBER)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@click.pass_obj
def undo(settings: Path, *, run: int, as_json: bool) -> int:
    """Put back what stood on the records before RUN, and put its connections on hold.

    What was changed since is left as it is, and listed. An undo is a run: it can be undone. Syncs read and score
    meanwhile and write nothing until `bonus-malus resume`.
    """
    composition = compose(settings)
    refuse_missing(settings, composition.settings)
    try:
        report = perform(composition, quiet=as_json, work=lambda job: put_back(job, run))
    except NothingToUndoError as error:
        raise click.UsageError(str(error)) from error
    if as_json:
        print_json(report.to_json())
    else:
        show(report, settings)
        _next(report, run, settings)
    return exit_code(report)


def _next(report: Report, run: int, settings: Path) -> None:
    """What a person does now."""
    out = console()
    if report.state != "done":
        again = command(settings, f"undo {run}")
        out.print(f"not everything was put back yet: say {again} again later", soft_wrap=True, markup=False)
    out.print(f"on hold: syncs write nothing until you say {command(settings, 'resume')}", soft_wrap=True, markup=False)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Which connections go on, as JSON.")
@click.pass_obj
def resume(path: Path, *, as_json: bool) -> int:
    """End the hold that an undo began: the next sync writes what the records should show."""
    settings, ledger = compose_offline(path)
    time = clock(settings)
    with closing(ledger), ledger.begin() as tx:
        refuse_unknown(tx, settings.programme_name)
        lease.serialise(tx)
        now = time.now()
        programme = database.programme(tx, settings.programme_name).id
        names = hold.end(tx, programme)
        if names:
            run = database.start_run(tx, programme, now, "", kind="resume")
            database.end_run(tx, run, now, "done", {"notes": [f"resumed: {', '.join(names)}"]})
    if as_json:
        print_json({"resumed": names})
    else:
        console().print(f"resumed: {', '.join(names)}" if names else "nothing was on hold")
    return Exit.DONE
