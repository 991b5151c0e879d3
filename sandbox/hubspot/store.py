"""Everything a portal remembers, and the writes that change it, in the portal's own terms (kinds, records, stamps)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sandbox.hubspot import kind as kinds
from sandbox.hubspot.derived import derive
from sandbox.hubspot.errors import Invalid, Refusal
from sandbox.hubspot.index import Index
from sandbox.hubspot.kind import Kind
from sandbox.hubspot.link import Links
from sandbox.hubspot.property import Definition
from sandbox.hubspot.record import Record, Table
from sandbox.hubspot.search import Searcher

Values = Mapping[str, str | None]


class Store:
    """Tables, search indexes and associations of one portal; nobody is asked for permission here."""

    def __init__(self, now: int) -> None:
        self.born = now
        self.kinds = kinds.load(now)
        self.tables = {name: Table(kind) for name, kind in self.kinds.items()}
        self.indexes = {name: Index() for name in self.kinds}
        self.searchers = {name: Searcher(self.tables[name], self.indexes[name]) for name in self.kinds}
        self.links = Links({name: kind.singular for name, kind in self.kinds.items()})
        self._spellings = kinds.spellings(self.kinds)
        # Ids soon get one digit more, so that whoever compares them as text is found out (HR06).
        self._next_id = 9_999_999_951

    def kind(self, word: str) -> Kind | None:
        """The kind that a path names: `deals`, `Deal`, `0-3`."""
        return self._spellings.get(word.lower())

    def table(self, kind: Kind) -> Table:
        """Its records."""
        return self.tables[kind.name]

    def judge(self, kind: Kind, values: Values, *, trusted: bool = False) -> tuple[dict[str, str], list[Invalid]]:
        """The values as they will be kept, and those that are refused. None changes nothing, `""` clears (HW10).

        `trusted` may set what only HubSpot and its integrations set, but neither ids nor stamps.
        """
        kept: dict[str, str] = {}
        refused: list[Invalid] = []
        for name, value in values.items():
            if value is None:
                continue
            verdict = _judge(kind, name, value, trusted=trusted)
            if isinstance(verdict, Invalid):
                refused.append(verdict)
            else:
                kept[name] = verdict
        return kept, refused

    def conflict(self, kind: Kind, values: Mapping[str, str], record: Record | None = None) -> Refusal | None:
        """The first unique value that another record holds already (HW20)."""
        table = self.table(kind)
        for name in table.holders:
            holder = table.holder(name, values.get(name, ""))
            if holder is not None and (record is None or holder != record.id):
                return _conflict(name, values[name], holder, record)
        return None

    def missing(self, kind: Kind, values: Mapping[str, str]) -> list[str]:
        """What a new record must have and has not."""
        return [name for name in kind.required if not values.get(name)]

    def create(
        self, kind: Kind, values: Mapping[str, str], *, stamp: int, source: str, id_: int | None = None
    ) -> Record:
        """A new record of judged values."""
        if id_ is None:
            id_ = self._free_id(kind)
        given = {name: value for name, value in values.items() if value}
        given |= derive(kind.name, None, given, id_=id_, stamp=stamp)
        record = self.table(kind).add(id_, given, stamp=stamp, source=source)
        self.indexes[kind.name].write(record, stamp)
        return record

    def change(self, record: Record, values: Mapping[str, str], *, stamp: int, source: str) -> Record:
        """New values on a record."""
        kind = record.kind
        more = derive(kind.name, record, values, id_=record.id, stamp=stamp)
        changed = self.table(kind).change(record, {**values, **more}, stamp=stamp, source=source)
        self.indexes[kind.name].write(changed, stamp)
        return changed

    def alter(self, record: Record, values: Mapping[str, str], *, stamp: int) -> Record:
        """New values without a new modified stamp; search knows of them after its lag."""
        changed = replace(
            self.table(record.kind).change(record, values, stamp=stamp, source="CALCULATED"), updated=record.updated
        )
        self.table(record.kind).records[record.id] = changed
        self.indexes[record.kind.name].write(changed, stamp)
        return changed

    def archive(self, record: Record, stamp: int) -> None:
        """Into the archive; nothing happens to what is there already."""
        if record.archived is None:
            self.table(record.kind).archive(record, stamp)
            self.indexes[record.kind.name].touch()

    def restore(self, record: Record) -> None:
        """Out of the archive, associations and all."""
        self.table(record.kind).restore(record)
        self.indexes[record.kind.name].touch()

    def merge(self, primary: Record, other: Record, *, stamp: int, source: str) -> Record:
        """One record out of two: the primary keeps its id and its values, gaps are filled from the other."""
        kind = primary.kind
        own = {definition.name for definition in kind.properties.values() if definition.calculated}
        values = {
            name: value
            for name, value in other.properties.items()
            if not primary.properties.get(name) and name not in own
        }
        values |= _traces(primary, other, stamp)
        self.table(kind).absorb(other, primary.id)
        self.links.move(kind.name, other.id, primary.id)
        self.indexes[kind.name].touch()
        return self.change(primary, values, stamp=stamp, source=source)

    def purge(self, record: Record) -> None:
        """Gone for good, from live, archive and every association (HR12)."""
        self.table(record.kind).forget(record)
        self.links.move(record.kind.name, record.id, None)
        self.indexes[record.kind.name].touch()

    def define(self, kind: Kind, definition: Definition) -> None:
        """Add or replace a property; values of an archived one of the same name come back with it."""
        kind.properties[definition.name] = definition
        if definition.unique:
            self.table(kind).holders.setdefault(definition.name, {})
        self.indexes[kind.name].touch()

    def undefine(self, kind: Kind, name: str, stamp: int) -> None:
        """Archive a property."""
        self.define(kind, replace(kind.properties[name], archived=stamp))

    def living_links(self, pair: tuple[Kind, Kind], from_id: int, *, above: int = 0) -> list[tuple[int, Sequence[int]]]:
        """The live records at the other end from id `above` on, in the order of their ids, with their type ids."""
        ends = self.links.of((pair[0].name, pair[1].name), from_id)
        table = self.table(pair[1])
        return [(id_, ends[id_]) for id_ in sorted(ends) if id_ >= above and table.living(id_) is not None]

    def _free_id(self, kind: Kind) -> int:
        table = self.table(kind)
        while self._next_id in table.records or self._next_id in table.survivors:
            self._next_id += 1
        self._next_id += 1
        return self._next_id - 1


def required(kind: Kind, names: Iterable[str]) -> Refusal:
    """400 for a new record that lacks something."""
    return Refusal(
        400,
        f"Error creating {kind.singular.upper()}. Some required properties were not set.",
        category="VALIDATION_ERROR",
        context={"properties": list(names)},
    )


def _judge(kind: Kind, name: str, value: str, *, trusted: bool) -> str | Invalid:
    definition = kind.living(name)
    if definition is None:
        return Invalid(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist', value)
    barred = None if trusted and name not in kind.always else definition.refuse_writing(value)
    if barred is not None:
        return barred
    return definition.judge(value) if value else ""


def _conflict(name: str, value: str, holder: int, record: Record | None) -> Refusal:
    if name == "email":
        return Refusal(409, f"Contact already exists. Existing ID: {holder}", category="CONFLICT")
    who = record.id if record is not None else "a new record"
    message = f"Cannot set {name} to {value} on {who}. {holder} already has that value."
    errors = [{"message": message, "code": "CONFLICTING_UNIQUE_VALUE", "context": {"propertyName": [name]}}]
    return Refusal(400, message, category="VALIDATION_ERROR", errors=errors)


def _traces(primary: Record, other: Record, stamp: int) -> dict[str, str]:
    """What a merge leaves on the survivor: every id that leads to it, and the other's address (HR11)."""
    ids = [*_listed(primary, "hs_merged_object_ids"), *_listed(other, "hs_merged_object_ids"), str(other.id)]
    traces = {"hs_merged_object_ids": ";".join(ids)}
    if primary.kind.name == "contacts":
        vids = [*_listed(primary, "hs_calculated_merged_vids"), *_listed(other, "hs_calculated_merged_vids")]
        traces["hs_calculated_merged_vids"] = ";".join([*vids, f"{other.id}:{stamp}"])
        emails = [*_listed(primary, "hs_additional_emails"), *_listed(other, "hs_additional_emails")]
        if primary.get("email") and other.get("email"):
            emails.append(other.properties["email"])
        if emails:
            traces["hs_additional_emails"] = ";".join(emails)
    return traces


def _listed(record: Record, name: str) -> list[str]:
    return [each for each in record.properties.get(name, "").split(";") if each]
