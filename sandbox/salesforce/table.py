"""The rows of one object: by id, and by when they were last changed."""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


class Kept(Row):
    """A row as it is kept: fields without a value take no room, and read as None."""

    __slots__ = ()

    def __missing__(self, name: str) -> None:
        """No value."""

    @classmethod
    def of(cls, row: Row) -> "Kept":
        """Only what has a value: a million contacts have thirty empty fields each."""
        return cls({name: value for name, value in row.items() if value is not None})


class Table:
    """Rows are replaced, never changed in place: whoever holds a row (an open query) holds it as it was."""

    def __init__(self) -> None:
        self.rows: dict[str, Kept] = {}
        self._stamps: list[tuple[str, str]] = []
        self._sorted = True

    def put(self, row: Row) -> None:
        """Insert or replace a row, and note when it was stamped."""
        entry = (row["SystemModstamp"], row["Id"])
        # A late commit carries an older stamp than rows already here (SR01): sort again before the next look-up.
        if self._stamps and entry < self._stamps[-1]:
            self._sorted = False
        self.keep(row)
        self._stamps.append(entry)

    def keep(self, row: Row) -> None:
        """Replace a row whose stamp has not moved."""
        self.rows[row["Id"]] = Kept.of(row)

    def drop(self, row_id: str) -> None:
        """Forget a row for good."""
        del self.rows[row_id]

    def changed_since(self, stamp: str) -> Iterator[Row]:
        """Rows stamped then or later, oldest first."""
        if len(self._stamps) > 2 * len(self.rows) + 1000:
            self._stamps = [(row["SystemModstamp"], row_id) for row_id, row in self.rows.items()]
            self._sorted = False
        if not self._sorted:
            self._stamps = sorted(set(self._stamps))
            self._sorted = True
        last = None
        for entry in self._stamps[bisect_left(self._stamps, (stamp, "")) :]:
            row = self.rows.get(entry[1])
            # Entries of earlier versions of a row are left in the list and passed over here.
            if row is not None and row["SystemModstamp"] == entry[0] and entry != last:
                yield row
            last = entry
