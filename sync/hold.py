"""On hold: after an undo a connection is read and scored, and written to only when a person says `resume`."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from sync.command import Command, plain
from sync.ledger import schema


def put(tx: Connection, programme: int, names: Iterable[str], run: int) -> None:
    """Put a programme's connections on hold, because of that run."""
    table = schema.connections
    these = (table.c.programme == programme) & table.c.name.in_(list(names))
    tx.execute(update(table).where(these).values(held=run))


def why(tx: Connection, connection: int, command: Command = plain) -> str:
    """Since which run a connection is on hold, and what to do; empty when it is not."""
    table = schema.connections
    run = tx.execute(select(table.c.held).where(table.c.id == connection)).scalar_one()
    return "" if run is None else f"on hold since run {run}: nothing is written; `{command('resume')}` ends it"


def listed(tx: Connection, programme: str) -> dict[str, tuple[int, datetime]]:
    """Every connection on hold: since which run and instant."""
    table, runs, programmes = schema.connections, schema.runs, schema.programmes
    query = (
        select(table.c.name, runs.c.id, runs.c.started)
        .join(runs, runs.c.id == table.c.held)
        .join(programmes, programmes.c.id == table.c.programme)
        .where(programmes.c.name == programme)
        .order_by(table.c.name)
    )
    return {row.name: (row.id, row.started) for row in tx.execute(query)}


def end(tx: Connection, programme: int) -> list[str]:
    """Let every connection of a programme be written to again; those that were on hold."""
    table = schema.connections
    here = (table.c.programme == programme) & table.c.held.is_not(None)
    names = list(tx.execute(select(table.c.name).where(here).order_by(table.c.name)).scalars())
    tx.execute(update(table).where(here).values(held=None))
    return names
