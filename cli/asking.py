"""Asking a person; where there is nobody to answer, one line says what to give instead."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click


def agreed(question: str) -> bool:
    """Whether a person says yes; asked on standard error, which no pipe takes for an answer of ours.

    Raises:
        click.UsageError: there is nobody to answer.
    """
    with asking():
        return click.confirm(question, err=True)


@contextmanager
def asking() -> Iterator[None]:
    """Around a question of click's.

    Raises:
        click.UsageError: there is nobody to answer.
    """
    nobody = "there is nobody to answer; say --yes to go on without being asked"
    if sys.stdin is None:
        raise click.UsageError(nobody)
    try:
        yield
    except click.Abort as abort:
        if not isinstance(abort.__context__, EOFError):  # Ctrl-C
            raise
        click.echo(err=True)  # the question stands without an end
        raise click.UsageError(nobody) from abort
