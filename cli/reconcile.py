"""`bonus-malus reconcile`: find what vanished from a CRM without a trace."""

from pathlib import Path

import click

from cli.compose import compose
from cli.exits import Exit
from cli.offline import refuse_missing
from cli.screen import print_json
from cli.sync import exit_code, perform, show
from sync.reconcile import reconcile as compare


@click.command()
@click.option(
    "--yes-remove", type=click.IntRange(0), default=0, metavar="N", help="Yes, take up to N of an object away."
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@click.pass_obj
def reconcile(settings: Path, *, yes_remove: int, as_json: bool) -> Exit:
    """Read every id of every object, and take away what is not there any more.

    Refused (exit code 7) for an object of which more than the settings' share would go: usually a permission was lost.
    """
    composition = compose(settings)
    refuse_missing(settings, composition.settings)
    share = composition.settings.reconcile.share
    report = perform(composition, quiet=as_json, work=lambda job: compare(job, share=share, yes_remove=yes_remove))
    if as_json:
        print_json(report.to_json())
    else:
        show(report, settings)
    return exit_code(report)
