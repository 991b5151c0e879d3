"""Reading: every record of an object that changed in a window, deleted and merged ones too."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from connectors.batching import chunks
from connectors.clock import Time
from connectors.columns import words
from connectors.http import Action, Refused
from connectors.protocol import ObjectQuery, Page, Progress, Window
from connectors.salesforce.ids import id18, ids18
from connectors.salesforce.page import page_of_rows
from connectors.salesforce.rows import Answer, columns_of, read_children, rows_of
from connectors.salesforce.schema import Schema, read_schema
from connectors.salesforce.selection import Junction, Selection, resolve
from connectors.salesforce.session import Session
from connectors.salesforce.settings import Settings
from connectors.salesforce.volume import ONCE, Volume
from connectors.values import instant_text

R = TypeVar("R")

_IDS_PER_QUERY = 300  # 18 characters each: far below the longest address (SR14)
_FIRST = datetime(1999, 1, 1, tzinfo=UTC)  # Salesforce is not older
_SLICE = 2_000
_SHORTEST = timedelta(minutes=1)
_LATE = timedelta(minutes=10)  # SR01: how late a row may appear behind the end of the window that a job has read


class Reader:
    """Reads through queryAll, so that what was deleted, merged or archived is seen (SR06, SR07, SR30).

    By REST; from `bulk_from` records on, which the first page counts, by a Bulk query job instead.
    """

    def __init__(self, session: Session, volume: Volume, progress: Progress, *, time: Time, settings: Settings) -> None:
        self._session = session
        self._volume = volume
        self._progress = progress
        self._time = time
        self._bulk_from = settings.bulk_from
        self._round = timedelta(days=settings.round_days)

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        """Pages of the half-open window (SR03), then the parents of junction rows that changed in it."""
        selection = resolve(query, self.describe)
        if problems := selection.problems():
            yield Page((), problems)
        yield from self._window(query, selection, window.start, window.end)
        if window.start is not None:
            for junction in selection.junctions:
                yield from self._parents(selection, junction, window.start, window.end)

    def ids(self, sobject: str) -> Iterator[tuple[str, ...]]:
        """The ids of all live records (SR08)."""
        soql = f"SELECT Id FROM {sobject}"  # noqa: S608 - the name of an object of the mapping
        read = rows_of(("Id",))
        answer = self._session.query(soql, read=read)
        if answer.total >= self._bulk_from:
            for header, cells in self._volume.rows(soql):
                place = header.index("Id")
                yield tuple(ids18([row[place] for row in cells]))
            return
        for rows in self._answers(answer, read):
            yield tuple(ids18(words(columns_of(rows)["Id"]))) if rows else ()

    def refresh(self, query: ObjectQuery, calls: int) -> Iterator[Page]:
        """The next `calls` pages of a round by id, whatever the stamps say (SR10): a keyset, so no cursor expires."""
        selection = resolve(query, self.describe)
        key = f"salesforce/round/{query.object}"
        after, began = self._place(key)
        for _ in range(calls):
            if after is None:
                if began and self._time.now() - began < self._round:
                    return
                after, began = "", self._time.now()
            where = f"WHERE Id > '{after}' " if after else ""
            ids: list[str] = []
            for page in self._direct(selection, f"{where}ORDER BY Id LIMIT {_SLICE}"):
                ids += [record.id for record in page.records] + [problem.id for problem in page.problems]
                yield page
            after = max(ids, default=None)  # in ASCII order, as Salesforce sorts ids
            self._progress.put(key, json.dumps({"after": after, "began": began.isoformat() if began else None}))

    def describe(self, sobject: str) -> Schema:
        """What we may see of an object, as this run knows it."""
        return read_schema(self._session.describe(sobject))

    def describe_again(self, sobject: str) -> Schema:
        """What we may see of an object, asked anew."""
        return read_schema(self._session.describe(sobject, fresh=True))

    def _window(
        self, query: ObjectQuery, selection: Selection, start: datetime | None, end: datetime
    ) -> Iterator[Page]:
        key = self._volume.key(selection, start)
        job = self._volume.held(key)
        if job is not None:  # SR19: an earlier run was stopped here
            yield from self._volume.pages(key, job, selection)
            start = datetime.fromisoformat(job.end) - _LATE
            if start >= end:
                return
        where = _between(selection.schema.stamp, start, end)
        try:
            yield from self._either(selection, end, where=where, key=key)
        except Refused as refused:
            if refused.verdict.action is Action.SMALLER:
                yield from self._halves(query, selection, start, end, refused)
            elif refused.answer.code == "INVALID_FIELD":
                yield from self._without(query, selection, start, end, refused)
            else:
                raise

    def _either(self, selection: Selection, end: datetime, *, where: str, key: str) -> Iterator[Page]:
        """The records where `where` holds: by REST if there are few and the query can be sent, else in bulk."""
        soql = f"{selection.select} WHERE {where}"
        answer, read = None, rows_of(selection.members)
        if self._session.fits(soql) or not selection.fits_cells:
            answer = self._session.query(soql, deleted=True, read=read)
        if answer is None or (answer.total >= self._bulk_from and selection.fits_cells):
            try:
                job = self._volume.create(key, selection, f"WHERE {where}", end)
            except Refused as refused:  # SR16: the Bulk API does not have every object
                if answer is None or refused.answer.code == "INVALID_FIELD":
                    raise
            else:
                yield from self._volume.pages(key, job, selection)
                return
        for rows in self._answers(answer, read):
            yield page_of_rows(selection, rows, self._children)

    def _direct(self, selection: Selection, condition: str) -> Iterator[Page]:
        """A bounded number of records, by REST where the query can be sent (SR14)."""
        soql = f"{selection.select} {condition}"
        if self._session.fits(soql) or not selection.fits_cells:
            read = rows_of(selection.members)
            for rows in self._answers(self._session.query(soql, deleted=True, read=read), read):
                yield page_of_rows(selection, rows, self._children)
        else:
            job = self._volume.create(ONCE, selection, condition, self._time.now())
            yield from self._volume.pages(ONCE, job, selection)

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
        smaller = resolve(query, self.describe_again)
        lost = set(smaller.missing) - set(selection.missing)
        if not lost and set(smaller.ours) == set(selection.ours):
            raise refused
        yield Page((), tuple(problem for problem in smaller.problems() if problem.field in lost))
        where = _between(smaller.schema.stamp, start, end)
        yield from self._either(smaller, end, where=where, key=self._volume.key(smaller, start))

    def _parents(self, selection: Selection, junction: Junction, start: datetime, end: datetime) -> Iterator[Page]:
        """A role that was added, changed or removed does not move its parent's stamp: read such parents by id."""
        parent = junction.child.field
        soql = f"SELECT {parent} FROM {junction.name} WHERE {_between(junction.schema.stamp, start, end)}"  # noqa: S608 - SOQL of names that a describe gave us
        read = rows_of((parent,))
        answers = self._answers(self._session.query(soql, deleted=True, read=read), read)
        changed = {id18(str(id_)) for rows in answers if rows for id_ in columns_of(rows)[parent] if id_}
        for ids in chunks(sorted(changed), _IDS_PER_QUERY):
            quoted = ", ".join(f"'{id_}'" for id_ in ids)
            yield from self._direct(selection, f"WHERE Id IN ({quoted})")

    def _answers(self, answer: Answer[R], read: Callable[[bytes], Answer[R]]) -> Iterator[Sequence[R]]:
        """The rows of a query, page by page: by locator, never by the last stamp (SR04)."""
        while True:
            yield answer.records
            if answer.done:
                return
            answer = self._session.more(answer.following, read)

    def _children(self, answer: Any) -> Sequence[Mapping[str, Any]]:
        """The rows of a sub-query, to its end: a long one has a locator of its own. None stands for no rows."""
        if not answer:
            return ()
        first = msgspec.convert({"done": True, **answer}, Answer[dict[str, Any]])
        return [row for rows in self._answers(first, read_children) for row in rows]

    def _place(self, key: str) -> tuple[str | None, datetime | None]:
        """Where the slow round stands: after which id (None: at its end), and when it began."""
        held = json.loads(self._progress.get(key) or "{}")
        return held.get("after"), datetime.fromisoformat(held["began"]) if held.get("began") else None


def _between(stamp: str, start: datetime | None, end: datetime) -> str:
    after = f"{stamp} >= {instant_text(start)} AND " if start else ""
    return f"{after}{stamp} < {instant_text(end)}"
