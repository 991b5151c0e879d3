"""The reference of all commands, made of their own `--help`: `python -m cli.reference > docs/cli.md`."""

import sys

import click

from cli.exits import Exit
from cli.main import cli

EXITS = {
    Exit.DONE: "done",
    Exit.DEFECT: "a defect of this program: report it",
    Exit.USAGE: "the command, the settings, the rules or a mapping are wrong; nothing was sent",
    Exit.ACT: "a person must act in the CRM: credentials, scopes, permissions, fields of another type",
    Exit.TRY_LATER: "nothing is wrong here; the next run goes on where this one stopped",
    Exit.REJECTS: "done, but some records were refused: `bonus-malus rejects`",
    Exit.SKIPPED: "another run is working on this connection: nothing to do",
    Exit.ASKED: "nothing was written: look at `bonus-malus sync --dry-run`, then say yes as the message says",
    Exit.HELD: "read and scored, but on hold since an undo: `bonus-malus resume` when its cause is gone",
}


def reference() -> str:
    """The whole text of docs/cli.md."""
    lines = [
        "# Commands",
        "",
        "Made of the commands' own help (`python -m cli.reference`); a test keeps it so.",
        "",
        "## Exit codes",
        "",
        "| code | what to do now |",
        "| --- | --- |",
        *(f"| {code.value} | {text} |" for code, text in EXITS.items()),
    ]
    for name, command in _commands("bonus-malus", cli):
        context = click.Context(
            # As on the command line, where every command takes the names from the group it is in.
            command,
            info_name=name,
            max_content_width=100,
            terminal_width=100,
            help_option_names=["-h", "--help"],
        )
        lines += ["", f"## {name}", "", "```", command.get_help(context), "```"]
    return "\n".join(lines) + "\n"


def _commands(name: str, command: click.Command) -> list[tuple[str, click.Command]]:
    found = [(name, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in sorted(command.list_commands(context)):
            if (found_command := command.get_command(context, each)) is not None:
                found += _commands(f"{name} {each}", found_command)
    return found


if __name__ == "__main__":
    sys.stdout.write(reference())
