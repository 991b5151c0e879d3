"""`bonus-malus`: the commands, and what becomes of an error: one line and an exit code, never a traceback."""

import sys
import traceback
from pathlib import Path

import click
import requests

from cli.calc import calc
from cli.decide import adjust, contest, freeze, unfreeze
from cli.demo import demo
from cli.doctor import doctor
from cli.erase import erase, purge
from cli.exits import Exit
from cli.explain import explain
from cli.fields import fields
from cli.init import init
from cli.ledger import ledger
from cli.package import package
from cli.reconcile import reconcile
from cli.rejects import rejects
from cli.rules import rules
from cli.runs import runs
from cli.sandbox import sandbox
from cli.schedule import schedule
from cli.simulate import simulate
from cli.sync import sync
from cli.try_ import try_
from cli.undo import resume, undo
from cli.uninstall import uninstall
from config.reading import ConfigError
from config.settings import DEFAULT_FILE
from connectors.errors import CrmError, TryLater
from sync.lease import LeaseLostError
from sync.ledger import LedgerBusy, LedgerError
from sync.logs import configure


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--settings",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_FILE,
    show_default=True,
    envvar="BONUS_MALUS_SETTINGS",
    help="The settings file.",
)
@click.option("--log-json", is_flag=True, help="Log to standard error, one JSON object a line; ids only, no names.")
@click.option("--debug", is_flag=True, help="Print the traceback of a defect.")
@click.version_option(package_name="bonus-malus")
@click.pass_context
def cli(context: click.Context, settings: Path, *, log_json: bool, debug: bool) -> None:
    """A bonus-malus coefficient, points and a reward tier for every customer, inside Salesforce and HubSpot.

    Start with `bonus-malus demo`: both CRMs on this machine, no credentials, under a minute.

    Exit codes: 0 done; 1 a defect; 2 wrong command or settings, nothing was sent; 3 a person must act in the CRM; 4 try
    again later; 5 done, but some records were refused; 6 another run is on it; 7 nothing was written, say yes first; 8
    on hold since an undo.
    """
    context.obj = settings
    context.meta["debug"] = debug
    context.meta["log_json"] = log_json
    if log_json:
        configure(as_json=True)


for command in (demo, sandbox, calc, fields, sync, explain, simulate, runs, rules):
    cli.add_command(command)
for command in (contest, adjust, freeze, unfreeze, undo, resume, rejects, ledger):
    cli.add_command(command)
for command in (schedule, reconcile, erase, purge):
    cli.add_command(command)
for command in (init, try_, doctor, package, uninstall):
    cli.add_command(command)


def main() -> None:
    """Run the command line, and turn every error into one line and its exit code."""
    debug = "--debug" in sys.argv
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = Exit.USAGE
    except click.Abort:
        code = _say("interrupted; what was committed stands, the next run goes on from there", Exit.TRY_LATER)
    except (LeaseLostError, LedgerBusy) as error:
        code = _say(str(error), Exit.TRY_LATER)
    except (ConfigError, LedgerError) as error:
        code = _say(str(error), Exit.USAGE)
    except CrmError as error:
        code = _say(str(error), Exit.TRY_LATER if isinstance(error, TryLater) else Exit.ACT)
    except requests.RequestException as error:
        code = _say(f"the sandbox does not answer any more ({type(error).__name__})", Exit.TRY_LATER)
    except BrokenPipeError:
        code = Exit.DONE  # whoever read our output has seen enough
    except Exception as error:  # noqa: BLE001 - the last resort: a defect is one line too
        if debug:
            traceback.print_exc()
        where = traceback.extract_tb(error.__traceback__)[-1]
        code = _say(
            f"this is a defect of bonus-malus: {type(error).__name__} in {Path(where.filename).name}:{where.lineno}; "
            "`bonus-malus --debug …` prints the details to report",
            Exit.DEFECT,
        )
    sys.exit(code)


def _say(line: str, code: Exit) -> Exit:
    click.echo(f"bonus-malus: {line}", err=True)
    return code
