"""A shelf: rows put aside on the disk by key, where memory would not hold them all; private, gone when closed."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from types import TracebackType
from typing import Self


class Shelf:
    """Texts by key, several to a key, in the order they came. Memory is SQLite's page cache, whatever is put here."""

    def __init__(self) -> None:
        # The empty name is SQLite's own for a temporary file that nobody else can open.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE kept (key TEXT NOT NULL, text TEXT NOT NULL)")
        self._indexed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def put(self, rows: Iterable[tuple[str, str]]) -> None:
        """Put texts under their keys."""
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO kept VALUES (?, ?)", rows)
        self._database.execute("COMMIT")

    def take(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """The texts of each key that has any; at most a few thousand keys at a time."""
        if not self._indexed:  # once, when everything has been put: far cheaper than a step at a time
            self._database.execute("CREATE INDEX by_key ON kept (key)")
            self._indexed = True
        marks = ",".join("?" * len(keys))
        found: Iterator[tuple[str, str]] = self._database.execute(
            f"SELECT key, text FROM kept WHERE key IN ({marks}) ORDER BY key, rowid",  # noqa: S608 - question marks
            list(keys),
        )
        return {key: [text for _, text in rows] for key, rows in groupby(found, key=lambda row: row[0])}
