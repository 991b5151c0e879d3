"""What connectors deliver and mappings judge: a row of a CRM object, as a value that knows no CRM.

Values have been typed by the connector from the CRM's own schema, so that a rule never parses text:
`Decimal` for every number and amount, `date` for date-only fields (never shifted), aware UTC `datetime` for instants,
`bool`, `str` (picklists: the internal value), `None` for unset. What could not be typed stays visible as `Malformed`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias


@dataclass(frozen=True, slots=True)
class Malformed:
    """A value that is not what its field's type promises: an impossible date, a number that is text."""

    text: str
    expected: str  # "a date", "a number"


Value: TypeAlias = str | Decimal | bool | date | datetime | Malformed | None
NOTHING: Mapping[str, Any] = MappingProxyType({})


_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
_UNKEPT = dict.fromkeys([0, *range(0xD800, 0xE000)], _UNREADABLE)  # NUL, and halves of letters


def kept(text: str) -> str:
    """A text as databases keep it: a NUL, or half a letter that a CRM cut in two, becomes the sign for unreadable."""
    return text.translate(_UNKEPT)


def is_address(text: str) -> bool:
    """Whether this can be an e-mail address: enough to tell a slip, no more."""
    name, at, host = text.strip().partition("@")
    return bool(name and at and "." in host and not host.startswith(".") and " " not in name + host and "@" not in host)


class Link(NamedTuple):
    """One end of an association as the CRM reports it: the other record, and in which role it stands there."""

    object: str
    id: str
    labels: tuple[str, ...] = ()
    primary: bool = False


class Record(NamedTuple):
    """A row of a CRM object as read. A tuple, because they come by the million and are made a page at a time.

    `deleted` covers deleted, archived and merged away; `merged_into` is the survivor's id where there is one.
    `ours` holds the values of our own fields found on the record, by their neutral name (`coefficient`, `tier`).
    """

    object: str
    id: str
    modified: datetime
    values: Mapping[str, Value] = NOTHING
    links: Mapping[str, tuple[Link, ...]] = NOTHING
    ours: Mapping[str, Value] = NOTHING
    deleted: bool = False
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A bad row, as a value: what, where and what to do now. It never stops the other rows."""

    object: str
    id: str
    field: str
    what: str
    cure: str
