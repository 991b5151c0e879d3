"""Reading exports: every row whose own date lies in the window, typed by what its column holds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from connectors.errors import Fatal
from connectors.files.cells import kind_of, moment, reader
from connectors.files.links import Links
from connectors.files.results import Results
from connectors.files.settings import Settings
from connectors.files.table import IDS, STAMPS, Table, tables
from connectors.protocol import ObjectQuery, Page, Window
from scoring.records import Problem, Record, Value
from scoring.signals import LONGEST_ID

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """The columns of one file that a query asks for, how to type each, and what is missing."""

    table: Table
    id_at: int
    stamp_at: int | None
    deleted_at: int | None
    master_at: int | None
    asked: Mapping[str, tuple[int, Callable[[str], Value]]]
    links: Mapping[str, Links]
    missing: tuple[str, ...]

    def problems(self, object_: str) -> tuple[Problem, ...]:
        """One per thing that was asked for and is not in the file."""
        file = self.table.path.name
        return tuple(
            Problem(object_, "", name, f"is not in {file}", "export it with this column, or take it out of the mapping")
            for name in self.missing
        )


class Reader:
    """Reads the files of a folder, a page of rows in memory at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._zone = ZoneInfo(settings.time_zone)

    def resolve(self, query: ObjectQuery) -> Selection:
        """Compare a query with the files there are. Raises `Fatal` where there is none for its object."""
        table = self.table(query.object)
        id_at = table.place(*IDS)
        if id_at is None:
            raise Fatal(f"{table.path} has no column of ids (one of {', '.join(IDS)}); export it with the record's id")
        places = {name: place for name in query.fields if (place := table.place(name)) is not None}
        links = {name: Links.find(self._settings.folder, query.object, name, table) for name in query.links}
        return Selection(
            table=table,
            id_at=id_at,
            stamp_at=table.place(*STAMPS),
            deleted_at=table.place("IsDeleted", "archived"),
            master_at=table.place("MasterRecordId"),
            asked={name: (place, self._typed(query.object, table, name, place)) for name, place in places.items()},
            links={name: found for name, found in links.items() if found},
            missing=(
                *(name for name in query.fields if name not in places),
                *(name for name, found in links.items() if not found),
            ),
        )

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        """Rows of the window; a row without a date of its own is as old as its file."""
        selection = self.resolve(query)
        if problems := selection.problems(query.object):
            yield Page((), problems)
        ours = Results(self._settings.results, query.ours, self._zone).values() if query.ours else _nothing
        rows = selection.table.rows()
        while chunk := list(islice(rows, _PAGE)):
            read = [self._record(query.object, selection, row, ours) for row in chunk]
            records = [one for one in read if isinstance(one, Record) and _inside(one.modified, window)]
            problems = tuple(one for one in read if isinstance(one, Problem))
            ids = [record.id for record in records]
            ends = {name: links.of(ids) for name, links in selection.links.items()}
            linked = [
                record._replace(links={name: found.get(record.id, ()) for name, found in ends.items()})
                for record in records
            ]
            if linked or problems:
                yield Page(tuple(linked), problems)

    def ids(self, object_: str) -> Iterator[tuple[str, ...]]:
        """The ids of all rows that are not marked as deleted."""
        selection = self.resolve(ObjectQuery(object_, ()))
        rows = selection.table.rows()
        while chunk := list(islice(rows, _PAGE)):
            yield tuple(row[selection.id_at] for row in chunk if not _marked(row, selection.deleted_at))

    def table(self, object_: str) -> Table:
        """The file of an object."""
        path = tables(self._settings.folder).get(object_)
        if path is None:
            raise Fatal(f"there is no {object_}.csv in {self._settings.folder}; export the object, or drop its rules")
        return Table(path)

    def _typed(self, object_: str, table: Table, name: str, place: int) -> Callable[[str], Value]:
        kind = self._settings.types.get(f"{object_}.{name}") or kind_of(name, (row[place] for row in table.rows()))
        return reader(kind, self._zone)

    def _record(
        self, object_: str, selection: Selection, row: Sequence[str], ours: Callable[[str], Mapping[str, Value]]
    ) -> Record | Problem:
        id_ = row[selection.id_at]
        stamp = row[selection.stamp_at] if selection.stamp_at is not None else ""
        modified = moment(stamp, self._zone) if stamp else _age(selection.table)
        width = len(selection.table.header)
        if any(row[width:]):  # from some cell on, each stands under another one's heading
            what = f"has {len(row)} cells under {width} headings"
            cure = f"put a cell that contains a comma in double quotes in {selection.table.path.name}"
            return Problem(object_, id_[:LONGEST_ID], "", what, cure)
        if len(id_) > LONGEST_ID:
            what = f"has an id of {len(id_)} characters, more than {LONGEST_ID}"
            return Problem(object_, id_[:LONGEST_ID], "", what, f"correct the row in {selection.table.path.name}")
        if not id_ or not isinstance(modified, datetime):
            what = "has no id" if not id_ else f"was last changed on {stamp!r}, which is no date"
            return Problem(object_, id_, "", what, f"correct the row in {selection.table.path.name}")
        master = row[selection.master_at] if selection.master_at is not None else ""
        return Record(
            object=object_,
            id=id_,
            modified=modified,
            values={name: read(row[place]) for name, (place, read) in selection.asked.items()},
            ours=ours(id_),
            deleted=_marked(row, selection.deleted_at),
            merged_into=master[:LONGEST_ID] or None,
        )


def _nothing(_id: str) -> Mapping[str, Value]:
    return {}


def _marked(row: Sequence[str], place: int | None) -> bool:
    return place is not None and row[place].lower() in ("true", "1")


def _age(table: Table) -> datetime:
    return datetime.fromtimestamp(table.path.stat().st_mtime, UTC)


def _inside(instant: datetime, window: Window) -> bool:
    return (window.start is None or window.start <= instant) and instant < window.end
