"""What a describe says about an object, and the typed values that its fields hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.columns import WHOLE, One, Whole, choices, dates, instants, texts, typed
from connectors.salesforce.ids import id18, ids18
from connectors.values import as_date, as_instant, as_number
from scoring.records import Malformed, Value

_NUMBERS = frozenset({"int", "double", "currency", "percent", "long"})
_IDS = frozenset({"id", "reference"})
_NO_CELLS = frozenset({"address", "location", "base64"})  # SR16: what the Bulk API does not put into a cell
_PEOPLE = frozenset({"User", "Group"})  # owners and authors, never a subject


@dataclass(frozen=True, slots=True)
class Column:
    """One field as this user sees it; a field without read permission is simply not there (SR11)."""

    name: str
    type: str
    updateable: bool
    length: int
    precision: int
    scale: int
    refers_to: tuple[str, ...]
    relationship: str
    options: tuple[str, ...]

    @property
    def has_cells(self) -> bool:
        """Whether the Bulk API can answer it (SR16)."""
        return self.type not in _NO_CELLS

    def value(self, raw: Any) -> Value:
        """Type what the API sent; numbers arrive as `Decimal` or int (SR37)."""
        return None if raw is None else self.json()(raw)

    def values(self, raws: Sequence[Any]) -> Sequence[Value]:
        """Type this field of many rows of REST."""
        one = self.json()
        return typed(raws, one, _WHOLE.get(one))

    def cells(self, column: Sequence[str]) -> Sequence[Value]:
        """Type this field of many rows of a Bulk result; an empty cell is unset."""
        one = self.text()
        return typed([cell or None for cell in column], one, _WHOLE_CELLS.get(one))

    def json(self) -> Callable[[Any], Value]:
        """How to type what REST sent, unless it is null."""
        if self.type in _NUMBERS:
            return _number
        if self.type == "boolean":
            return _truth
        if self.type == "date":
            return _date
        if self.type == "datetime":
            return _instant
        return _id if self.type in _IDS else str

    def text(self) -> Callable[[str], Value]:
        """How to type a cell of a Bulk result: the same values, written another way (SR32)."""
        if self.type in _NUMBERS:
            return as_number
        if self.type == "boolean":
            return _yes_or_no
        if self.type == "date":
            return as_date
        if self.type == "datetime":
            return as_instant
        return id18 if self.type in _IDS else str


@dataclass(frozen=True, slots=True)
class Child:
    """A child relationship: `relationship` is what a sub-query selects from, `field` points back to us."""

    object: str
    field: str
    relationship: str


@dataclass(frozen=True, slots=True)
class Schema:
    """An object as this user sees it, today (SR13)."""

    object: str
    queryable: bool
    updateable: bool
    columns: Mapping[str, Column]
    children: tuple[Child, ...]

    @property
    def stamp(self) -> str:
        """The field that moves with every change; a few objects have only an older kind of it."""
        return next((name for name in ("SystemModstamp", "LastModifiedDate") if name in self.columns), "CreatedDate")

    def child(self, junction: str) -> Child | None:
        """The relationship through which rows of `junction` hang on this object."""
        return next((child for child in self.children if child.object == junction and child.relationship), None)

    def related(self, name: str) -> Column | None:
        """The reference field behind a relationship name: `Who` is `WhoId`."""
        return next((column for column in self.columns.values() if column.relationship == name), None)

    def ends(self, child_field: str) -> tuple[Column, ...]:
        """The other ends of a junction row: its references to something else than the parent, owners and authors."""
        return tuple(
            column
            for column in self.columns.values()
            if column.type == "reference" and column.name != child_field and not set(column.refers_to) <= _PEOPLE
        )


def _number(raw: Any) -> Value:
    is_number = isinstance(raw, int | Decimal) and not isinstance(raw, bool)
    return Decimal(raw) if is_number else Malformed(str(raw), "a number")


def _truth(raw: Any) -> Value:
    return raw if isinstance(raw, bool) else Malformed(str(raw), "yes or no")


def _date(raw: Any) -> Value:
    return as_date(str(raw))


def _instant(raw: Any) -> Value:
    return as_instant(str(raw))


def _id(raw: Any) -> Value:
    return id18(str(raw))


def _yes_or_no(text: str) -> Value:
    return True if text == "true" else False if text == "false" else Malformed(text, "yes or no")


def _numbers(raws: Sequence[Any]) -> Sequence[Value]:
    if not set(map(type, raws)) <= {int, Decimal}:
        raise TypeError("not all are numbers")
    return list(map(Decimal, raws))


def _truths(raws: Sequence[Any]) -> Sequence[Value]:
    if set(map(type, raws)) != {bool}:
        raise TypeError("not all are true or false")
    return raws


# How to type a whole column, by how to type one value of it.
_WHOLE: Mapping[One, Whole] = {
    _number: _numbers,
    _truth: _truths,
    _date: lambda raws: dates(texts(raws)),
    _instant: lambda raws: instants(texts(raws)),
    _id: lambda raws: ids18(texts(raws)),
}
_WHOLE_CELLS: Mapping[One, Whole] = {
    **WHOLE,
    _yes_or_no: choices({"true": True, "false": False}),
    id18: ids18,
}


def read_schema(describe: Mapping[str, Any]) -> Schema:
    """A `Schema` of a describe answer."""
    return Schema(
        object=str(describe["name"]),
        queryable=bool(describe.get("queryable", True)),
        updateable=bool(describe.get("updateable", True)),
        columns={str(field["name"]): _column(field) for field in describe["fields"]},
        children=tuple(
            Child(str(child["childSObject"]), str(child["field"]), str(child.get("relationshipName") or ""))
            for child in describe.get("childRelationships") or ()
        ),
    )


def _column(field: Mapping[str, Any]) -> Column:
    return Column(
        name=str(field["name"]),
        type=str(field["type"]),
        updateable=bool(field.get("updateable")),
        length=int(field.get("length") or 0),
        precision=int(field.get("precision") or 0),
        scale=int(field.get("scale") or 0),
        refers_to=tuple(field.get("referenceTo") or ()),
        relationship=str(field.get("relationshipName") or ""),
        options=tuple(
            str(option["value"]) for option in field.get("picklistValues") or () if option.get("active", True)
        ),
    )
