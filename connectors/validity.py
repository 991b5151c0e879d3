"""Validity: whether a value may be sent to one of our fields at all. What fails here is invalid, ours, not theirs."""

from datetime import date, datetime
from decimal import Decimal

from connectors.protocol import Clear, FieldKind, FieldSet, FieldSpec, Outcome, OutcomeKind, Update
from scoring.records import Value

TEXT_LENGTH = 255
LONG_TEXT_LENGTH = 32_768  # the smaller of what a Salesforce long text area and a HubSpot text hold by default


def room(spec: FieldSpec) -> int:
    """How many characters a text field holds."""
    return spec.length or (LONG_TEXT_LENGTH if spec.kind is FieldKind.LONG_TEXT else TEXT_LENGTH)


def misfit(spec: FieldSpec, value: Value | Clear) -> str | None:
    """Why `value` cannot stand in the field, or None if it can."""
    if isinstance(value, Clear):
        return None
    return _JUDGES[spec.kind](spec, value)


def invalid(fields: FieldSet, update: Update) -> Outcome | None:
    """The outcome of an update that must not be sent, or None."""
    specs = {spec.name: spec for spec in fields.fields}
    for name, value in update.values.items():
        why = misfit(specs[name], value) if name in specs else "is not a field of this programme"
        if why:
            return Outcome(update.id, OutcomeKind.INVALID, "INVALID_VALUE", f"{name} {why}; nothing was sent.")
    return None


def _number(places: int, value: Value) -> str | None:
    if not isinstance(value, Decimal) or not value.is_finite():
        return "must be a number"
    if value != round(value, places):
        return f"has more than {places} decimals" if places else "must be a whole number"
    return None


def _text(spec: FieldSpec, value: Value) -> str | None:
    if not isinstance(value, str):
        return "must be a text"
    if len(value) > room(spec):
        return f"has {len(value)} characters, the field holds {room(spec)}"
    return None


def _option(spec: FieldSpec, value: Value) -> str | None:
    allowed = [option for option, _ in spec.options]
    return None if value in allowed else f"must be one of {', '.join(allowed)}"


def _date(_spec: FieldSpec, value: Value) -> str | None:
    return None if isinstance(value, date) and not isinstance(value, datetime) else "must be a date"


def _instant(_spec: FieldSpec, value: Value) -> str | None:
    return None if isinstance(value, datetime) and value.tzinfo else "must be a date and time with its zone"


_JUDGES = {
    FieldKind.DECIMAL: lambda _spec, value: _number(2, value),
    FieldKind.INTEGER: lambda _spec, value: _number(0, value),
    FieldKind.PICKLIST: _option,
    FieldKind.TEXT: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.DATE: _date,
    FieldKind.DATETIME: _instant,
}
