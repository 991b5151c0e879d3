"""Many rows at once: numbers for them, and their way in.

A server that is sent one INSERT for each row plans and answers each: COPY takes a tenth of the time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Table, any_, func, literal, select, text
from sqlalchemy.exc import DBAPIError

# The sequence is looked up once, and all numbers are one value: a row for each takes ten times as long.
_NUMBERS = text(
    "SELECT array_agg(nextval(of_it)) "
    "FROM (SELECT pg_get_serial_sequence(:name, 'id')::regclass AS of_it OFFSET 0) AS one, generate_series(1, :many)"
)


def numbers(tx: Connection, table: Table, many: int) -> list[int]:
    """Ids for so many new rows, ascending; nobody else gets them."""
    if not many:
        return []
    if tx.dialect.name == "sqlite":  # whose one writer this transaction is
        first = (tx.execute(select(func.max(table.c.id))).scalar_one() or 0) + 1
        return list(range(first, first + many))
    return sorted(tx.execute(_NUMBERS, {"name": table.name, "many": many}).scalar_one())


def enter(tx: Connection, table: Table, rows: Sequence[Mapping[Any, Any]]) -> None:
    """Insert rows, each with the columns of the first one."""
    if not rows:
        return
    names = list(rows[0])
    kept = zip(*(_kept(tx, table, name, rows) for name in names), strict=True)
    if tx.dialect.name == "sqlite":
        into, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
        tx.exec_driver_sql(f"INSERT INTO {table.name} ({into}) VALUES ({places})", list(kept))  # noqa: S608 - our own
    else:
        copy(tx, table.name, names, kept)


def copy(tx: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows into a table of PostgreSQL."""
    raw = tx.connection.driver_connection
    assert raw is not None  # noqa: S101 - a connection in use has one
    names = ", ".join(f'"{name}"' for name in columns)
    with _told(tx, table), raw.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as into:
        for row in rows:
            into.write_row(row)


@contextmanager
def _told(tx: Connection, table: str) -> Iterator[None]:
    """COPY passes by SQLAlchemy, which would have told what the server refuses from a defect of ours."""
    try:
        yield
    except tx.dialect.loaded_dbapi.Error as error:
        raise DBAPIError(f"COPY {table}", None, error) from error


def _kept(tx: Connection, table: Table, column: str, rows: Sequence[Mapping[Any, Any]]) -> Sequence[Any]:
    """The values of a column as the database keeps them; what many rows have in common is made ready once."""
    as_kept = table.c[column].type.dialect_impl(tx.dialect).bind_processor(tx.dialect)
    values = [row[column] for row in rows]
    if as_kept is None:
        return values
    ready = {name: as_kept(value) for name, value in {id(value): value for value in values}.items()}
    return [ready[id(value)] for value in values]


def number_on(tx: Connection, table: Table, within: str = "") -> None:
    """Let the database give the next row a number above all there are, whoever numbered those; `within` is a schema.

    SQLite does so by itself.
    """
    key = table.autoincrement_column
    if key is not None and tx.dialect.name == "postgresql":
        following = select(func.coalesce(func.max(key), 0) + 1).scalar_subquery()
        tx.execute(
            select(func.setval(func.pg_get_serial_sequence(f"{within}{table.name}", key.name), following, False))
        )


def among(tx: Connection, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Whether the column is one of these values: as one list, for each of five hundred would have to be made ready."""
    if tx.dialect.name == "sqlite":
        each = func.json_each(json.dumps(values)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(literal(values, ARRAY(column.type)))
