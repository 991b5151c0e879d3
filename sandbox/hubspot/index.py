"""The search index: what search knows, which is what was true a little while ago (HR07)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.hubspot.record import Record

_EVER = 1 << 62


class Index:
    """States of the records of one kind as search sees them, in the order of their modified stamps.

    `version` grows whenever an answer could change. Written states wait until `settle` is told that enough time has
    gone by; the order is a log that keeps outdated entries until they are the greater part of it.
    """

    def __init__(self) -> None:
        self.version = 0
        self.seen: dict[int, Record] = {}
        self._waiting: list[tuple[int, int, Record]] = []
        self._log: list[tuple[int, int]] = []
        self._written = 0

    def write(self, record: Record, stamp: int) -> None:
        """A record has got a new state at this instant."""
        self._written += 1
        self._waiting.append((stamp, self._written, record))

    def touch(self) -> None:
        """Something outside of the index has changed what search may answer: a record was archived or restored."""
        self.version += 1

    def settle(self, until: int) -> None:
        """Take in every state written up to this instant."""
        if not self._waiting:
            return
        self._waiting.sort(key=_order)
        ready = bisect_right(self._waiting, until, key=_stamp)
        for _, _, record in self._waiting[:ready]:
            before = self.seen.get(record.id)
            self.seen[record.id] = record
            if before is None or before.updated != record.updated:
                self._log.append((record.updated, record.id))
        if ready:
            del self._waiting[:ready]
            self._log.sort()
            self.version += 1
            self._compact()

    def window(self, low: int | None, high: int | None) -> Iterator[Record]:
        """States modified from `low` to `high`, both included, in the order of stamp and id."""
        start = 0 if low is None else bisect_left(self._log, (low, -1))
        end = len(self._log) if high is None else bisect_right(self._log, (high, _EVER))
        for position in range(start, end):
            stamp, id_ = self._log[position]
            record = self.seen[id_]
            if record.updated == stamp:
                yield record

    def _compact(self) -> None:
        if len(self._log) > 2 * len(self.seen) + 1000:
            self._log = sorted((record.updated, record.id) for record in self.seen.values())


def _order(waiting: tuple[int, int, Record]) -> tuple[int, int]:
    return waiting[0], waiting[1]


def _stamp(waiting: tuple[int, int, Record]) -> int:
    return waiting[0]
