"""Open queries: what is left of a result, fetched page by page with a locator."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.ids import number_id
from sandbox.salesforce.table import Row

LIFE = timedelta(days=2)
Project = Callable[[Row], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A result as it was when the query ran: rows are never changed in place, so holding them is the snapshot."""

    rows: list[Row]
    project: Project
    size: int
    opened: datetime
    user_id: str


class Cursors:
    """The open queries of an org; they live for two days (SR24)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Cursor] = {}
        self._number = 0

    def first(self, rows: list[Row], project: Project, *, size: int, user_id: str, base: str) -> dict[str, Any]:
        """The first page; `base` is the path of the API version that the locator is put under."""
        cursor = Cursor(rows, project, size, self._clock.now(), user_id)
        if len(rows) <= size:
            return _page(cursor, 0, None)
        self._number += 1
        name = number_id("01g", self._number)
        self._open[name] = cursor
        return _page(cursor, 0, f"{base}/query/{name}")

    def next(self, locator: str, *, user_id: str, base: str) -> dict[str, Any]:
        """The page a locator such as `01gSb00000000001AAA-2000` stands for; it can be fetched again."""
        name, _, start = locator.partition("-")
        cursor = self._open.get(name)
        if cursor is None or not start.isdigit() or int(start) >= len(cursor.rows) or cursor.user_id != user_id:
            raise _invalid()
        if self._clock.now() - cursor.opened >= LIFE:
            del self._open[name]
            raise _invalid()
        return _page(cursor, int(start), f"{base}/query/{name}")


def _page(cursor: Cursor, start: int, address: str | None) -> dict[str, Any]:
    end = start + cursor.size
    done = end >= len(cursor.rows)
    page: dict[str, Any] = {"totalSize": len(cursor.rows), "done": done}
    if not done:
        page["nextRecordsUrl"] = f"{address}-{end}"
    page["records"] = [cursor.project(row) for row in cursor.rows[start:end]]
    return page


def _invalid() -> Refusal:
    return Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
