"""Workers on the connections of one PostgreSQL ledger, of which one is killed again and again; nothing may be lost.

    python tests/crash/workers.py [--workers 8] [--connections 40] [--kills 30] [--seed 1]

Each worker is a process that syncs the connections one by one, in an order of its own, until each has been synced
twice; what another one works on is left to it. Whoever has taken so many steps kills itself with SIGKILL, and a new
worker takes its place. The CRMs are in memory, the same in each process; what is written to one goes to a file, which
tells of any write that was made while somebody else had the connection.
"""

import argparse
import fcntl
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import func, select

sys.path.insert(0, str(Path(__file__).parents[2]))

from config.rulefile import load_programme
from connectors.protocol import Clear, FieldSet, ObjectQuery, Outcome, Page, Update, Window
from sync import lease
from sync.fields import KINDS
from sync.job import Job, Progress, Source
from sync.lease import LeaseLostError
from sync.ledger import Ledger, facts, schema
from sync.run import run
from sync.values import as_json, from_json
from sync.verify import verify
from tests import postgres
from tests.sync.conftest import mapping, order
from tests.sync.double import START, Clock, MemoryCrm

LENGTH = timedelta(seconds=10)  # of a lease: whoever was killed keeps others out for so long
PEOPLE, ORDERS = 12, 30
TWICE = 2
STEPS = 25  # that a worker takes at most before it dies
BEGAN = time.monotonic()  # which all processes that are forked agree on


def now() -> datetime:
    """Time passes as it does, but always from the same day on: in some years the orders would be too old to count."""
    return START + timedelta(seconds=time.monotonic() - BEGAN)


class SharedCrm(MemoryCrm):
    """A CRM that several processes see: its records follow from its name, what was written to it is in a file."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(Clock(datetime(2026, 11, 1, tzinfo=UTC)), f"org-{name}", page_size=7)
        self.journal, self.name, self.folder = folder / f"{name}.journal", name, folder
        chance = random.Random(name)  # noqa: S311 - no secret
        for number in range(PEOPLE):
            self.put("contacts", f"{name}-{number}", email=f"{name}-{number}@example.com")
        for number in range(ORDERS):
            day = date(2024, 1, 1) + timedelta(chance.randrange(1000))
            order(self, f"{name}-o{number}", f"{name}-{chance.randrange(PEOPLE)}", day, amount=Decimal(10))

    def load(self) -> None:
        """See what others wrote."""
        for line in self.journal.read_text("utf-8").splitlines() if self.journal.exists() else ():
            record, values, at = json.loads(line)
            kept = self._records["contacts"]
            ours = {name: None if value is None else from_json(value, KINDS[name]) for name, value in values.items()}
            merged = {**kept[record].ours, **ours}
            kept[record] = kept[record]._replace(ours=merged, modified=datetime.fromisoformat(at))

    def changes(self, query: ObjectQuery, window: Window) -> Iterator[Page]:
        self.load()
        yield from super().changes(query, window)

    def write(self, fields: FieldSet, updates: Iterable[Update]) -> Iterator[Outcome]:
        """One writer at a time: the lock goes with its process, however that ends."""
        with (self.folder / f"{self.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _note(self.folder / "twice", self.name)
            for update in updates:
                values = {name: None if isinstance(v, Clear) else as_json(v) for name, v in update.values.items()}
                _note(self.journal, json.dumps([update.id, values, now().isoformat()]))
                yield from super().write(fields, [update])


def _note(file: Path, line: str) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.write(f"{line}\n")


def job(ledger: Ledger, folder: Path, name: str, names: tuple[str, ...], watch: Callable[[Progress], None]) -> Job:
    """One sync of one of the connections."""
    rules = mapping("a")
    return Job(
        programme="customers",
        programme_at=lambda day: load_programme("customers", at=day),
        sources={name: Source(SharedCrm(name, folder), "a", rules, "the same")},
        ledger=ledger,
        now=now,
        connections=names,
        watch=watch,
    )


def work(place: str, folder: Path, names: tuple[str, ...], seed: int, fuse: int | None) -> None:
    """Sync every connection twice, or die after so many steps."""
    lease.LENGTH, lease.BEAT = LENGTH, LENGTH.total_seconds() / 3
    chance, steps = random.Random(seed), 0  # noqa: S311 - no secret

    def watch(_step: Progress) -> None:
        nonlocal steps
        steps += 1
        if steps == fuse:
            os.kill(os.getpid(), signal.SIGKILL)

    pause = threading.Event()
    with closing(Ledger.open(place)) as ledger:
        while waiting := [name for name in names if _times(folder, name) < TWICE]:
            busy = 0
            for name in chance.sample(waiting, len(waiting)):
                try:
                    report = run(job(ledger, folder, name, names, watch))
                except LeaseLostError:
                    continue  # too slow, not dead: whoever took over goes on
                if report.connections[name].state == "done":
                    _note(folder / f"{name}.done", str(report.run))
                else:
                    busy += 1
            if busy == len(waiting):
                pause.wait(0.2)  # for the leases of the dead


def _times(folder: Path, name: str) -> int:
    file = folder / f"{name}.done"
    return len(file.read_text("utf-8").splitlines()) if file.exists() else 0


def child(task: Callable[[], None]) -> int:
    """Do this in a process of its own; its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        task()
    except BaseException:  # noqa: BLE001 - a forked process must not return into its parent's code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wrong(place: str, folder: Path, names: tuple[str, ...]) -> list[str]:
    """What is not as it should be, when all have ended and each connection has had one more sync."""
    twice = folder / "twice"
    found = [f"written to by two at a time: {twice.read_text('utf-8')}"] if twice.exists() else []
    with closing(Ledger.open(place)) as ledger:
        for name in names:
            run(job(ledger, folder, name, names, lambda _: None))
        again = {name: run(job(ledger, folder, name, names, lambda _: None)) for name in names}
        for name, report in again.items():
            if report.connections[name].outcomes["unchanged"] != PEOPLE:
                found.append(f"{name} is {report.connections[name].state}, {dict(report.connections[name].outcomes)}")
        found += verify(ledger, "customers", lambda day: load_programme("customers", at=day)).differences
        with ledger.begin() as tx:
            table, contacts, current = schema.signals, schema.contacts, schema.current
            each = select(table.c.connection, func.count()).where(facts.in_force()).group_by(table.c.connection)
            held = tx.execute(each)
            counts = [count for _, count in held]
            if counts != [ORDERS] * len(names):
                found.append(f"signals in force: {counts}")
            rows = tx.execute(
                select(contacts.c.record, contacts.c.written, contacts.c.shown, current.c.standing).join(
                    current, current.c.subject == contacts.c.subject
                )
            ).all()
        for name in names:
            crm = SharedCrm(name, folder)
            crm.load()
            for row in (row for row in rows if row.record.rpartition("-")[0] == name):
                there = {field: as_json(value) for field, value in crm.ours(row.record).items()}
                if row.shown != row.standing or row.written != there:
                    found.append(f"{row.record} shows {there}, the ledger {row.written}")
    return found if len(rows) == PEOPLE * len(names) else [*found, f"{len(rows)} people"]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--connections", type=int, default=40)
    parser.add_argument("--kills", type=int, default=30, help="from then on new workers live")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args(arguments)
    if why := postgres.missing():
        sys.stdout.write(f"skipped: {why}\n")
        return 0
    names = tuple(f"c{number:02d}" for number in range(told.connections))
    chance, killed, started = random.Random(told.seed), 0, 0  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory(prefix="bonus-malus-workers-") as home, postgres.running() as server:
        folder, place = Path(home), server.create("ledger")
        Ledger.open(place).close()

        def start() -> int:
            nonlocal started
            started += 1
            fuse = chance.randrange(1, STEPS) if killed < told.kills else None
            return child(lambda: work(place, folder, names, told.seed * 1000 + started, fuse))

        alive: set[int] = set()
        for _ in range(told.workers):
            alive.add(start())
        failed = 0
        while alive:
            pid, status = os.wait()
            alive.discard(pid)
            code = os.waitstatus_to_exitcode(status)
            if code == -signal.SIGKILL:
                killed += 1
                alive.add(start())
            failed += code not in (0, -signal.SIGKILL)
        lines = wrong(place, folder, names)
    for line in lines[:20]:
        sys.stdout.write(f"{line}\n"[:600])
    sys.stdout.write(
        f"{told.workers} workers, {told.connections} connections, {killed} killed, {failed} failed, "
        f"{len(lines)} things wrong\n"
    )
    return 1 if lines or failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
