"""Dates and times as the service writes them; rows hold these texts, which sort as the instants they stand for."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)")


@lru_cache(1 << 12)  # the clock often stands still
def stamp(instant: datetime) -> str:
    """An aware instant as JSON has it: whole seconds, UTC, `2026-11-22T08:00:00.000+0000`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def instant(text: str) -> datetime | None:
    """The instant a text with a zone stands for; None when it is no such text (a naive one is not: SR31)."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def day(text: str) -> date | None:
    """The civil date a text stands for; None when there is no such day."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
