"""Reading at volume: a selection through the Bulk API, its junctions beside it on a shelf."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from connectors.clock import Time
from connectors.columns import joined
from connectors.protocol import Page, Progress
from connectors.salesforce.bulk_query import BulkQuery, Job
from connectors.salesforce.ids import id18
from connectors.salesforce.page import Links, piece_of_cells
from connectors.salesforce.selection import Junction, Selection
from connectors.salesforce.session import Session
from connectors.shelf import Shelf
from scoring.records import Link

ONCE = "salesforce/query/once"  # the key of a job that nothing goes on with


class Volume:
    """Query jobs for selections. Memory holds one result page, whatever the volume."""

    def __init__(self, session: Session, progress: Progress, *, time: Time, version: str) -> None:
        self._jobs = BulkQuery(session, progress, time=time, version=version)

    def key(self, selection: Selection, start: datetime | None) -> str:
        """What such a read is kept under: the same columns from the same start."""
        columns = hashlib.sha256(selection.select.encode()).hexdigest()[:12]
        return f"salesforce/query/{selection.schema.object}/{start.isoformat() if start else 'all'}/{columns}"

    def held(self, key: str) -> Job | None:
        """The job that an earlier run left behind."""
        return self._jobs.held(key)

    def create(self, key: str, selection: Selection, condition: str, end: datetime) -> Job:
        """A new job for a selection; raises `Refused` where the Bulk API does not take it."""
        return self._jobs.create(key, f"{selection.select_cells} {condition}", end=end.isoformat())

    def pages(self, key: str, job: Job, selection: Selection) -> Iterator[Page]:
        """The job's records, with their links."""
        with ExitStack() as stack:
            shelves = [(junction, *self._shelf(junction, stack)) for junction in selection.junctions]
            links = _linker(shelves) if shelves else None

            def read(header: Sequence[str], rows: Sequence[list[str]]) -> Page:
                return piece_of_cells(selection, header, rows, links)

            yield from map(joined, self._jobs.pages(key, job, read))

    def rows(self, soql: str, *, deleted: bool = False) -> Iterator[tuple[list[str], Sequence[list[str]]]]:
        """The cells of any query; nothing of it outlives this run."""
        job = self._jobs.create(ONCE, soql, end="", deleted=deleted)
        for pieces in self._jobs.pages(ONCE, job, lambda header, rows: (header, rows)):
            yield from pieces

    def _shelf(self, junction: Junction, stack: ExitStack) -> tuple[Sequence[str], Shelf]:
        """All live rows of a junction object by their parent, and what their cells are called."""
        shelf = stack.enter_context(Shelf())
        header: Sequence[str] = ()
        for header, rows in self.rows(junction.soql_alone):
            parent = header.index(junction.child.field)
            shelf.put((id18(row[parent]), json.dumps(row)) for row in rows if row[parent])
        return header, shelf


def _linker(shelves: Sequence[tuple[Junction, Sequence[str], Shelf]]) -> Links:
    def links(ids: Sequence[str]) -> Iterator[Mapping[str, tuple[Link, ...]]]:
        kept = [(junction, names, shelf.take(ids)) for junction, names, shelf in shelves]
        for id_ in ids:
            yield {
                junction.name: junction.links([_row(junction, names, text) for text in found.get(id_, ())])
                for junction, names, found in kept
            }

    return links


def _row(junction: Junction, header: Sequence[str], text: str) -> dict[str, Any]:
    """A junction row as REST would answer it: what `Junction.links` reads."""
    row: dict[str, Any] = {}
    for name, cell in zip(header, json.loads(text), strict=True):
        relationship, dot, inner = name.partition(".")
        if dot:
            row[relationship] = {inner: cell}
        else:
            column = junction.schema.columns.get(name)
            row[name] = column.text()(cell) if column and cell else None
    return row
