"""How far each connector came, in its own words."""

from sqlalchemy import Connection, delete, insert, select

from sync.ledger import operation

_table = operation.progress


def kept(tx: Connection, connection: int) -> dict[str, str]:
    """Everything that is kept for a connection."""
    query = select(_table.c.key, _table.c.value).where(_table.c.connection == connection)
    return {row.key: row.value for row in tx.execute(query)}


def keep(tx: Connection, connection: int, key: str, value: str | None) -> None:
    """Keep `value` under `key`; None forgets."""
    tx.execute(delete(_table).where(_table.c.connection == connection, _table.c.key == key))
    if value is not None:
        tx.execute(insert(_table).values(connection=connection, key=key, value=value))


def forget(tx: Connection, connection: int) -> None:
    """Everything is to be read again."""
    tx.execute(delete(_table).where(_table.c.connection == connection))
