"""The commands by name, each imported when it is called: who computes a coefficient waits for no CRM's libraries."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module

import click

from cli.menu import MENU

PLACES: Mapping[str, str] = {
    "adjust": "cli.decide",
    "calc": "cli.calc",
    "contest": "cli.decide",
    "demo": "cli.demo",
    "doctor": "cli.doctor",
    "erase": "cli.erase",
    "explain": "cli.explain",
    "fields": "cli.fields",
    "freeze": "cli.decide",
    "init": "cli.init",
    "ledger": "cli.ledger",
    "package": "cli.package",
    "purge": "cli.erase",
    "readmit": "cli.erase",
    "reconcile": "cli.reconcile",
    "rejects": "cli.rejects",
    "resume": "cli.undo",
    "rules": "cli.rules",
    "runs": "cli.runs",
    "sandbox": "cli.sandbox",
    "schedule": "cli.schedule",
    "simulate": "cli.simulate",
    "statement": "cli.statement",
    "sync": "cli.sync",
    "try": "cli.try_",
    "undo": "cli.undo",
    "unfreeze": "cli.decide",
    "uninstall": "cli.uninstall",
}


@contextmanager
def _uncollected() -> Iterator[None]:
    """What is loaded stays: to go through it for garbage, again and again, takes a tenth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


class Commands(click.Group):
    """A group that knows its commands by `PLACES` and loads the one that is wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the interface
        """Their names."""
        return list(PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the interface
        """The command of that name, None if there is none."""
        place = PLACES.get(cmd_name)
        if place is None:
            return None
        name = "try_" if cmd_name == "try" else cmd_name  # a word of the language
        with _uncollected():
            found: click.Command = getattr(import_module(place), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Under what they are for; those that the menu does not name stand below it."""
        named = {name for lines in MENU.values() for name in lines}
        others = {
            name: command.get_short_help_str(60)
            for name in PLACES
            if name not in named and (command := self.get_command(ctx, name)) is not None
        }
        for heading, lines in {**MENU, "Besides": others}.items():
            if there := [(name, line) for name, line in lines.items() if name in PLACES]:
                with formatter.section(heading):
                    formatter.write_dl(there)
