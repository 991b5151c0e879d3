"""What a run says of itself: counts, findings, moves; kept in the ledger and printed by the command."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

SHOWN = 100  # moves, ambiguities and edits named in a report; all of them are counted


@dataclass(slots=True)
class ObjectReport:
    """One object of one connection: what was read and what it came to. Every record read has exactly one verdict."""

    read: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)  # signal, no signal, no subject, too old, problem, …
    signals: Counter[str] = field(default_factory=Counter)  # made, changed, withdrawn, same


@dataclass(frozen=True, slots=True)
class Move:
    """A subject whose standing changed, from what to what, and because of what."""

    record: str  # "salesforce:003…", the first of its records
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    because: tuple[str, ...]


@dataclass(slots=True)
class ConnectionReport:
    """One connection: what was read, what was written, what it cost."""

    crm: str
    account: str = ""
    state: str = "done"  # done, try later, failed, skipped (another run is on it), held, asked
    message: str = ""
    full: bool = False
    first_fill: bool = False  # it was read whole for the first time, or not to the end yet
    objects: dict[str, ObjectReport] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)
    merged: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    rejects: list[str] = field(default_factory=list)
    refused: int = 0  # at present, by whichever run
    slow: dict[str, ObjectReport] = field(default_factory=dict)  # what the slow round showed
    slow_calls: int = 0
    calls: int = 0
    used_today: int | None = None
    limit_today: int | None = None


@dataclass(slots=True)
class Report:
    """One run."""

    run: int
    programme: str
    rules: str
    day: date
    dry: bool = False
    state: str = "done"
    first_fill: bool = False  # a connection was read whole for the first time
    intent: str = ""  # what a dry run would change, in the word that `--read` takes
    connections: dict[str, ConnectionReport] = field(default_factory=dict)
    linked: int = 0
    ambiguous: list[str] = field(default_factory=list)
    scored: int = 0
    moved: int = 0
    first_standings: int = 0
    attention: int = 0
    problems: int = 0
    unusable: list[str] = field(default_factory=list)  # the first problems, to be shown and kept nowhere
    moves: list[Move] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def written(self) -> int:
        """Records written in all CRMs."""
        return sum(each.outcomes["written"] for each in self.connections.values())

    def to_json(self) -> dict[str, Any]:
        """Plain values for the ledger and for `--json`."""
        return {
            "run": self.run,
            "programme": self.programme,
            "rules": self.rules,
            "day": self.day.isoformat(),
            "dry": self.dry,
            "state": self.state,
            "first_fill": self.first_fill,
            "intent": self.intent,
            "connections": {name: _connection(each) for name, each in self.connections.items()},
            "linked": self.linked,
            "ambiguous": self.ambiguous,
            "scored": self.scored,
            "moved": self.moved,
            "first_standings": self.first_standings,
            "attention": self.attention,
            "problems": self.problems,
            "written": self.written,
            "moves": [
                {"record": m.record, "before": m.before, "after": m.after, "because": list(m.because)}
                for m in self.moves
            ],
            "notes": self.notes,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Report":
        """What the ledger kept of a run, whatever version kept it; its problems are rows of their own there."""
        report = cls(kept["run"], kept["programme"], kept["rules"], date.fromisoformat(kept["day"]), kept["dry"])
        for name in ("state", "linked", "ambiguous", "scored", "moved", "first_standings", "attention", "notes"):
            setattr(report, name, kept.get(name, getattr(report, name)))
        report.moves = [Move(m["record"], m["before"], m["after"], tuple(m["because"])) for m in kept.get("moves", ())]
        report.connections = {name: _connection_of(each) for name, each in kept.get("connections", {}).items()}
        return report


def _connection_of(kept: Mapping[str, Any]) -> ConnectionReport:
    known = {each.name for each in fields(ConnectionReport)}
    made = ConnectionReport(**{name: value for name, value in kept.items() if name in known})
    made.outcomes = Counter(made.outcomes)
    made.objects = {name: _object_of(each) for name, each in kept.get("objects", {}).items()}
    made.slow = {name: _object_of(each) for name, each in kept.get("slow", {}).items()}
    return made


def _object_of(kept: Mapping[str, Any]) -> ObjectReport:
    return ObjectReport(kept["read"], Counter(kept["verdicts"]), Counter(kept["signals"]))


def _connection(each: ConnectionReport) -> dict[str, Any]:
    return {
        "crm": each.crm,
        "account": each.account,
        "state": each.state,
        "message": each.message,
        "full": each.full,
        "first_fill": each.first_fill,
        "objects": {name: _object(found) for name, found in each.objects.items()},
        "warnings": each.warnings,
        "edited": each.edited,
        "merged": each.merged,
        "outcomes": dict(each.outcomes),
        "rejects": each.rejects,
        "refused": each.refused,
        "slow": {name: _object(found) for name, found in each.slow.items()},
        "slow_calls": each.slow_calls,
        "calls": each.calls,
        "used_today": each.used_today,
        "limit_today": each.limit_today,
    }


def _object(found: ObjectReport) -> dict[str, Any]:
    return {"read": found.read, "verdicts": dict(found.verdicts), "signals": dict(found.signals)}
