"""Findings: what a check says of problems with reading, and of our own fields that are not ready."""

from collections.abc import Iterable, Iterator

from connectors.protocol import FieldAction, FieldChange, Finding, Level
from scoring.records import Problem


def unreadable(problems: Iterable[Problem]) -> Iterator[Finding]:
    """A failure for each thing that was asked for and cannot be read (SR11, HR22)."""
    for problem in problems:
        what = f"{problem.object}.{problem.field} {problem.what}"
        yield Finding(Level.FAIL, what, problem.cure, problem.object, problem.field)


def unready(object_: str, plan: Iterable[FieldChange]) -> Iterator[Finding]:
    """A failure for each of our fields that could not be written as it stands."""
    for change in plan:
        if change.action is FieldAction.KEEP:
            continue
        cure = (
            "rename or remove it, or choose another prefix"
            if change.action is FieldAction.CONFLICT
            else "run `bonus-malus fields apply`"
        )
        what = f"our field {change.api_name} of {object_} is not ready: {change.detail}"
        yield Finding(Level.FAIL, what, cure, object_, change.api_name)
