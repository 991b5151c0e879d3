"""What a field takes: a value from JSON, a CSV cell or Python, turned into what a row holds, or refused."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.salesforce.errors import Refusal, RowError, RowRefusal
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.moment import day, instant, stamp
from sandbox.salesforce.schema import NUMERIC, TEXTUAL, Field

Stored = str | float | bool | None
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_INT_RANGE = 2**31


def accept(field: Field, value: Any) -> Stored:
    """The value as a row holds it: text, number, boolean or None; dates as text (see `moment`).

    Raises `RowRefusal`; `Unreadable` is the one that fails a whole single-row request.
    """
    if value is None or value == "":
        return _nothing(field)
    return _RULES[field.type](field, value)


def _nothing(field: Field) -> Stored:
    if field.type == "boolean":
        raise Unreadable(field, "boolean", None)
    if field.required:
        raise RowRefusal(
            RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field.name}]", (field.name,))
        )
    return None


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise Unreadable(field, "boolean", value)


def _date(field: Field, value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    found = day(value) if isinstance(value, str) else None
    if found is None:
        raise Unreadable(field, "date", value)
    return found.isoformat()


def _datetime(field: Field, value: Any) -> str:
    found = instant(value) if isinstance(value, str) else value
    if not isinstance(found, datetime) or found.tzinfo is None:
        raise Unreadable(field, "datetime", value)
    return stamp(found)


def _number(field: Field, value: Any) -> float:
    kind = "int" if field.type == "int" else "double"
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise Unreadable(field, kind, value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Unreadable(field, kind, value) from None
    if not number.is_finite():
        raise Unreadable(field, kind, value)
    if field.type == "int":
        if number != number.to_integral_value() or abs(number) >= _INT_RANGE:
            raise Unreadable(field, kind, value)
        return int(number)
    if abs(number) >= Decimal(10) ** (field.precision - field.scale):  # precision counts the digits on both sides
        raise RowRefusal(
            RowError(
                "NUMBER_OUTSIDE_VALID_RANGE",
                f"{field.label}: value outside of valid range on numeric field: {value}",
                (field.name,),
            )
        )
    # More decimals than the field has are rounded without a word (SW11).
    return float(number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _id(field: Field, value: Any) -> str:
    found = long_id(value) if isinstance(value, str) else None
    if found is None:
        raise RowRefusal(RowError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", (field.name,)))
    return found


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise Unreadable(field, "string", value)
    if field.length and len(value) > field.length:
        message = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise RowRefusal(RowError("STRING_TOO_LONG", message, (field.name,)))
    if field.restricted and not _listed(field, value):
        message = f"{field.label}: bad value for restricted picklist field: {value}"
        raise RowRefusal(RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, (field.name,)))
    if field.type == "email" and not _EMAIL.fullmatch(value):
        message = f"{field.label}: invalid email address: {value}"
        raise RowRefusal(RowError("INVALID_EMAIL_ADDRESS", message, (field.name,)))
    return value


def _listed(field: Field, value: str) -> bool:
    chosen = value.split(";") if field.type == "multipicklist" else [value]
    return all(choice in field.values for choice in chosen)


_RULES: dict[str, Callable[[Field, Any], Stored]] = {
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    **dict.fromkeys(NUMERIC, _number),
    **dict.fromkeys(("reference", "id"), _id),
    **dict.fromkeys(TEXTUAL, _text),
}
_JSON_KIND = {str: "VALUE_STRING", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", Decimal: "VALUE_NUMBER_FLOAT"}


class Unreadable(RowRefusal):
    """A value of another type than the field's: a single-row call fails as unreadable JSON, in Collections the row."""

    def __init__(self, field: Field, wanted: str, value: Any) -> None:
        message = f"{field.label}: value not of required type: {value}"
        super().__init__(RowError("INVALID_TYPE_ON_FIELD_IN_RECORD", message, (field.name,)))
        self.wanted = wanted
        self.value = value

    def as_request(self) -> Refusal:
        """The JSON reader's refusal of the whole request."""
        if isinstance(self.value, bool):
            seen = f"VALUE_{str(self.value).upper()} value {str(self.value).lower()}"
        elif isinstance(self.value, dict | list):
            seen = "START_OBJECT value {" if isinstance(self.value, dict) else "START_ARRAY value ["
        elif self.value is None:
            seen = "VALUE_NULL value null"
        else:
            seen = f"{_JSON_KIND.get(type(self.value), 'VALUE_STRING')} value {self.value}"
        message = (
            f"Cannot deserialize instance of {self.wanted} from {seen}"
            " or request may be missing a required field at [line:1, column:1]"
        )
        return Refusal(400, "JSON_PARSER_ERROR", message)
