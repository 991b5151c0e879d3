"""The lease: which run works on a connection, until when, and the token that fences everybody else off (OP02, OP06).

A run holds the lease of each of its connections. It says every so often that it is alive; a run that does not is taken
for dead when the lease expires, and the next one takes over with a higher token. Each transaction of a run compares
the token first, in the same transaction, so that whoever was only slow can change nothing any more.
"""

import logging
import os
import platform
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from sync.ledger import Ledger, LedgerBusy, LedgerError, operation, schema

LENGTH = timedelta(minutes=5)
BEAT = LENGTH.total_seconds() / 3  # between two signs of life
_LOCK = 0x626F6E7573  # of PostgreSQL's advisory locks, ours: runs begin one after the other

log = logging.getLogger(__name__)


class BusyError(LedgerBusy):
    """A run is at work on this programme; what it holds in its hands would come back."""


class LeaseLostError(LedgerError):
    """Another run has taken over; this one changes nothing any more."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the lease that we wanted."""

    run: int
    since: datetime
    owner: str

    def __str__(self) -> str:
        return f"still running since {self.since:%Y-%m-%d %H:%M:%S} UTC (run {self.run} of {self.owner})"


def owner() -> str:
    """This process, for whoever looks for it."""
    return f"{platform.node()[:80]}:{os.getpid()}"


def serialise(tx: Connection) -> None:
    """Wait until no other run is beginning; SQLite's transactions are one after the other anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def alone(tx: Connection, programme: int) -> None:
    """Wait until no other run links or scores this programme, and let none begin before this transaction ends.

    Persons reach over connections: two runs that hold the leases of different ones meet here.
    """
    table = schema.programmes
    tx.execute(select(table.c.id).where(table.c.id == programme).with_for_update())


def beside(tx: Connection, programme: int) -> None:
    """Enter signals beside other runs of this programme, but not while one of them scores: it would miss the change."""
    table = schema.programmes
    tx.execute(select(table.c.id).where(table.c.id == programme).with_for_update(read=True))


def take(tx: Connection, connection: int, run: int, now: datetime) -> int | Holder:
    """The token of a connection's lease, or who has it."""
    table = operation.leases
    found = select(table).where(table.c.connection == connection)
    values = {"owner": owner(), "run": run, "since": now, "expires": now + LENGTH}
    row = tx.execute(found).one_or_none()
    if row is None:
        tx.execute(insert(table).values(connection=connection, token=1, **values))
        return 1
    if not _alive(row, now):
        # Under the lock that a fence keeps out: a long transaction ends as a sign of life.
        row = tx.execute(found.with_for_update()).one()
    if _alive(row, now):
        return Holder(row.run, row.since, row.owner)
    token: int = row.token + 1
    tx.execute(update(table).where(table.c.connection == connection).values(token=token, **values))
    return token


def _alive(row: Row[Any], now: datetime) -> bool:
    return row.run is not None and row.expires > now


def abandon(tx: Connection, programme: int, now: datetime, *, by: int = 0) -> None:
    """Mark runs that hold no lease any more and never ended, but for the one that looks: they were killed (OP06).

    After that one took its leases, and not before: a run that was only slow may be ending just now, and would wait
    with its lease in hand for its row, as we with its row in hand for its lease.
    """
    runs, leases = schema.runs, operation.leases
    alive = select(leases.c.run).where(leases.c.run.is_not(None), leases.c.expires > now)
    dead = (runs.c.programme == programme) & (runs.c.state == "running") & runs.c.id.not_in(alive) & (runs.c.id != by)
    tx.execute(update(runs).where(dead).values(ended=now, state="abandoned"))


def refuse_while_running(tx: Connection, programme: int, now: datetime) -> None:
    """Leave alone what a run may hold in its hands.

    Raises:
        BusyError: one is at work on this programme.
    """
    leases, connections = operation.leases, schema.connections
    query = (
        select(leases)
        .join(connections, connections.c.id == leases.c.connection)
        .where(connections.c.programme == programme, leases.c.run.is_not(None), leases.c.expires > now)
    )
    row = tx.execute(query).first()
    if row is not None:
        raise BusyError(f"run {row.run} is at work since {row.since:%Y-%m-%d %H:%M} UTC; try again when it has ended")


@dataclass(slots=True)
class Lease:
    """The leases of one run: `tokens` by connection."""

    ledger: Ledger
    run: int
    now: Callable[[], datetime]
    tokens: Mapping[int, int]
    _over: threading.Event = field(default_factory=threading.Event)
    _inside: bool = False

    @contextmanager
    def fence(self, tx: Connection) -> Iterator[None]:
        """Around a transaction: it is ours to make, nobody takes over before it ends, and a long one is a sign of life.

        Raises:
            LeaseLostError: somebody has taken over.
        """
        self.check(tx)
        since, self._inside = self.now(), True
        try:
            yield
            if self.now() - since > timedelta(seconds=BEAT):
                self._renew(tx)
        finally:
            self._inside = False

    def check(self, tx: Connection) -> None:
        """This transaction is ours to make, and nobody takes over before it ends.

        Raises:
            LeaseLostError: somebody has.
        """
        if not self.tokens:
            return
        table = operation.leases
        query = select(table.c.connection, table.c.token).where(table.c.connection.in_(list(self.tokens)))
        found = {row.connection: row.token for row in tx.execute(query.with_for_update(read=True, key_share=True))}
        if found != dict(self.tokens):
            raise LeaseLostError(
                f"run {self.run} was silent for longer than {LENGTH} and another one has taken over; "
                "what this one committed stands, the other goes on from there"
            )

    def renew(self) -> None:
        """Say that this run is alive.

        Raises:
            LeaseLostError: it was too late for that.
        """
        with self.ledger.begin() as tx:
            self.check(tx)
            self._renew(tx)

    def _renew(self, tx: Connection) -> None:
        table = operation.leases
        here = table.c.connection.in_(list(self.tokens))
        tx.execute(update(table).where(here).values(expires=self.now() + LENGTH))

    def release(self, tx: Connection) -> None:
        """Give the connections back, in the transaction that ends the run."""
        table = operation.leases
        here = table.c.connection.in_(list(self.tokens))
        tx.execute(update(table).where(here).values(run=None, expires=self.now()))

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Renew every so often, however long a single call may take."""
        thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _beat(self) -> None:
        alone = self.ledger.engine.dialect.name == "sqlite"
        while not self._over.wait(BEAT):
            if alone and self._inside:
                continue  # nobody else gets in before the transaction ends, and it ends with a sign of life
            try:
                self.renew()
            except LeaseLostError:
                return  # the run itself will meet the fence at its next transaction
            except LedgerError as error:
                log.warning("lease of run %d not renewed: %s", self.run, error)
