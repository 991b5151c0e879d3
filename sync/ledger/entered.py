"""What a person's records brought since their last standing."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from sync.ledger import schema
from sync.ledger.facts import about, chunks


def entered_since(tx: Connection, run: int, since: Mapping[int, datetime]) -> dict[int, list[Row[Any]]]:
    """The signals that this run entered for each subject, or one before it that nobody was scored after."""
    table, contacts = schema.signals, schema.contacts
    found: dict[int, dict[tuple[str, ...], Row[Any]]] = defaultdict(dict)
    for ids in chunks(since):
        query = (
            select(contacts.c.subject, table)
            .join(contacts, about(contacts.c.connection, contacts.c.record))
            .where(
                contacts.c.subject.in_(ids),
                or_(table.c.run == run, table.c.recorded > min(since[each] for each in ids)),
            )
            .order_by(table.c.id)
        )
        for row in tx.execute(query):
            if row.run != run and row.recorded <= since[row.subject]:
                continue
            mine, source = found[row.subject], (row.object, row.record, row.name)
            if source in mine and mine[source].withdrawn != row.withdrawn:
                # Withdrawn from one record of this person and entered under another: nothing happened to them.
                del mine[source]
            else:
                mine[source] = row
    return {subject: list(rows.values()) for subject, rows in found.items()}
