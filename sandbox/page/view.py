"""What the page shows, as values that know no CRM: a contact, its properties, our fields on it, its activities."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from babel.dates import format_date


@dataclass(frozen=True, slots=True)
class Amount:
    """Money, in a currency where the record says which."""

    value: Decimal
    currency: str = ""

    def __str__(self) -> str:
        return f"{self.value:,.2f} {self.currency}".strip().replace("-", "\u2212")


@dataclass(frozen=True, slots=True)
class Activity:
    """One line of a contact's history. `kind` is the object's label, `state` what it has come to."""

    on: date
    kind: str
    title: str
    detail: str = ""
    amount: Amount | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it stands on a record: API name, label, the value as stored and as a rep reads it."""

    name: str
    label: str
    value: str
    shown: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A contact in the list of both CRMs."""

    crm: str
    path: str
    name: str
    email: str
    coefficient: str = ""
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact opened: who, its own fields in the CRM's order, ours, and what happened, newest first."""

    crm: str
    id: str
    name: str
    headline: tuple[tuple[str, str], ...]
    fields: tuple[Field, ...]
    ours: tuple[Field, ...]
    activities: tuple[Activity, ...]
    deleted: bool = False


def day(on: date, language: str = "en") -> str:
    """A date as a rep reads it: 3 Jun 2025, 3 juin 2025."""
    return format_date(on, "d MMM y", locale=language)


def moment(at: datetime, language: str = "en") -> str:
    """A time likewise, in UTC: 22 Nov 2026, 08:00 UTC."""
    return f"{day(at.date(), language)}, {at:%H:%M} UTC"


def decimals(text: str, language: str) -> str:
    """A number with the sign that the language puts before its decimals."""
    return text.replace(".", ",") if language == "fr" else text


def initials(name: str) -> str:
    """At most two letters for the picture that a contact does not have."""
    letters = [word[0] for word in name.split() if word[0].isalpha()]
    return "".join([letters[0], letters[-1]][: len(letters)]).upper() if letters else "?"


def two_decimals(text: str) -> str:
    """A coefficient as it is always written, whatever the CRM keeps: HubSpot drops a zero at the end."""
    try:
        return f"{Decimal(text):.2f}"
    except InvalidOperation:
        return text
