"""Instants as the portal keeps and shows them: whole milliseconds since 1970, ISO text at the border."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DIGITS = re.compile(r"-?\d{1,15}")


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds of an aware instant; what is finer is cut off (HR08)."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs its zone, such as 2026-11-22T08:00:00Z")
    return (moment - _EPOCH) // _MILLISECOND


@lru_cache(1 << 16)  # every answer has the same few stamps again and again
def iso(stamp: int) -> str:
    """As the service writes it: three digits of fraction, or none at all when they would be zero."""
    moment = _EPOCH + stamp * _MILLISECOND
    return f"{moment.isoformat(timespec='milliseconds' if stamp % 1000 else 'seconds').removesuffix('+00:00')}Z"


def parse(text: str) -> int | None:
    """Milliseconds of what the service takes for an instant: epoch milliseconds, ISO 8601 or a date; else None."""
    if _DIGITS.fullmatch(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        if not _DATE.fullmatch(text):
            return None
        moment = moment.replace(tzinfo=UTC)
    return milliseconds(moment)
