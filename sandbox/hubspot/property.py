"""Properties: their definitions, and the judgement over a value that somebody wants to write."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.hubspot import moment
from sandbox.hubspot.errors import Invalid, Json

FIELD_TYPES: Mapping[str, frozenset[str]] = {
    "string": frozenset({"text", "textarea", "html", "file", "phonenumber", "calculation_equation"}),
    "number": frozenset({"number", "calculation_equation"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"date"}),
    "bool": frozenset({"booleancheckbox", "calculation_equation"}),
    "enumeration": frozenset({"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"}),
    "phone_number": frozenset({"phonenumber"}),
}
_DAY = 86_400_000
_LONGEST = 65_536
_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)(E[+-]?\d+)?", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@dataclass(frozen=True, slots=True)
class Option:
    """One allowed value of an enumeration; the API speaks internal values only (HW09)."""

    value: str
    label: str
    display_order: int = -1
    hidden: bool = False
    description: str = ""

    def shape(self) -> Json:
        """As answered."""
        return {
            "label": self.label,
            "value": self.value,
            "displayOrder": self.display_order,
            "hidden": self.hidden,
            "description": self.description,
        }


@dataclass(frozen=True, slots=True)
class Definition:
    """What a property is. `created` and `updated` in milliseconds; `archived` likewise, None while it lives."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    options: tuple[Option, ...] = ()
    description: str = ""
    display_order: int = -1
    hidden: bool = False
    form_field: bool = False
    unique: bool = False
    currency: bool = False
    calculated: bool = False
    read_only: bool = False
    hubspot: bool = False
    created: int = 0
    updated: int = 0
    archived: int | None = None
    allowed: frozenset[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed", frozenset(option.value for option in self.options))

    def shape(self) -> Json:
        """As answered by the properties API."""
        shape: Json = {
            "updatedAt": moment.iso(self.updated),
            "createdAt": moment.iso(self.created),
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.shape() for option in self.options],
            "displayOrder": self.display_order,
            "calculated": self.calculated,
            "externalOptions": False,
            "archived": self.archived is not None,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "hubspotDefined": self.hubspot,
            "showCurrencySymbol": self.currency,
            "modificationMetadata": {
                "archivable": not self.hubspot,
                "readOnlyDefinition": self.hubspot,
                "readOnlyOptions": self.hubspot,
                "readOnlyValue": self.read_only,
            },
            "formField": self.form_field,
            "dataSensitivity": "non_sensitive",
        }
        if self.archived is not None:
            shape["archivedAt"] = moment.iso(self.archived)
        return shape

    def judge(self, value: str) -> str | Invalid:
        """The value as it will be kept, or why not. `""` is the caller's business: it clears (HW10)."""
        if self.name == "email" and not _EMAIL.fullmatch(value.strip()):
            return Invalid(self.name, "INVALID_EMAIL", f"Email address {value} is invalid", value)
        return _JUDGES[self.type](self, value)

    def refuse_writing(self, value: str) -> Invalid | None:
        """Why nobody may set this through the API, if so."""
        if not self.read_only:
            return None
        kind = "calculated" if self.calculated else "read only"
        message = f'"{self.name}" is a {kind} property; its value cannot be set.'
        return Invalid(self.name, "READ_ONLY_VALUE", message, value)


def _text(definition: Definition, value: str) -> str | Invalid:
    if len(value) > _LONGEST:
        message = f"{definition.name} was too long: the limit is {_LONGEST}"
        return Invalid(definition.name, "INVALID_STRING", message, value[:100])
    return value


def _number(definition: Definition, value: str) -> str | Invalid:
    if not _NUMBER.fullmatch(value.strip()):  # HW09: no thousands separators, no comma, no currency sign
        return Invalid(definition.name, "INVALID_INTEGER", f"{value} isn't a valid number.", value)
    return format(Decimal(value.strip()), "f")


def _date(definition: Definition, value: str) -> str | Invalid:
    stamp = moment.parse(value.strip())
    if stamp is None:
        return Invalid(definition.name, "INVALID_DATE", f"{value} was not a valid date.", value)
    if stamp % _DAY:
        message = f"{value} is at {moment.iso(stamp)[11:-1]} UTC, not midnight!"
        return Invalid(definition.name, "INVALID_DATE", message, value)
    return moment.iso(stamp)[:10]


def _instant(definition: Definition, value: str) -> str | Invalid:
    stamp = moment.parse(value.strip())
    if stamp is None:
        return Invalid(definition.name, "INVALID_LONG", f"{value} was not a valid long.", value)
    return moment.iso(stamp)


def _choice(definition: Definition, value: str) -> str | Invalid:
    for each in value.split(";") if definition.field_type == "checkbox" else [value]:
        if each not in definition.allowed:
            known = ", ".join(option.value for option in definition.options)
            message = f"{each} was not one of the allowed options: [{known}]"
            return Invalid(definition.name, "INVALID_OPTION", message, value)
    return value


_JUDGES: Mapping[str, Callable[[Definition, str], str | Invalid]] = {
    "string": _text,
    "phone_number": _text,
    "number": _number,
    "date": _date,
    "datetime": _instant,
    "bool": _choice,
    "enumeration": _choice,
}
