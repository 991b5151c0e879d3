"""Search: filters compiled into predicates over records, and the ids that they leave."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from sandbox.hubspot import moment
from sandbox.hubspot.errors import Refusal, validation
from sandbox.hubspot.record import Record

if TYPE_CHECKING:
    from sandbox.hubspot.bodies import Filter, Search
    from sandbox.hubspot.index import Index
    from sandbox.hubspot.kind import Kind
    from sandbox.hubspot.property import Definition
    from sandbox.hubspot.record import Table

MOST_GROUPS, MOST_IN_GROUP, MOST_FILTERS = 5, 10, 25
MOST_PER_PAGE = 200
DEEPEST = 10_000  # HR01: no page may reach beyond this many results

Predicate = Callable[[Record], bool]
Reader = Callable[[Record], Any]
_WORD = re.compile(r"[\w*]+")


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: all of it, in the order asked for."""

    total: int
    records: Sequence[Record]

    def shuffled(self, seed: int) -> Found:
        """The same in an order of its own, which is the same every time: the pages of it fit together."""
        records = list(self.records)
        Random(seed).shuffle(records)  # noqa: S311 - no secret hangs on it
        return Found(self.total, records)


class Searcher:
    """Searches one table through its index. The last answer is kept, so that its pages cost one search."""

    def __init__(self, table: Table, index: Index) -> None:
        self._table = table
        self._index = index
        self._last: tuple[object, Found] | None = None

    def find(self, search: Search) -> Found:
        """Everything that fits; raises Refusal for what the service would refuse."""
        key = (self._index.version, search.model_dump_json(exclude={"after", "limit", "properties"}))
        if self._last is None or self._last[0] != key:
            self._last = (key, self._search(search))
        return self._last[1]

    def _search(self, search: Search) -> Found:
        _within_limits(search)
        kind = self._table.kind
        groups = [[_predicate(kind, each) for each in group] for group in search.groups()]
        low, high = _window(kind, search.groups())
        words = search.query.lower() if search.query else None
        present = self._table.records
        records = [
            record
            for record in self._index.window(low, high)
            # Search never answers what is archived, merged away or purged, however old its index is.
            if (now := present.get(record.id)) is not None
            and now.archived is None
            and (not groups or any(all(fits(record) for fits in group) for group in groups))
            and (words is None or _mentions(record, words))
        ]
        records.sort(key=_by_id)
        for rule in search.sorting():
            read = _reader(_known(kind, rule.property_name), kind)
            known = [record for record in records if read(record) is not None]
            known.sort(key=read, reverse=rule.direction == "DESCENDING")
            records = known + [record for record in records if read(record) is None]
        return Found(len(records), records)


def _within_limits(search: Search) -> None:
    groups = search.groups()
    if len(groups) > MOST_GROUPS:
        raise validation(
            f"Invalid input JSON: too many filterGroups (count: {len(groups)}, max allowed: {MOST_GROUPS})"
        )
    for group in groups:
        if len(group) > MOST_IN_GROUP:
            raise validation(
                f"Invalid input JSON: too many filters (count: {len(group)}, max allowed: {MOST_IN_GROUP})"
            )
    in_all = sum(map(len, groups))
    if in_all > MOST_FILTERS:
        raise validation(f"Invalid input JSON: too many filters in all (count: {in_all}, max allowed: {MOST_FILTERS})")
    if len(search.sorting()) > 1:
        raise validation("Invalid input JSON: only one sort can be applied")


def _by_id(record: Record) -> int:
    return record.id


def _mentions(record: Record, words: str) -> bool:
    return any(words in (record.get(name) or "").lower() for name in record.kind.default)


def _known(kind: Kind, name: str) -> Definition:
    definition = kind.living(name)
    if definition is None:
        raise Refusal(400, "There was a problem with the request.")
    return definition


def _reader(definition: Definition, kind: Kind) -> Reader:
    """How to read a property as something that compares; None when unset."""
    if definition.name == kind.modified:
        return lambda record: record.updated
    if definition.name == kind.created:
        return lambda record: record.created
    if definition.name == "hs_object_id":
        return lambda record: record.id  # HR06: ids are numbers
    return partial(_read, definition)


def _read(definition: Definition, record: Record) -> Any:
    value = record.get(definition.name)
    return None if value is None else _comparable(definition, value)


def _comparable(definition: Definition, text: str) -> Any:
    if definition.type == "number":
        try:
            return Decimal(text)
        except InvalidOperation:
            raise Refusal(400, "There was a problem with the request.") from None
    if definition.type in ("date", "datetime"):
        stamp = moment.parse(text)
        if stamp is None:
            raise Refusal(400, "There was a problem with the request.")
        return stamp
    return text if definition.type in ("bool", "enumeration") else text.lower()


def _predicate(kind: Kind, given: Filter) -> Predicate:
    definition = _known(kind, given.property_name)
    return _OPERATORS[given.operator](_reader(definition, kind), definition, given)


def _one(definition: Definition, value: str | None) -> Any:
    if value is None:
        raise Refusal(400, "There was a problem with the request.")
    return _comparable(definition, value)


def _comparison(holds: Callable[[Any, Any], bool], read: Reader, definition: Definition, given: Filter) -> Predicate:
    wanted = _one(definition, given.value)
    return lambda record: (value := read(record)) is not None and holds(value, wanted)


def _not_equal(read: Reader, definition: Definition, given: Filter) -> Predicate:
    wanted = _one(definition, given.value)
    return lambda record: read(record) != wanted


def _between(read: Reader, definition: Definition, given: Filter) -> Predicate:
    low, high = _one(definition, given.value), _one(definition, given.high_value)
    return lambda record: (value := read(record)) is not None and low <= value <= high


def _among(inside: bool, read: Reader, definition: Definition, given: Filter) -> Predicate:  # noqa: FBT001 - bound below
    if not given.values:
        raise Refusal(400, "There was a problem with the request.")
    # Texts are compared in lower case, but these values as they came: one with capitals fits nothing.
    text = definition.type in ("string", "phone_number")
    wanted = set(given.values) if text else {_comparable(definition, each) for each in given.values}
    return lambda record: (read(record) in wanted) is inside


def _known_value(read: Reader, _definition: Definition, _given: Filter) -> Predicate:
    return lambda record: read(record) is not None


def _no_value(read: Reader, _definition: Definition, _given: Filter) -> Predicate:
    return lambda record: read(record) is None


def _token(contains: bool, read: Reader, definition: Definition, given: Filter) -> Predicate:  # noqa: FBT001 - bound below
    wanted = _WORD.findall(str(_one(definition, given.value)).lower())

    def fits(record: Record) -> bool:
        words = _WORD.findall(str(read(record) or "").lower())
        return all(any(fnmatchcase(word, each) for word in words) for each in wanted) is contains

    return fits


_OPERATORS: Mapping[str, Callable[[Reader, Definition, Filter], Predicate]] = {
    "EQ": partial(_comparison, lambda value, wanted: value == wanted),
    "NEQ": _not_equal,
    "LT": partial(_comparison, lambda value, wanted: value < wanted),
    "LTE": partial(_comparison, lambda value, wanted: value <= wanted),
    "GT": partial(_comparison, lambda value, wanted: value > wanted),
    "GTE": partial(_comparison, lambda value, wanted: value >= wanted),
    "BETWEEN": _between,
    "IN": partial(_among, True),
    "NOT_IN": partial(_among, False),
    "HAS_PROPERTY": _known_value,
    "NOT_HAS_PROPERTY": _no_value,
    "CONTAINS_TOKEN": partial(_token, True),
    "NOT_CONTAINS_TOKEN": partial(_token, False),
}


def _window(kind: Kind, groups: Sequence[Sequence[Filter]]) -> tuple[int | None, int | None]:
    """Between which modified stamps every match must lie: the predicates decide, this only spares looking."""
    if not groups:
        return None, None
    lows, highs = zip(*(_bounds(kind, group) for group in groups), strict=True)
    return (
        None if None in lows else min(low for low in lows if low is not None),
        None if None in highs else max(high for high in highs if high is not None),
    )


def _bounds(kind: Kind, group: Sequence[Filter]) -> tuple[int | None, int | None]:
    low: int | None = None
    high: int | None = None
    for given in group:
        if given.property_name != kind.modified:
            continue
        value = moment.parse(given.value or "")
        if given.operator in ("EQ", "GT", "GTE", "BETWEEN") and value is not None:
            low = value if low is None else max(low, value)
        top = moment.parse(given.high_value or "") if given.operator == "BETWEEN" else value
        if given.operator in ("EQ", "LT", "LTE", "BETWEEN") and top is not None:
            high = top if high is None else min(high, top)
    return low, high
