"""Records of one kind: a value per state of a record, and the table that keeps the present ones."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.hubspot import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.hubspot.kind import Kind


@dataclass(frozen=True, slots=True)
class Change:
    """One write: when, through what, and which properties it set (`""` = cleared)."""

    stamp: int
    source: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """One state of a record, never altered: the search index may still hold an older one (HR07). Stamps in ms."""

    kind: Kind
    id: int
    created: int
    updated: int
    properties: Mapping[str, str]
    log: tuple[Change, ...]
    archived: int | None = None

    def get(self, name: str) -> str | None:
        """The value of a property as text, the stamps and the id among them; None when unset."""
        value = self.properties.get(name)
        if value is not None:
            return value
        if name == "hs_object_id":
            return str(self.id)
        if name == self.kind.modified:
            return moment.iso(self.updated)
        return moment.iso(self.created) if name == self.kind.created else None

    def history(self, name: str) -> Iterator[tuple[Change, str]]:
        """Every write that set this property, newest first, with the value it set."""
        for change in reversed(self.log):
            if name in change.values:
                yield change, change.values[name]


class Table:
    """The records of one kind: ids in order, merged ids, and who holds a value that must be unique."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.records: dict[int, Record] = {}
        self.live: list[int] = []
        self.archived: list[int] = []
        self.survivors: dict[int, int] = {}
        self.holders: dict[str, dict[str, int]] = {"email": {}} if kind.name == "contacts" else {}

    def find(self, id_: str | int) -> Record | None:
        """The record of this id, live or archived; an id that was merged away answers its survivor (HR11, HW19)."""
        if isinstance(id_, str):
            if not id_.isascii() or not id_.isdigit():
                return None
            id_ = int(id_)
        while id_ in self.survivors:
            id_ = self.survivors[id_]
        return self.records.get(id_)

    def living(self, id_: str | int) -> Record | None:
        """The same, unless it is archived."""
        record = self.find(id_)
        return record if record is not None and record.archived is None else None

    def holder(self, name: str, value: str) -> int | None:
        """Which record holds this value of a unique property; letter case does not count."""
        return self.holders.get(name, {}).get(value.strip().lower())

    def add(self, id_: int, values: Mapping[str, str], *, stamp: int, source: str) -> Record:
        """A new record; the caller has judged the values."""
        record = Record(self.kind, id_, stamp, stamp, values, (Change(stamp, source, values),))
        self.records[id_] = record
        _insert(self.live, id_)
        self._hold(record)
        return record

    def change(self, record: Record, values: Mapping[str, str], *, stamp: int, source: str) -> Record:
        """New values; `""` clears. What only HubSpot calculates does not move the modified stamp (HR15)."""
        properties = {**record.properties, **values}
        for name, value in values.items():
            if not value:
                del properties[name]
        by_hand = any(not self.kind.properties[name].calculated for name in values)
        changed = replace(
            record,
            properties=properties,
            updated=stamp if by_hand else record.updated,
            log=(*record.log, Change(stamp, source, values)),
        )
        self._release(record)
        self.records[record.id] = changed
        self._hold(changed)
        return changed

    def archive(self, record: Record, stamp: int) -> None:
        """Out of sight, for ninety days in the archive; the modified stamp stays (HR10)."""
        self._release(record)
        self.records[record.id] = replace(record, archived=stamp)
        _remove(self.live, record.id)
        _insert(self.archived, record.id)

    def restore(self, record: Record) -> None:
        """Back from the archive."""
        self.records[record.id] = replace(record, archived=None)
        _remove(self.archived, record.id)
        _insert(self.live, record.id)
        self._hold(record)

    def absorb(self, loser: Record, survivor: int) -> None:
        """The loser's id and unique values lead to the survivor from now on; it is in no list any more."""
        self.forget(loser)
        self.survivors[loser.id] = survivor
        for name, holders in self.holders.items():
            value = loser.properties.get(name)
            if value:
                holders.setdefault(value.lower(), survivor)

    def forget(self, record: Record) -> None:
        """Gone from live, archived and unique values alike (HR12); ids merged into it lead nowhere."""
        self._release(record)
        del self.records[record.id]
        _remove(self.live if record.archived is None else self.archived, record.id)

    def _hold(self, record: Record) -> None:
        for name, holders in self.holders.items():
            value = record.properties.get(name)
            if value:
                holders[value.lower()] = record.id

    def _release(self, record: Record) -> None:
        for name, holders in self.holders.items():
            value = record.properties.get(name)
            if value and holders.get(value.lower()) == record.id:
                del holders[value.lower()]


def _insert(ids: list[int], id_: int) -> None:
    if not ids or ids[-1] < id_:
        ids.append(id_)
    else:
        insort(ids, id_)


def _remove(ids: list[int], id_: int) -> None:
    del ids[bisect_left(ids, id_)]
