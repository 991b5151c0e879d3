"""What commands print: tables on a terminal, JSON on demand, one line for an error."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from config import DEFAULT_FILE

UNBROKEN = ("record", "field", "rule")


class _Console(Console):
    """One that goes on when nobody reads any more: the exit code says what became of the command, not of `| head`."""

    def on_broken_pipe(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def console() -> Console:
    """Standard output, as wide as the terminal; 100 columns where there is none."""
    out = _Console(highlight=False, soft_wrap=False)
    return out if out.is_terminal else _Console(highlight=False, width=100)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> Table:
    """A plain table; columns named in `right` are aligned to the right."""
    made = Table(
        title=title or None, title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for column in columns:
        # Ids are for copying: never broken over two lines.
        made.add_column(
            column, justify="right" if column in right else "left", overflow="fold", no_wrap=column in UNBROKEN
        )
    for row in rows:
        made.add_row(*(str(cell) for cell in row))
    return made


def command(settings: Path, words: str) -> str:
    """A command as it can be typed: with the settings that are in use."""
    option = "" if str(settings) == DEFAULT_FILE else f" --settings {settings}"
    return f"bonus-malus{option} {words}"


def counted(number: int, one: str, many: str) -> str:
    """How many of what: `1 contest`, `2 contests`."""
    return f"{number} {one if number == 1 else many}"


def print_json(data: Any) -> None:
    """For machines: one JSON document on standard output."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def coefficient(hundredths: int) -> str:
    """105 -> 1.05."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"
