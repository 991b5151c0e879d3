"""Values on the wire: texts become typed values, or stay visible as `Malformed`; typed values become plain texts."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from scoring.records import Malformed

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_number(text: str) -> Decimal | Malformed:
    """A number as text; HubSpot may group thousands with commas (HR18). `NaN` and infinities are not numbers."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        if not _GROUPED.fullmatch(text):
            return Malformed(text, "a number")
        number = Decimal(text.replace(",", ""))
    return number if number.is_finite() else Malformed(text, "a number")


def as_date(text: str) -> date | Malformed:
    """A civil date `YYYY-MM-DD`; never shifted between time zones."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else Malformed(text, "a date")
    except ValueError:
        return Malformed(text, "a date")


def as_instant(text: str) -> datetime | Malformed:
    """An instant in UTC: `2026-11-22T08:00:00.000+0000` and `…Z` alike (SR32); one without a zone is refused (SR31)."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return Malformed(text, "a date and time")
    return instant.astimezone(UTC) if instant.tzinfo else Malformed(text, "a date and time")


def from_milliseconds(milliseconds: int) -> datetime | Malformed:
    """The instant so many milliseconds after 1970."""
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return Malformed(str(milliseconds), "a date and time")


def milliseconds(instant: datetime) -> int:
    """Whole milliseconds since 1970, floored (HR08); refuses an instant without a zone (SR31)."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone")
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def instant_text(instant: datetime) -> str:
    """UTC with milliseconds and `Z`, floored; both APIs and SOQL take it. Refuses an instant without a zone (SR31)."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant.isoformat()} has no time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def number_text(number: Decimal) -> str:
    """Plain digits, never an exponent (HW09)."""
    return f"{number:f}"
