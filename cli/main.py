"""`bonus-malus`: the commands, and what becomes of an error: one line and an exit code, never a traceback."""

import sys
import traceback
from io import TextIOWrapper
from pathlib import Path

import click

from cli.commands import Commands
from cli.exits import Exit
from config import DEFAULT_FILE
from sync.logs import configure


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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


def main() -> None:
    """Run the command line, and turn every error into one line and its exit code."""
    debug = "--debug" in sys.argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no sign for something shows another one
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = Exit.USAGE
    except click.ClickException as error:
        code = _say(_usage(error), Exit.USAGE)
    except click.Abort:
        code = _say("interrupted; what was committed stands, the next run goes on from there", Exit.TRY_LATER)
    except BrokenPipeError:
        code = Exit.DONE  # whoever read our output has seen enough
    except Exception as error:  # noqa: BLE001 - the last resort: a defect is one line too
        from cli.failures import told  # noqa: PLC0415 - it loads every layer, and mostly nothing fails

        code = _say(*told(error))
        if code is Exit.DEFECT and debug:
            traceback.print_exc()
    sys.exit(code)


def _usage(error: click.ClickException) -> str:
    """What was wrong with the command, and where its help is unless the message says what to do itself."""
    # click says of which type of its own a value is not.
    said = error.format_message().rstrip(".").replace("a valid integer range", "a whole number")
    context = getattr(error, "ctx", None)
    if context is None or type(error) is click.UsageError:
        return said
    return f"{said}; `{context.command_path} --help` shows what it takes"


def _say(line: str, code: Exit) -> Exit:
    click.echo(f"bonus-malus: {line}", err=True)
    return code
