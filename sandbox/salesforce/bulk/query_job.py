"""A query job: its rows as they were when it was made, its columns, its pages."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.salesforce.bulk.cells import Cell, cell
from sandbox.salesforce.bulk.job import COMPLETE, Job
from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.query import Query
from sandbox.salesforce.soql import Count, Select, parse
from sandbox.salesforce.table import Row

OPERATIONS = frozenset({"query", "queryAll"})
MOST_PER_PAGE = 250_000  # where nothing is said, the service chooses


@dataclass(slots=True, kw_only=True)
class QueryJob(Job):
    """Rows are never changed in place, so holding them is the snapshot."""

    names: Sequence[str] = ()
    cells: Sequence[Cell] = ()
    rows: Sequence[Row] = field(default=(), repr=False)

    def details(self) -> dict[str, Any]:
        """The number of rows is told once all of them are there."""
        done = len(self.rows) if self.state == COMPLETE else 0
        return {
            "jobType": "V2Query",
            "numberRecordsProcessed": done,
            **Job.details(self),
            "isPkChunkingSupported": True,
        }

    def work(self, rows: int) -> bool:  # noqa: ARG002 - the rows are there already
        """Nothing is left to do: the time it takes is the pace's."""
        return True


def columns(query: Query, unsupported: set[str]) -> tuple[str, list[str], list[Cell], list[Row]]:
    """Object, header, cells and rows of a query, or the refusal of what Bulk cannot read (SR16)."""
    select = parse(query.text)
    if select.source.lower() in unsupported:
        raise Refusal(400, "INVALIDENTITY", f"Entity '{select.source}' is not supported by the Bulk API.")
    sobject = query.sobject(select)
    names: list[str] = []
    cells: list[Cell] = []
    for item in select.items:
        if isinstance(item, Count):
            raise _restricted("Aggregate Relationships not supported in Bulk Query")
        if isinstance(item, Select):
            raise _restricted("Nested queries are not supported in Bulk Query")
        found, get = query.resolve(sobject, item)
        if found.type == "address":
            raise _restricted("Selecting compound data not supported in Bulk Query")
        path = item.names[1:] if len(item.names) > 1 and item.names[0].lower() == sobject.name.lower() else item.names
        names.append(".".join((*path[:-1], found.name)))
        cells.append(cell(found, get))
    if select.offset:
        raise _restricted("OFFSET clause is not supported in Bulk Query")
    return sobject.name, names, cells, query.rows(sobject, select)


def locator_of(start: int) -> str:
    """Where a page begins, in the service's opaque form."""
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def start_of(locator: str | None, size: int) -> int:
    """The row a locator stands for; it can be used as often as one likes (SR19)."""
    if locator is None or locator == "":
        return 0
    try:
        start = int(base64.b64decode(locator + "=" * (-len(locator) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        start = -1
    if not 0 < start < size:
        raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return start


def _restricted(message: str) -> Refusal:
    return Refusal(400, "API_ERROR", message)
