"""Property definitions of an object, and the typed values of its properties (HR18)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
        if raw is None or raw == "":
            return None
        text = str(raw)
        if self.type == "number":
            return as_number(text)
        if self.type == "bool":
            return _BOOLEANS.get(text.lower(), Malformed(text, "yes or no"))
        if self.type == "date":
            # An epoch is midnight UTC of the civil date.
            instant = _epoch(text)
            return instant.date() if isinstance(instant, datetime) else as_date(text)
        if self.type == "datetime":
            return _epoch(text) or as_instant(text)
        return text  # strings; enumerations, a choice of several as `a;b`


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
