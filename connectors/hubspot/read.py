"""Reading: every record of an object that changed in a window, archived and merged ones too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlencode

from connectors.errors import Unreachable
from connectors.hubspot.associations import IDS, links
from connectors.hubspot.definitions import Definition, definitions
from connectors.hubspot.names import property_name
from connectors.hubspot.search import Finder, next_after
from connectors.hubspot.session import Session
from connectors.protocol import ObjectQuery, Page, Window
from connectors.values import as_instant, milliseconds
from scoring.records import Link, Problem, Record

PAGE = 100  # of a list, and of a batch read
_LONGEST = 4_000  # characters of properties in an address (HR16); measured limits begin at 8 k
_MERGED = ("hs_merged_object_ids", "hs_calculated_merged_vids")  # HR11

T = TypeVar("T")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Properties of one object that can be read today, our own among them, and what is missing."""

    object: str
    stamp: str
    asked: Mapping[str, Definition]
    ours: Mapping[str, Definition]
    merged: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Everything to ask for."""
        own = [definition.name for definition in self.ours.values()]
        return list(dict.fromkeys([self.stamp, *self.merged, *self.asked, *own]))

    def problems(self) -> tuple[Problem, ...]:
        """One per property that was asked for and is not there: HubSpot would silently leave it out (HR22)."""
        return tuple(
            Problem(
                self.object,
                "",
                name,
                "does not exist in this portal, or the token may not read it",
                "create it, or take it out of the mapping",
            )
            for name in self.missing
        )


class Reader:
    """Lists for the first fill, search after that; values always from the primary store."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        """Archived records first, then live ones: what was restored meanwhile comes last, and is the newer one."""
        selection = self.resolve(query)
        if problems := selection.problems():
            yield Page((), problems)
        yield from self._archived(selection, window)
        rows = self._listed(selection, window.end) if window.start is None else self._found(selection, window)
        for chunk in chunks(rows, IDS if query.links else PAGE):
            yield self._page(query, selection, chunk)

    def resolve(self, query: ObjectQuery) -> Selection:
        """Compare a query with the portal's definitions, read anew."""
        known = definitions(self._session, query.object)
        stamp = "lastmodifieddate" if query.object in ("contacts", "0-1") else "hs_lastmodifieddate"  # HR09
        return Selection(
            object=query.object,
            stamp=stamp,
            asked={name: known[name] for name in query.fields if name in known},
            ours={
                spec.name: known[name]
                for spec in (query.ours.fields if query.ours else ())
                if query.ours and (name := property_name(query.ours.prefix, spec.name)) in known
            },
            merged=tuple(name for name in _MERGED if name in known),
            missing=tuple(name for name in query.fields if name not in known),
        )

    def _archived(self, selection: Selection, window: Window) -> Iterator[Page]:
        """HR10: archiving moves no stamp, and search does not see it: list what is in the bin, by `archivedAt`."""
        for page in self._pages(selection.object, properties=[selection.stamp], archived=True):
            records = []
            for row in page:
                archived = as_instant(str(row.get("archivedAt") or ""))
                if isinstance(archived, datetime) and _inside(archived, window):
                    records.append(Record(selection.object, str(row["id"]), archived, deleted=True))
            if records:
                yield Page(tuple(records))

    def _listed(self, selection: Selection, end: datetime) -> Iterator[Row]:
        """Every live record last modified before `end`."""
        names = selection.names
        too_long = len(urlencode([("properties", name) for name in names])) > _LONGEST
        for page in self._pages(selection.object, properties=[selection.stamp] if too_long else names):
            rows = self._read(selection, [str(row["id"]) for row in page]) if too_long else page
            for row in rows:
                modified = _modified(selection, row)
                if not isinstance(modified, datetime) or modified < end:
                    yield row

    def _found(self, selection: Selection, window: Window) -> Iterator[Row]:
        """Records that search says were modified in the window, with the values they have now."""
        if window.start is None:
            return

        def search(body: Mapping[str, Any]) -> Row:
            answer: Row = self._session.searches.do_search(selection.object, body)
            return answer

        finder = Finder(search, selection.stamp)
        for ids in finder.ids(milliseconds(window.start), milliseconds(window.end)):
            for some in chunks(ids, PAGE):
                yield from self._read(selection, some)

    def _read(self, selection: Selection, ids: Sequence[str]) -> Sequence[Row]:
        """Batch read. An id that is gone since is left out; one merged since answers as its survivor."""
        answer = self._session.batches.read(
            selection.object, {"properties": selection.names, "inputs": [{"id": id_} for id_ in ids]}
        )
        return _results(answer)

    def _pages(self, object_: str, **options: Any) -> Iterator[Sequence[Row]]:
        """Pages of a list; the end is where no cursor follows (HR05, HR19)."""
        after: str | None = None
        seen: set[str] = set()
        while True:
            cursor = {"after": after} if after else {}
            answer = self._session.objects.get_page(object_, limit=PAGE, **options, **cursor)
            yield _results(answer)
            after = next_after(answer)
            if after is None:
                return
            if after in seen:
                raise Unreachable(f"HubSpot, list of {object_}: the cursor {after} came twice (HR28)")
            seen.add(after)

    def _page(self, query: ObjectQuery, selection: Selection, rows: Sequence[Row]) -> Page:
        """Rows as records, with their links: an association moves no stamp, so links are read with each (HR13)."""
        ids = [str(row["id"]) for row in rows]
        ends = {to: links(self._session, query.object, to, ids) for to in query.links}
        records: list[Record] = []
        problems: list[Problem] = []
        for row in rows:
            id_ = str(row["id"])
            one = _record(selection, row, {to: ends[to].get(id_, ()) for to in query.links})
            if isinstance(one, Problem):
                problems.append(one)
            else:
                records += [*absorbed(one, row.get("properties") or {}), one]
        return Page(tuple(records), tuple(problems))


def absorbed(survivor: Record, properties: Mapping[str, Any]) -> Iterator[Record]:
    """The records that were merged into this one (HR11): `12;15`, or `12:1669000000000;15:…` for contacts."""
    ids = {part.partition(":")[0].strip() for name in _MERGED for part in str(properties.get(name) or "").split(";")}
    for id_ in sorted(ids - {"", survivor.id}, key=lambda text: (len(text), text)):
        yield Record(survivor.object, id_, survivor.modified, deleted=True, merged_into=survivor.id)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size`, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _record(selection: Selection, row: Row, ends: Mapping[str, tuple[Link, ...]]) -> Record | Problem:
    properties = row.get("properties") or {}
    modified = _modified(selection, row)
    if not isinstance(modified, datetime):
        return Problem(selection.object, str(row["id"]), selection.stamp, "is no date and time", "look at the record")
    return Record(
        object=selection.object,
        id=str(row["id"]),
        modified=modified,
        values={name: definition.value(properties.get(name)) for name, definition in selection.asked.items()},
        links=ends,
        ours={name: definition.value(properties.get(definition.name)) for name, definition in selection.ours.items()},
    )


def _modified(selection: Selection, row: Row) -> Any:
    text = (row.get("properties") or {}).get(selection.stamp) or row.get("updatedAt") or ""
    return Definition(selection.stamp, "datetime").value(text)


def _inside(instant: datetime, window: Window) -> bool:
    return (window.start is None or window.start <= instant) and instant < window.end


def _results(answer: Any) -> Sequence[Row]:
    results = answer.get("results") if isinstance(answer, Mapping) else None
    if not isinstance(results, list):  # HR20: never an empty page in place of a broken answer
        raise Unreachable("HubSpot answered without results")
    return results
