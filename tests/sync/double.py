"""A CRM in memory, for tests of what the sync does with any CRM; it passes nothing on that the seam does not have."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.errors import CrmError
from connectors.protocol import (
    Account,
    Clear,
    FieldAction,
    FieldChange,
    FieldSet,
    Finding,
    ObjectQuery,
    Outcome,
    OutcomeKind,
    Page,
    Update,
    Usage,
    Window,
)  # fmt: skip
from scoring.records import Link, Record
from sync.progress import LedgerProgress

START = datetime(2026, 11, 22, 8, tzinfo=UTC)


@dataclass
class Clock:
    """The one clock of a test."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class MemoryCrm:
    """Records by object and id, with a modification stamp from the test's clock."""

    clock: Clock
    account_id: str = "00D1"
    time_zone: str = "Europe/Paris"
    findings: list[Finding] = field(default_factory=list)
    refuses: dict[str, Outcome] = field(default_factory=dict)
    fails: list[CrmError | None] = field(default_factory=list)  # one for each page to come
    silent: CrmError | None = None  # what signing in ends with
    written: list[Update] = field(default_factory=list)
    page_size: int = 2
    settle: timedelta = timedelta(minutes=10)
    progress: LedgerProgress = field(default_factory=LedgerProgress)

    def __post_init__(self) -> None:
        self._records: dict[str, dict[str, Record]] = {}
        self.calls = 0

    def still(self, object_: str, id_: str, **values: object) -> None:
        """A formula's value moves, and no stamp with it."""
        kept = self._records[object_]
        kept[id_] = kept[id_]._replace(values={**kept[id_].values, **values})

    def put(self, object_: str, id_: str, **values: object) -> None:
        """Create or edit a record; `contacts=[ids]` makes links."""
        kept = self._records.setdefault(object_, {})
        contacts = values.pop("contacts", None)
        before = kept.get(id_)
        links = (
            {"contacts": tuple(Link("contacts", each) for each in contacts)}
            if contacts is not None
            else (before.links if before else {})
        )
        merged = {**(before.values if before else {}), **values}
        kept[id_] = Record(object_, id_, self.clock.now, merged, links, before.ours if before else {})

    def delete(self, object_: str, id_: str, *, into: str | None = None) -> None:
        kept = self._records[object_]
        kept[id_] = kept[id_]._replace(deleted=True, merged_into=into, modified=self.clock.now)

    def vanish(self, object_: str, id_: str) -> None:
        """Purged: no change says so."""
        del self._records[object_][id_]

    def undelete(self, object_: str, id_: str) -> None:
        kept = self._records[object_]
        kept[id_] = kept[id_]._replace(deleted=False, merged_into=None, modified=self.clock.now)

    def edit_ours(self, id_: str, **values: object) -> None:
        """A person edits our fields."""
        kept = self._records["contacts"]
        kept[id_] = kept[id_]._replace(ours={**kept[id_].ours, **values}, modified=self.clock.now)

    def ours(self, id_: str) -> dict[str, object]:
        return dict(self._records["contacts"][id_].ours)

    # The seam.

    def account(self) -> Account:
        if self.silent:
            raise self.silent
        return Account(self.account_id, "A company", self.time_zone, "en", "EUR", is_sandbox=True)

    def check(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Sequence[Finding]:
        return self.findings

    def inspect(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Sequence[Finding]:
        return []

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        found = [
            record
            for record in self._records.get(query.object, {}).values()
            if (window.start is None or record.modified >= window.start) and record.modified < window.end
        ]
        for at in range(0, len(found), self.page_size):
            self.calls += 1
            error = self.fails.pop(0) if self.fails else None
            if error:
                raise error
            yield Page(tuple(found[at : at + self.page_size]))

    def ids(self, object_: str) -> Iterator[tuple[str, ...]]:
        found = [each.id for each in self._records.get(object_, {}).values() if not each.deleted]
        for at in range(0, len(found), self.page_size):
            self.calls += 1
            error = self.fails.pop(0) if self.fails else None
            if error:
                raise error
            yield tuple(found[at : at + self.page_size])

    def refresh(self, query: ObjectQuery, *, calls: int) -> Iterator[Page]:
        found = sorted(self._records.get(query.object, {}).values(), key=lambda record: record.id)
        after = self.progress.get(f"round/{query.object}") or ""
        left = [record for record in found if record.id > after]
        for at in range(0, min(len(left), calls * self.page_size), self.page_size):
            self.calls += 1
            error = self.fails.pop(0) if self.fails else None
            if error:
                raise error
            page = left[at : at + self.page_size]
            yield Page(tuple(page))
            self.progress.put(f"round/{query.object}", page[-1].id)

    def plan_fields(self, fields: FieldSet) -> Sequence[FieldChange]:
        return [FieldChange(each, each.name, FieldAction.KEEP) for each in fields.fields]

    apply_fields = plan_fields

    def write(self, fields: FieldSet, updates: Iterable[Update]) -> Iterator[Outcome]:
        for update in updates:
            self.calls += 1
            if update.id in self.refuses:
                yield self.refuses[update.id]
                continue
            kept = self._records["contacts"]
            if kept[update.id].deleted:
                yield Outcome(update.id, OutcomeKind.GONE, "ENTITY_IS_DELETED")
                continue
            values = {name: None if isinstance(value, Clear) else value for name, value in update.values.items()}
            kept[update.id] = kept[update.id]._replace(ours={**kept[update.id].ours, **values}, modified=self.clock.now)
            self.written.append(update)
            yield Outcome(update.id, OutcomeKind.WRITTEN)

    def usage(self) -> Usage:
        return Usage(self.calls, None, None)

    def close(self) -> None:
        pass
