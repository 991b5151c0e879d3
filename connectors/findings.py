"""Findings: what a check says of problems with reading, and of our own fields that are not ready."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime

from connectors.protocol import FieldAction, FieldChange, Finding, Level, Usage
from connectors.quota import CEILING
from scoring.records import Problem

_SKEW = 60  # seconds; a JWT assertion is refused beyond three minutes


def unreadable(problems: Iterable[Problem]) -> Iterator[Finding]:
    """A failure for each thing that was asked for and cannot be read (SR11, HR22)."""
    for problem in problems:
        what = f"{problem.object}.{problem.field} {problem.what}"
        yield Finding(Level.FAIL, what, problem.cure, problem.object, problem.field)


def readable(object_: str, count: int, one: str, several: str) -> Finding:
    """That an object and this many of its fields can be read."""
    return Finding(Level.PASS, f"{object_}: {count} {one if count == 1 else several} can be read", object=object_)


def unready(object_: str, plan: Iterable[FieldChange]) -> Iterator[Finding]:
    """A failure for each of our fields that could not be written as it stands."""
    for change in plan:
        if change.action is FieldAction.KEEP:
            continue
        cure = (
            "rename or delete that field in the CRM, then run `bonus-malus fields apply`"
            if change.action is FieldAction.CONFLICT
            else "run `bonus-malus fields apply`"
        )
        what = f"our field {change.api_name} of {object_} is not ready: {change.detail}"
        yield Finding(Level.FAIL, what, cure, object_, change.api_name)


def clock(date_header: str, now: datetime) -> Finding:
    """How far this machine's clock is from the vendor's, as the Date of its last answer says (whole seconds)."""
    if not date_header:
        return Finding(Level.WARN, "the CRM does not say what time it is", "compare this machine's clock by hand")
    skew = int((now - parsedate_to_datetime(date_header)).total_seconds())
    if abs(skew) <= _SKEW:
        return Finding(Level.PASS, f"clock within {_SKEW} seconds of the CRM's")
    way = "ahead of" if skew > 0 else "behind"
    return Finding(
        Level.FAIL,
        f"this machine's clock is {abs(skew)} seconds {way} the CRM's",
        "synchronise it (timedatectl set-ntp true): windows of changes are cut by it",
    )


def quota(need: int, usage: Usage, share: float) -> Finding:
    """Whether the calls that the first run needs are left today; the guard stops a run before they are gone."""
    if usage.used_today is None or usage.limit_today is None:
        return Finding(Level.WARN, f"the first run needs about {need} calls; the CRM does not say what is left", "")
    left = max(0, int(usage.limit_today * CEILING) - usage.used_today)
    ours = int(usage.limit_today * share)
    said = f"the first run needs about {need} calls; {usage.used_today} of {usage.limit_today} of the day are used"
    if left == 0:
        return Finding(Level.FAIL, said, "wait until the day's count falls, or find out what else calls this account")
    if need > min(left, ours):
        cure = f"it stops after {min(left, ours)} and goes on by itself; raise share_of_day to do it in fewer days"
        return Finding(Level.WARN, said, cure)
    return Finding(Level.PASS, said)
