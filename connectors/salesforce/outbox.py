"""The outbox of a bulk write: every update once, on the disk, in the order that locks least (SW03)."""

import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import NamedTuple, Self

from connectors.protocol import Outcome, OutcomeKind, Update


class Waiting(NamedTuple):
    """One update as it waits: its place in the order, the id as Salesforce knows it, and what we were given."""

    place: int
    id: str
    update: Update


class Outbox:
    """Updates by record. Of two for one record the later values win: in a job of several batches neither is first."""

    def __init__(self) -> None:
        # The empty name is SQLite's own for a temporary file that nobody else can open.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE waiting (id TEXT PRIMARY KEY, given TEXT, sent BLOB, near TEXT NOT NULL DEFAULT '') "
            "WITHOUT ROWID"
        )
        self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def put(self, id_: str, update: Update) -> Outcome | None:
        """Take an update in; the outcome of the earlier one that it replaces, if there was one (HW04)."""
        earlier = self._database.execute("SELECT given, sent FROM waiting WHERE id = ?", (id_,)).fetchone()
        values = dict(update.values)
        if earlier:
            values = {**pickle.loads(earlier[1]), **values}  # noqa: S301 - our own bytes, from a file nobody else can open
        self._database.execute(
            "INSERT INTO waiting (id, given, sent) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET given = excluded.given, sent = excluded.sent",
            (id_, update.id, pickle.dumps(values)),
        )
        if not earlier:
            return None
        return Outcome(earlier[0], OutcomeKind.UNCHANGED, "SUPERSEDED", "A later update of this run takes its place.")

    def near(self, parents: Iterable[tuple[str, str]]) -> None:
        """Say which record hangs on which parent: rows of one parent go together, and do not lock each other out."""
        hang = ((parent, id_) for id_, parent in parents)
        self._database.executemany("UPDATE waiting SET near = ? WHERE id = ?", hang)

    def arrange(self) -> None:
        """Everything is in: fix the order."""
        self._database.execute(
            "CREATE TABLE sorted AS SELECT id, given, sent, 0 AS settled FROM waiting ORDER BY near, id"
        )
        self._database.execute("DROP TABLE waiting")
        self._database.execute("CREATE UNIQUE INDEX by_id ON sorted (id)")

    def waiting(self, first: int, last: int | None = None) -> Iterator[Waiting]:
        """What is not settled, from place `first` to before place `last`, in order."""
        found = self._database.cursor().execute(
            "SELECT rowid, id, given, sent FROM sorted WHERE rowid >= ? AND rowid < ? AND NOT settled ORDER BY rowid",
            (first, last if last is not None else 1 << 62),
        )
        for place, id_, given, sent in found:
            yield Waiting(place, id_, Update(given, pickle.loads(sent)))  # noqa: S301 - as above

    def settle(self, id_: str) -> Update | None:
        """Take a record's update off; None where it was not waiting (any more)."""
        row = self._database.execute(
            "UPDATE sorted SET settled = 1 WHERE id = ? AND NOT settled RETURNING given, sent", (id_,)
        ).fetchone()
        return Update(row[0], pickle.loads(row[1])) if row else None  # noqa: S301 - as above
