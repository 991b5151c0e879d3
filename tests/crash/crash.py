"""Kill a sync of both CRMs at every HTTP request, every answer and every commit, resume it, and compare.

    python tests/crash/crash.py [--points 1,5,9 | --sample N --seed S] [--scenario fill|day]
                                [--database sqlite|postgresql] [--second-worker] [--engine] [--customers N] [--part I/N]

Each point has CRMs, a ledger and a clock of its own: what a process has in memory is copied by forking it. The process
that syncs is killed with SIGKILL; another one resumes when the dead one's lease has expired. Then the values on all
records and all of the ledger, but for run ids and instants, must equal the undisturbed run's.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

sys.path.insert(0, str(Path(__file__).parents[2]))

from cli import fields
from cli.compose import compose
from cli.sync import perform
from sandbox.app import World, create_app
from sandbox.company import Company, populate
from sandbox.remote import Remote
from sandbox.server import Server
from sync import score
from sync.lease import LENGTH
from sync.ledger import Ledger
from tests import postgres
from tests.crash.day import day
from tests.crash.dump import crm_values, ledger_rows

SETTINGS = """\
programme = "customers"
ledger = "{ledger}"
sandbox = "{url}"
time_zone = "Europe/Paris"
first_fill = "go"
[brake]
share = 1
[connections.salesforce]
[connections.hubspot]
"""
KILLED, DONE = -signal.SIGKILL, 0
NEVER = 0


@dataclass(frozen=True)
class Place:
    """Where a point's files are, and how a fresh copy of the ledger before the sync is made."""

    folder: Path
    fresh: Callable[[], str]


@dataclass(frozen=True)
class Ending:
    """What a point came to: all values of ours in both CRMs, all rows of the ledger."""

    crms: Mapping[str, Any]
    ledger: Mapping[str, Any]


def child(work: Callable[[], None]) -> int:
    """Do this in a process of its own; its pid."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException:  # noqa: BLE001 - a forked process must not return into its parent's code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wait(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@contextmanager
def serving(world: World, told: Path) -> Iterator[str]:
    """The world in a process of its own; when the block ends it writes down what stands on its records."""
    port_out, port_in = os.pipe()
    stop_out, stop_in = os.pipe()

    def serve() -> None:
        os.close(stop_in)
        with Server(create_app(world)) as server:
            os.write(port_in, server.url.encode())
            os.close(port_in)
            os.read(stop_out, 1)
        told.write_text(json.dumps(crm_values(world)), "utf-8")

    pid = child(serve)
    os.close(port_in)
    os.close(stop_out)
    try:
        yield os.read(port_out, 200).decode()
    finally:
        os.close(stop_in)
        os.close(port_out)
        assert wait(pid) == DONE


def kill_at(point: int, counted: Path) -> None:
    """From now on this process dies at that point; `counted` is told how many there were if it does not."""
    reached = 0

    def reach() -> None:
        nonlocal reached
        reached += 1
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)
        if point == NEVER:
            counted.write_text(str(reached), "utf-8")

    request, answer = http.client.HTTPConnection.putrequest, http.client.HTTPConnection.getresponse

    def putrequest(self: Any, method: str, url: str, *more: Any, **options: Any) -> Any:
        self.points = not url.startswith("/sandbox")  # its clock is the test's, and no CRM
        if self.points:
            reach()
        return request(self, method, url, *more, **options)

    def getresponse(self: Any) -> Any:
        found = answer(self)
        if self.points:
            reach()
        return found

    http.client.HTTPConnection.putrequest = putrequest  # type: ignore[method-assign] # only in this process
    http.client.HTTPConnection.getresponse = getresponse  # type: ignore[method-assign] # same
    event.listen(Engine, "commit", lambda _connection: reach())


def sync(settings: Path, point: int | None, expected: tuple[str, ...]) -> int:
    """One sync in a process of its own, which dies at `point`; its exit code."""

    def work() -> None:
        composition = compose(settings)
        if point is not None:
            kill_at(point, settings.parent / "points")
        report = perform(composition, quiet=True)
        if report.state not in expected:
            said = [each.message for each in report.connections.values()]
            raise AssertionError(f"the run is {report.state}, not {expected}: {said}")

    return wait(child(work))


def ending(world: World, place: Place, point: int, *, second: bool = False) -> tuple[Ending, bool]:
    """Sync, dying at `point`; let the lease expire; sync again. How it ended, and whether it died."""
    told, settings = place.folder / "crms.json", place.folder / "settings.toml"
    ledger = place.fresh()
    with serving(world, told) as url:
        settings.write_text(SETTINGS.format(ledger=ledger, url=url), "utf-8")
        code = sync(settings, point, ("done",))
        if code not in (KILLED, DONE):
            raise AssertionError(f"the first sync ended with {code}")
        if second and code == KILLED:
            # Whoever comes at the moment of death waits for the lease, or finds that nothing had begun.
            assert sync(settings, None, ("skipped", "done")) == DONE
        remote = Remote(url)
        remote.sleep(LENGTH.total_seconds() + 60)
        remote.close()
        assert sync(settings, None, ("done",)) == DONE, "the sync that resumes"
    kept = Ledger.open(ledger, beside=place.folder)
    with kept.begin() as tx:
        rows = ledger_rows(tx)
    kept.close()
    return Ending(json.loads(told.read_text("utf-8")), rows), code == KILLED


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What is not as it should be, the first few of each table."""
    lines = []
    for name in expected:
        if isinstance(expected[name], list):
            want, have = expected[name], list(found[name])
            missing = []
            for row in want:
                if row in have:
                    have.remove(row)
                else:
                    missing.append(row)
            lines += [f"{name}: missing {row}" for row in missing[:3]] + [f"{name}: too much {row}" for row in have[:3]]
        elif expected[name] != found[name]:
            keys = [key for key in expected[name] if expected[name][key] != found[name].get(key)]
            lines += [f"{name} {key}: {found[name].get(key)} instead of {expected[name][key]}" for key in keys[:3]]
    return lines


def prepared(customers: int, scenario: str, folder: Path) -> tuple[World, Path]:
    """The CRMs before the sync that is killed, and the ledger (SQLite) as it was then."""
    world = World()
    populate(world, Company(seed=3, customers=customers))
    settings = folder / "settings.toml"
    with Server(create_app(world)) as server:
        settings.write_text(SETTINGS.format(ledger="ledger.db", url=server.url), "utf-8")
        fields.changes(compose(settings), apply=True)
        if scenario == "day":
            perform(compose(settings), quiet=True)
    if scenario == "day":
        day(world)
    ledger = folder / "ledger.db"
    Ledger.open("ledger.db", beside=folder).close()
    return world, ledger


@contextmanager
def places(database: str, base: Path, folder: Path) -> Iterator[Place]:
    """Fresh copies of the ledger in either database."""
    if database == "sqlite":

        def fresh() -> str:
            for old in folder.glob("point.db*"):
                old.unlink()
            shutil.copy(base, folder / "point.db")
            return "point.db"

        yield Place(folder, fresh)
        return
    with postgres.running() as server:
        Ledger.open(server.create("base")).close()
        copy_rows(base, server.url("base"))
        yield Place(folder, lambda: server.create("point", template="base"))


def copy_rows(source: Path, target: str) -> None:
    """Everything from a SQLite ledger into an empty one in PostgreSQL, ids and their sequences too."""
    from sqlalchemy import create_engine, text  # noqa: PLC0415 - only where PostgreSQL is

    from sync.ledger import schema  # noqa: PLC0415 - same

    here = create_engine(f"sqlite:///{source}")
    there = create_engine(target.replace("postgresql://", "postgresql+psycopg://"))
    with here.begin() as reading, there.begin() as writing:
        for table in schema.metadata.sorted_tables:
            rows = [dict(row._mapping) for row in reading.execute(table.select())]
            if rows:
                writing.execute(table.insert(), rows)
            if "id" in table.c and rows:
                last = max(row["id"] for row in rows)
                writing.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last})"))
    here.dispose()
    there.dispose()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", default="")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenario", choices=("fill", "day"), default="day")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--second-worker", action="store_true")
    parser.add_argument("--engine", action="store_true", help="scored in columns, however few move")
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--part", default="1/1")
    told = parser.parse_args(arguments)
    if told.database == "postgresql" and (why := postgres.missing()):
        say(f"skipped: {why}")
        return 0
    if told.engine:
        score.MANY = score.COLD = 1
        import_module("sync.many")  # once, and not in each process that is forked
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bonus-malus-crash-")))
        (folder / "base").mkdir()
        world, base = prepared(told.customers, told.scenario, folder / "base")
        place = stack.enter_context(places(told.database, base, folder))
        undisturbed, _ = ending(world, place, NEVER)
        total = int((folder / "points").read_text("utf-8"))
        chosen = list(range(1, total + 1))
        if told.points:
            chosen = [int(each) for each in told.points.split(",")]
        elif told.sample:
            chosen = sorted(random.Random(told.seed).sample(chosen, min(told.sample, total)))  # noqa: S311 - no secret
        part, parts = (int(each) for each in told.part.split("/"))
        chosen = chosen[part - 1 :: parts]
        records = sum(len(each) for each in undisturbed.crms.values())
        signals = len(undisturbed.ledger["signals"])
        say(f"{told.scenario} on {told.database}: {records} records, {signals} signals, {total} points")
        bad = 0
        for point in chosen:
            try:
                found, died = ending(world, place, point, second=told.second_worker)
            except AssertionError as error:
                lines = [str(error)]
            else:
                lines = differences(undisturbed.crms, found.crms) + differences(undisturbed.ledger, found.ledger)
                if not died:
                    lines.append("it was not killed")
            bad += bool(lines)
            for line in lines[:8]:
                say(f"point {point}: {line}"[:600])
        say(f"{len(chosen)} points, {bad} of them ended differently")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
