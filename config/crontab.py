"""Five fields of a crontab, read as cron reads them: for APScheduler a week begins with Monday, and has no day 7."""

import re
from datetime import UTC

from apscheduler.triggers.cron import CronTrigger

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY = f"[0-7]|{'|'.join(DAYS)}"
_PART = re.compile(rf"(\*|{_DAY})(?:-({_DAY}))?(?:/([1-9]\d?))?")


def trigger(text: str) -> CronTrigger:
    """When cron would run it, in UTC.

    Raises:
        ValueError: these are no five fields of a crontab, or cron would take them for another time than one expects.
    """
    fields = text.split()
    every = [field.startswith("*") for field in fields]
    if every[2::2] == [False, False]:
        raise ValueError("names days of the month and of the week, and cron would run on either; give one of them")
    return CronTrigger.from_crontab(" ".join([*fields[:4], *map(_weekdays, fields[4:])]), timezone=UTC)


def _weekdays(field: str) -> str:
    """The same days by name, which both call the same."""
    if field == "*":
        return field
    days: set[int] = set()
    for part in field.lower().split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part} is no day of the week; write 0 (Sunday) to 6, or sun to sat")
        first, last, step = match.groups()
        begin = 0 if first == "*" else _number(first)
        end = _number(last) if last else 6 if first == "*" or step else begin
        if last and end < begin:
            end += len(DAYS)  # a week may end with a Sunday, as well as begin with one
        days.update(each % len(DAYS) for each in range(begin, end + 1, int(step or 1)))
    return ",".join(DAYS[each] for each in sorted(days))


def _number(day: str) -> int:
    return int(day) if day.isdigit() else DAYS.index(day)
