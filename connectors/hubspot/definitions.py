"""Property definitions of an object, and the typed values of its properties (HR18)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import NoneType
from typing import Any

from connectors.columns import WHOLE, One, Whole, choices, dates, instants, typed
from connectors.hubspot.session import Session
from connectors.values import as_date, as_instant, as_number, from_milliseconds
from scoring.records import Malformed, Value

_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Definition:
    """One property as this portal defines it."""

    name: str
    type: str
    options: tuple[str, ...] = ()

    def value(self, raw: Any) -> Value:
        """Type what the API sent: always a text, `""` and null both unset."""
        return None if raw is None or raw == "" else self._one()(str(raw))

    def values(self, raws: Sequence[Any]) -> Sequence[Value]:
        """Type this property of many records."""
        one = self._one()
        if set(map(type, raws)) - {str, NoneType}:
            raws = [None if raw is None else str(raw) for raw in raws]
        return typed([raw or None for raw in raws], one, _WHOLE.get(one))

    def _one(self) -> Callable[[str], Value]:
        return _ONES.get(self.type, str)  # strings; enumerations, a choice of several as `a;b`


def _truth(text: str) -> Value:
    return _BOOLEANS.get(text.lower(), Malformed(text, "yes or no"))


def _date(text: str) -> Value:
    # An epoch is midnight UTC of the civil date.
    instant = _epoch(text)
    return instant.date() if isinstance(instant, datetime) else as_date(text)


def _instant(text: str) -> Value:
    return _epoch(text) or as_instant(text)


_ONES: Mapping[str, Callable[[str], Value]] = {
    "number": as_number,
    "bool": _truth,
    "date": _date,
    "datetime": _instant,
}
# What is no epoch, and nearly nothing is, is typed as a whole column.
_WHOLE: Mapping[One, Whole] = {**WHOLE, _truth: choices(_BOOLEANS), _date: dates, _instant: instants}


def definitions(session: Session, object_: str) -> Mapping[str, Definition]:
    """The properties of an object by name, as they are today: read at the start of every operation."""
    answer = session.properties.get_all(object_)
    return {
        str(one["name"]): Definition(
            str(one["name"]),
            str(one["type"]),
            tuple(str(option["value"]) for option in one.get("options") or ()),
        )
        for one in answer["results"]
    }


def _epoch(text: str) -> datetime | Malformed | None:
    return from_milliseconds(int(text)) if text.removeprefix("-").isdecimal() else None
