"""What one sync is given: everything it needs, built elsewhere, and nothing it would have to look for."""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as MappingOf
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from config.locale import Texts
from config.openings import Row
from config.prefix import DEFAULT
from connectors.protocol import CrmConnector
from scoring.mapping import Mapping
from scoring.rates import Rates
from scoring.rules import Programme
from sync.brake import Brake
from sync.command import Command, plain
from sync.ledger import Ledger
from sync.progress import LedgerProgress

OVERLAP = timedelta(minutes=10)  # windows overlap by this much: rows commit late with an older stamp (SR01)
PAGE = 500  # subjects scored, and records compared, in one transaction


class StoppedError(Exception):
    """This run was asked to end: the page is finished, the next run goes on from there (OP11)."""


@dataclass(frozen=True, slots=True)
class Source:
    """One CRM of the programme: how to talk to it and what its records mean."""

    connector: CrmConnector
    crm: str
    mapping: Mapping
    mapping_digest: str
    progress: LedgerProgress = field(default_factory=LedgerProgress)  # the one that its connector was given


@dataclass(frozen=True, slots=True)
class Progress:
    """Something happened: told to whoever watches the run."""

    stage: Literal["read", "link", "score", "write"]
    connection: str = ""
    object: str = ""
    done: int = 0


@dataclass(frozen=True, slots=True)
class Slow:
    """How much of the slow round a run may do: a slice every `hours`, of about `calls` for each connection."""

    calls: int = 20
    hours: float = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """A programme over some CRMs. `now` is the only clock; `programme_at` gives the rules of a day.

    `connections` names all of the programme's where `sources` are only some of them: nobody is scored on half of a
    history. `stopping` is asked between two pages; `fence` stands around every transaction (`sync.lease`); without
    a `brake` a run may change whatever it wants to, without `slow` it sees only what moved a date. `openings` and
    `rates` come from files that the settings name; `command` makes of words what a person can type.
    """

    programme: str
    programme_at: Callable[[date], Programme]
    sources: MappingOf[str, Source]
    ledger: Ledger
    now: Callable[[], datetime]
    texts: Callable[[str], Texts] = Texts
    connections: tuple[str, ...] = ()
    openings: tuple[Row, ...] = ()
    rates: Rates | None = None
    time_zone: ZoneInfo | None = None
    language: Literal["en", "fr"] | None = None
    prefix: str = DEFAULT
    history_years: int = 3
    edited_by_hand: Literal["restore", "adjust", "report"] = "restore"
    dry: bool = False
    full: bool = False
    brake: Brake | None = None
    slow: Slow | None = None
    watch: Callable[[Progress], None] = field(default=lambda _: None)
    stopping: Callable[[], bool] = field(default=lambda: False)
    command: Command = field(default=plain)
    fence: Callable[[Connection], AbstractContextManager[object]] = field(default=nullcontext)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction of this run, if it is still this run's to make."""
        with self.ledger.begin() as tx, self.fence(tx):
            yield tx

    def pause(self) -> None:
        """A page is finished.

        Raises:
            StoppedError: that was the last one.
        """
        if self.stopping():
            raise StoppedError("asked to stop; the next run goes on from there")
