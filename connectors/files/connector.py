"""A folder of exports behind the seam."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from connectors import protocol
from connectors.clock import Time
from connectors.errors import Fatal
from connectors.files.read import Reader
from connectors.files.results import Results
from connectors.files.settings import Settings
from connectors.files.table import tables
from connectors.findings import readable, unreadable, unready
from connectors.protocol import (
    Account,
    FieldChange,
    FieldSet,
    Finding,
    Level,
    ObjectQuery,
    Outcome,
    OutcomeKind,
    Page,
    Progress,
    SecretStore,
    Update,
    Usage,
    Window,
)
from connectors.validity import invalid


class Connector:
    """CSV files as `connectors.protocol.CrmConnector`: nothing leaves this machine, and the exports stay untouched."""

    def __init__(
        self, settings: Settings, *, time: Time, progress: Progress | None = None, secrets: SecretStore | None = None
    ) -> None:
        del time, progress, secrets  # nothing here waits, is left half done, or is secret
        self._settings = settings
        self._reader = Reader(settings)

    @property
    def settle(self) -> timedelta:
        """A file does not change under our feet."""
        return timedelta(0)

    def account(self) -> Account:
        """The folder."""
        folder = self._settings.folder.resolve()
        if not folder.is_dir():
            raise Fatal(f"{folder} is no folder; put the exports there, one CSV file per object")
        return Account(
            str(folder), folder.name, self._settings.time_zone, self._settings.language, self._settings.currency, True
        )

    def check(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Sequence[Finding]:
        """One finding per object that can be read, and one per file, column or link that is not there."""
        return [
            *(finding for query in queries for finding in self._check_query(query)),
            *unready(fields.object, self.plan_fields(fields)),
        ]

    def inspect(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Sequence[Finding]:
        """Which files there are."""
        del queries, fields
        return [
            Finding(Level.PASS, f"{path} is read as {name}") for name, path in tables(self._settings.folder).items()
        ]

    def columns(self, object_: str) -> Sequence[protocol.Column]:
        """The columns of a file."""
        return [protocol.Column(name, name) for name in self._reader.table(object_).header]

    def kinds(self, object_: str) -> protocol.Column | None:
        """A file says nothing of kinds."""
        del object_
        return None

    def count(self, object_: str, field: str = "", value: str = "") -> int:
        """Rows of a file, or those with that cell."""
        table = self._reader.table(object_)
        place = table.place(field) if field else None
        return sum(place is None or row[place] == value for row in table.rows())

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        """See `read.py`."""
        return self._reader.changes(query, window)

    def ids(self, object_: str) -> Iterator[tuple[str, ...]]:
        """See `read.py`."""
        return self._reader.ids(object_)

    def refresh(self, query: ObjectQuery, *, calls: int) -> Iterator[Page]:
        """Nothing: a row that changes without its date is in the next export, which is read whole."""
        del query, calls
        return iter(())

    def plan_fields(self, fields: FieldSet) -> Sequence[FieldChange]:
        """See `results.py`."""
        return self._results(fields).plan()

    def apply_fields(self, fields: FieldSet) -> Sequence[FieldChange]:
        """See `results.py`."""
        return self._results(fields).apply()

    def remove_fields(self, fields: FieldSet) -> Sequence[str]:
        """See `results.py`."""
        return self._results(fields).remove()

    def write(self, fields: FieldSet, updates: Iterable[Update]) -> Iterator[Outcome]:
        """All updates in one replacement of the results; a record that no export holds alive is gone."""
        living = {id_ for piece in self._reader.ids(fields.object) for id_ in piece}
        kept: dict[str, Update] = {}
        outcomes: list[Outcome] = []
        for update in updates:
            if refusal := invalid(fields, update):
                outcomes.append(refusal)
            elif update.id not in living:
                reason = f"There is no living record of this id in {fields.object}.csv."
                outcomes.append(Outcome(update.id, OutcomeKind.GONE, "NOT_FOUND", reason))
            else:
                earlier = kept.get(update.id)
                if earlier:
                    reason = "A later update of this run takes its place."
                    outcomes.append(Outcome(update.id, OutcomeKind.UNCHANGED, "SUPERSEDED", reason))
                kept[update.id] = Update(update.id, {**(earlier.values if earlier else {}), **update.values})
        self._results(fields).write(kept.values())
        yield from outcomes
        yield from (Outcome(id_, OutcomeKind.WRITTEN) for id_ in kept)

    def usage(self) -> Usage:
        """A file costs no calls."""
        return Usage(0, None, None)

    def close(self) -> None:
        """Nothing is held open."""

    def _check_query(self, query: ObjectQuery) -> Iterator[Finding]:
        try:
            selection = self._reader.resolve(query)
        except Fatal as error:
            yield Finding(Level.FAIL, str(error), "export the object, or take it out of the mapping", query.object)
            return
        yield from unreadable(selection.problems(query.object))
        yield readable(query.object, len(selection.asked), "column", "columns")

    def _results(self, fields: FieldSet) -> Results:
        return Results(self._settings.results, fields, ZoneInfo(self._settings.time_zone))
