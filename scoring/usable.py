"""Values of a record's fields as a rule can use them: what it cannot is a problem with its cure, never a guess."""

from datetime import date, datetime, tzinfo
from decimal import Decimal

from scoring.records import Malformed, Record, Value, kept

EARLIEST = date(1900, 1, 1)
LATEST = date(2199, 12, 31)


class UnusableError(Exception):
    """A field holds something that no rule can use."""

    def __init__(self, field: str, what: str, cure: str) -> None:
        super().__init__(what)
        self.field, self.what, self.cure = field, what, cure


def usable(field: str, value: Value) -> Value:
    """The value; raises `UnusableError` for one that is not of its field's type."""
    if isinstance(value, Malformed):
        raise UnusableError(field, f"{field} is {value.text!r}, not {value.expected}", "correct the field in the CRM")
    if isinstance(value, Decimal) and not value.is_finite():  # comparing with it would raise, or be false for ever
        raise UnusableError(field, f"{field} is {value}, not a number", "correct the field in the CRM")
    return value


def number_of(field: str, value: object) -> Decimal:
    """A number; raises `UnusableError` for anything else."""
    if isinstance(value, bool) or not isinstance(value, Decimal):
        raise UnusableError(field, f"{field} is {str(value)!r}, not a number", "map a number field")
    return value


def text_of(record: Record, field: str, most: int | None = None) -> str:
    """A field as text, empty where it has none; raises `UnusableError` for more than `most` characters."""
    value = usable(field, record.values.get(field)) if field else None
    text = "" if value is None else kept(str(value))
    if most is not None and len(text) > most:
        what = f"{field} has {len(text)} characters, more than {most}"
        raise UnusableError(field, what, "correct the field in the CRM, or map another one")
    return text


def day_of(record: Record, field: str, zone: tzinfo) -> date | None:
    """A civil day, that of an instant in `zone`; raises `UnusableError` for none that can be."""
    value = usable(field, record.values.get(field))
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        value = value.astimezone(zone).date()
    if not isinstance(value, date):
        raise UnusableError(field, f"{field} is {str(value)!r}, not a date", "map a date field")
    if not EARLIEST <= value <= LATEST:
        raise UnusableError(field, f"{field} is {value.isoformat()}, which cannot be", "correct the field in the CRM")
    return value
