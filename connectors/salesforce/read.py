"""Reading: every record of an object that changed in a window, deleted and merged ones too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from connectors.http import Action, Refused
from connectors.protocol import ObjectQuery, Page, Window
from connectors.salesforce.ids import id18
from connectors.salesforce.schema import Schema, read_schema
from connectors.salesforce.selection import Junction, Selection, resolve
from connectors.salesforce.session import Session
from connectors.values import instant_text
from scoring.records import Problem, Record

_IDS_PER_QUERY = 300  # 18 characters each: far below the longest address (SR14)
_FIRST = datetime(1999, 1, 1, tzinfo=UTC)  # Salesforce is not older
_SHORTEST = timedelta(minutes=1)


class Reader:
    """Reads through queryAll, so that what was deleted, merged or archived is seen (SR06, SR07, SR30)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        """Pages of the half-open window (SR03), then the parents of junction rows that changed in it."""
        selection = resolve(query, self.describe)
        if problems := selection.problems():
            yield Page((), problems)
        yield from self._window(query, selection, window.start, window.end)
        if window.start is not None:
            for junction in selection.junctions:
                yield from self._parents(selection, junction, window.start, window.end)

    def describe(self, sobject: str) -> Schema:
        """What we may see of an object, asked anew."""
        return read_schema(self._session.describe(sobject))

    def _window(
        self, query: ObjectQuery, selection: Selection, start: datetime | None, end: datetime
    ) -> Iterator[Page]:
        soql = f"{selection.select} WHERE {_between(selection.schema.stamp, start, end)}"
        try:
            yield from self._pages(selection, soql)
        except Refused as refused:
            if refused.verdict.action is Action.SMALLER:
                yield from self._halves(query, selection, start, end, refused)
            elif refused.answer.code == "INVALID_FIELD":
                yield from self._without(query, selection, start, end, refused)
            else:
                raise

    def _halves(
        self, query: ObjectQuery, selection: Selection, start: datetime | None, end: datetime, refused: Refused
    ) -> Iterator[Page]:
        """SR27: what took too long is asked for in two halves; rows that came already come again."""
        first = start or _FIRST
        if end - first < _SHORTEST:
            raise refused
        middle = first + (end - first) / 2
        yield from self._window(query, selection, start, middle)
        yield from self._window(query, selection, middle, end)

    def _without(
        self, query: ObjectQuery, selection: Selection, start: datetime | None, end: datetime, refused: Refused
    ) -> Iterator[Page]:
        """SR12: a field vanished since the describe; go on without it, loudly, once."""
        smaller = resolve(query, self.describe)
        lost = set(smaller.missing) - set(selection.missing)
        if not lost and set(smaller.ours) == set(selection.ours):
            raise refused
        yield Page((), tuple(problem for problem in smaller.problems() if problem.field in lost))
        yield from self._pages(smaller, f"{smaller.select} WHERE {_between(smaller.schema.stamp, start, end)}")

    def _parents(self, selection: Selection, junction: Junction, start: datetime, end: datetime) -> Iterator[Page]:
        """A role that was added, changed or removed does not move its parent's stamp: read such parents by id."""
        parent = junction.child.field
        soql = f"SELECT {parent} FROM {junction.name} WHERE {_between(junction.schema.stamp, start, end)}"  # noqa: S608 - SOQL of names that a describe gave us
        changed = {id18(str(row[parent])) for row in self._rows(soql) if row.get(parent)}
        for ids in _chunks(sorted(changed)):
            quoted = ", ".join(f"'{id_}'" for id_ in ids)
            yield from self._pages(selection, f"{selection.select} WHERE Id IN ({quoted})")

    def _pages(self, selection: Selection, soql: str) -> Iterator[Page]:
        answer = self._session.query(soql, deleted=True)
        while True:
            yield self._page(selection, answer["records"])
            if answer["done"]:
                return
            answer = self._session.more(answer["nextRecordsUrl"])  # SR04: by locator, never by the last stamp

    def _page(self, selection: Selection, rows: Sequence[Mapping[str, Any]]) -> Page:
        read = [selection.record(row, self._children) for row in rows]
        return Page(
            tuple(one for one in read if isinstance(one, Record)),
            tuple(one for one in read if isinstance(one, Problem)),
        )

    def _rows(self, soql: str) -> Iterator[Mapping[str, Any]]:
        answer = self._session.query(soql, deleted=True)
        while True:
            yield from answer["records"]
            if answer["done"]:
                return
            answer = self._session.more(answer["nextRecordsUrl"])

    def _children(self, answer: Any) -> Sequence[Mapping[str, Any]]:
        """The rows of a sub-query, to its end: a long one has a locator of its own. None stands for no rows."""
        if not answer:
            return ()
        rows = list(answer["records"])
        while not answer.get("done", True):
            answer = self._session.more(answer["nextRecordsUrl"])
            rows += answer["records"]
        return rows


def _between(stamp: str, start: datetime | None, end: datetime) -> str:
    after = f"{stamp} >= {instant_text(start)} AND " if start else ""
    return f"{after}{stamp} < {instant_text(end)}"


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while chunk := list(islice(rest, _IDS_PER_QUERY)):
        yield chunk
