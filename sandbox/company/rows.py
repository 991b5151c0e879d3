"""What a company's history is told in: rows made, rows changed, records linked, each at its own time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

Crm = Literal["salesforce", "hubspot"]


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands for the id that a row gets when it is made; `key` is the row's own word for itself."""

    key: str


Cell: TypeAlias = str | int | float | bool | Ref | None


@dataclass(frozen=True, slots=True)
class Made:
    """A record comes into a CRM. `key` is empty where no other row points to it."""

    at: datetime
    crm: Crm
    object: str
    key: str
    values: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Changed:
    """Some of a record's values change."""

    at: datetime
    crm: Crm
    object: str
    key: str
    values: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Linked:
    """Two HubSpot records are associated. Salesforce has fields for that."""

    at: datetime
    from_object: str
    from_key: str
    to_object: str
    to_key: str
    label: str | None = None


Row: TypeAlias = Made | Changed | Linked
