"""Reading: every record of an object that changed in a window, archived and merged ones too."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from connectors.abreast import abreast
from connectors.batching import chunks
from connectors.clock import Time
from connectors.columns import joined
from connectors.errors import Unreachable
from connectors.hubspot.associations import IDS, links
from connectors.hubspot.definitions import Definition, definitions
from connectors.hubspot.search import Finder, next_after
from connectors.hubspot.selection import Row, Selection, page_of, select
from connectors.hubspot.session import Session
from connectors.hubspot.settings import Settings
from connectors.protocol import ObjectQuery, Page, Progress, Window
from connectors.values import as_instant, milliseconds
from scoring.records import Link, Record

PAGE = 100  # of a list, and of a batch read
_LONGEST = 4_000  # characters of properties in an address (HR16); measured limits begin at 8 k

_RUN_KNOWS = 900.0  # seconds that definitions hold: from a run's check to its reading
_DELAY = timedelta(hours=1)  # behind which the search index has caught up (HR07)
_TRIES = 3
_LATE = timedelta(minutes=10)
_LIST_HOLDS = timedelta(days=3)  # how long the place in a list is worth going back to


class Reader:
    """Lists for the first fill, search after that; values always from the primary store.

    Search is behind the truth by a minute, sometimes by far more, so every window is read twice: when it ends, and as
    it was `_DELAY` before (HR04, HR07). Without state, consecutive windows cover everything both times.
    """

    def __init__(self, session: Session, progress: Progress, *, time: Time, settings: Settings) -> None:
        self._session = session
        self._progress = progress
        self._time = time
        self._at_once = settings.calls_at_once
        self._bin_every = timedelta(hours=settings.bin_hours)
        self._round = timedelta(days=settings.round_days)
        self._known: dict[str, tuple[float, Mapping[str, Definition]]] = {}

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        """Archived records first, then live ones: what was restored meanwhile comes last, and is the newer one."""
        selection = self.resolve(query)
        if problems := selection.problems():
            yield Page((), problems)
        yield from self._archived(selection, window)
        if window.start is None:
            yield from self._everything(query, selection, window.end)
        else:
            yield from self._changed(query, selection, window.start, window.end)

    def ids(self, object_: str) -> Iterator[tuple[str, ...]]:
        """The ids of all live records (HR12)."""
        for rows, _ in self._pages(object_, properties=["hs_object_id"]):
            yield tuple(str(row["id"]) for row in rows)

    def refresh(self, query: ObjectQuery, calls: int) -> Iterator[Page]:
        """The next part of a round over the list, whatever the dates say (HR13, HR15): restored records, too."""
        selection = self.resolve(query)
        key = f"hubspot/round/{query.object}"
        held = json.loads(self._progress.get(key) or "{}")
        after, began = held.get("after"), held.get("began")
        if after is None:
            if began and self._time.now() - datetime.fromisoformat(began) < self._round:
                return
            after, began = "", self._time.now().isoformat()
        left = calls

        def go_on(following: str | None, lists: int) -> bool:
            nonlocal left
            self._progress.put(key, json.dumps({"after": following, "began": began}))
            left -= lists + len(query.links)
            return left > 0

        yield from self._listed(query, selection, after or None, go_on)

    def resolve(self, query: ObjectQuery, *, fresh: bool = False) -> Selection:
        """Compare a query with the portal's definitions, read anew by every run's check."""
        return select(query, self._definitions(query.object, fresh=fresh))

    def _definitions(self, object_: str, *, fresh: bool) -> Mapping[str, Definition]:
        now = self._time.monotonic()
        kept = self._known.get(object_)
        if kept is None or fresh or now - kept[0] > _RUN_KNOWS:
            kept = self._known[object_] = (now, definitions(self._session, object_))
        return kept[1]

    def _archived(self, selection: Selection, window: Window) -> Iterator[Page]:
        """HR10: archiving moves no stamp, and search does not see it: list what is in the bin, by `archivedAt`.

        A bin of more than a page is listed every `bin_hours` only, and then for all the time since.
        """
        key = f"hubspot/bin/{selection.object}"
        held = json.loads(self._progress.get(key) or "{}")
        start = window.start
        if start is not None:
            start -= self._bin_every  # in case it is not known how far the bin was read
            if held:
                start = min(start, datetime.fromisoformat(held["until"]))
                due = datetime.fromisoformat(held["listed"]) + self._bin_every
                if held["pages"] > 1 and self._time.now() < due:
                    return
        listed, pages = self._time.now(), 0
        for page, _ in self._pages(selection.object, properties=[selection.stamp], archived=True):
            pages += 1
            records = []
            for row in page:
                archived = as_instant(str(row.get("archivedAt") or ""))
                if isinstance(archived, datetime) and _inside(archived, Window(start, window.end)):
                    records.append(Record(selection.object, str(row["id"]), archived, deleted=True))
            if records:
                yield Page(tuple(records))
        done = {"until": window.end.isoformat(), "listed": listed.isoformat(), "pages": pages}
        self._progress.put(key, json.dumps(done))

    def _everything(self, query: ObjectQuery, selection: Selection, end: datetime) -> Iterator[Page]:
        """Every live record last modified before `end`, by list; taken up again where an earlier run was stopped."""
        names = hashlib.sha256(" ".join([*selection.names, *query.links]).encode()).hexdigest()[:12]
        key = f"hubspot/list/{selection.object}/{names}"
        held = json.loads(self._progress.get(key) or "{}")
        if held and self._time.now() - datetime.fromisoformat(held["began"]) > _LIST_HOLDS:
            held = {}
        began = held.get("began") or self._time.now().isoformat()
        first = datetime.fromisoformat(held["end"]) if held else end

        def go_on(after: str | None, _lists: int) -> bool:
            place = {"after": after, "began": began, "end": first.isoformat()}
            self._progress.put(key, json.dumps(place) if after else None)
            return True

        yield from self._listed(query, selection, held.get("after"), go_on, before=end)
        if held:  # what changed on the pages that the earlier run had read
            yield from self._changed(query, selection, first - _LATE, end)

    def _listed(
        self,
        query: ObjectQuery,
        selection: Selection,
        after: str | None,
        go_on: Callable[[str | None, int], bool],
        *,
        before: datetime | None = None,
    ) -> Iterator[Page]:
        """Listed records, as many at a time as one call for their links takes.

        `go_on` is told the cursor behind them and how many lists they were. Each list is made into records before the
        next one is asked for: rows as they come are far larger.
        """
        too_long = len(urlencode([("properties", name) for name in selection.names])) > _LONGEST  # HR16
        asked = [selection.stamp] if too_long else selection.names
        most = IDS // PAGE if query.links else 1
        pieces: list[Page] = []
        for rows, following in self._pages(selection.object, after=after, properties=asked):
            whole = self._read(selection, [str(row["id"]) for row in rows]) if too_long and rows else rows
            pieces.append(page_of(selection, whole, before=before, linked=bool(query.links)))
            if len(pieces) == most or following is None:
                yield self._linked(query, joined(pieces))
                if not go_on(following, len(pieces)):
                    return
                pieces = []  # let go first: two pages at once do not fit the processor's cache

    def _changed(self, query: ObjectQuery, selection: Selection, start: datetime, end: datetime) -> Iterator[Page]:
        """Records that search says were modified in the window, or in the one before it, with today's values."""

        def search(body: Mapping[str, Any]) -> Row:
            answer: Row = self._session.searches.do_search(selection.object, body)
            return answer

        finder = Finder(search, selection.stamp)
        delayed = (milliseconds(start - _DELAY), milliseconds(min(end - _DELAY, start)))
        found = (id_ for ids in finder.within(delayed, (milliseconds(start), milliseconds(end))) for id_ in ids)

        def read(ids: Sequence[str]) -> Page:
            return page_of(selection, self._read(selection, ids), linked=bool(query.links))

        pages = abreast(read, chunks(found, PAGE), most=self._at_once)
        for pieces in chunks(pages, IDS // PAGE if query.links else 1):
            yield self._linked(query, joined(pieces))

    def _read(self, selection: Selection, ids: Sequence[str]) -> Sequence[Row]:
        """Batch read. An id that is gone since is left out; one merged since answers as its survivor.

        What an answer neither holds nor names as an error is asked for again: less than all is no answer (HW02).
        """
        found: list[Row] = []
        left = list(ids)
        for _ in range(_TRIES):
            answer = self._session.batches.read(
                selection.object, {"properties": selection.names, "inputs": [{"id": id_} for id_ in left]}
            )
            rows = _results(answer)
            found += rows
            errors = answer.get("errors") or ()
            gone = {str(id_) for error in errors for id_ in (error.get("context") or {}).get("ids") or ()}
            accounted = {str(row["id"]) for row in rows} | gone
            # Each stranger among the rows is the survivor of one that was asked for.
            strangers = len([row for row in rows if str(row["id"]) not in left])
            left = [id_ for id_ in left if id_ not in accounted]
            if len(left) <= strangers:
                return found
        raise Unreachable(
            f"HubSpot, batch read of {selection.object}: {len(left)} records are neither read nor said to be gone"
        )

    def _pages(
        self, object_: str, *, after: str | None = None, **options: Any
    ) -> Iterator[tuple[Sequence[Row], str | None]]:
        """Pages of a list and the cursor behind each; the end is where none follows (HR05, HR19)."""
        seen: set[str] = set()
        while True:
            cursor = {"after": after} if after else {}
            answer = self._session.objects.get_page(object_, limit=PAGE, **options, **cursor)
            after = next_after(answer)
            yield _results(answer), after
            if after is None:
                return
            if after in seen:
                raise Unreachable(f"HubSpot, list of {object_}: the cursor {after} came twice (HR28)")
            seen.add(after)

    def _linked(self, query: ObjectQuery, page: Page) -> Page:
        """The same with the links of each living record: an association moves no stamp (HR13)."""
        living = [record for record in page.records if not record.deleted] if query.links else ()
        ids = list(dict.fromkeys(record.id for record in living))
        for to in query.links:
            found = links(self._session, query.object, to, ids)
            for record in living:
                # `page_of` gave each record a place of its own for them: nobody else has seen it yet.
                cast("dict[str, tuple[Link, ...]]", record.links)[to] = found.get(record.id, ())
        return page


def _inside(instant: datetime, window: Window) -> bool:
    return (window.start is None or window.start <= instant) and instant < window.end


def _results(answer: Any) -> Sequence[Row]:
    results = answer.get("results") if isinstance(answer, Mapping) else None
    if not isinstance(results, list):  # HR20: never an empty page in place of a broken answer
        raise Unreachable("HubSpot answered without results")
    return results
