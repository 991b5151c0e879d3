"""A database that fails at any step of a sync: one line with its cure, nothing half-written, and the next run mends it.

Each trouble strikes one step later than the time before, until a run comes to its end without meeting it.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

import sync.score
from config.rulefile import load_programme
from sync.ledger import Ledger, LedgerBusy, LedgerError, schema
from sync.verify import verify
from tests.sync.conftest import World, mapping, order
from tests.sync.double import Clock, MemoryCrm

PEOPLE = [str(number) for number in range(1, 8)]


@pytest.fixture(params=["plain", "columns"])
def scored(request, monkeypatch):
    """Both ways to score, however few move."""
    if request.param == "columns":
        pytest.importorskip("numba", reason="the engine is an extra")
    monkeypatch.setattr(sync.score, "MANY", {"plain": 10**9, "columns": 1}[request.param])


def company(ledger: Ledger) -> World:
    """The same people in two CRMs, whatever ledger they are brought into."""
    clock = Clock()
    world = World(ledger, clock, {"a": MemoryCrm(clock), "b": MemoryCrm(clock, account_id="42")})
    world.mappings = {name: mapping(name) for name in world.crms}
    for name, crm in world.crms.items():
        for number in PEOPLE:
            crm.put("contacts", number, email=f"c{number}@example.com")
            order(crm, f"{name}{number}", number, date(2025, 10, int(number)))
        crm.put("cases", "k1", fault="theirs", day=date(2026, 5, 1), contacts=["2"])
    return world


def ended(world: World) -> tuple[Any, ...]:
    """What stands on the records, and how much of what the ledger holds."""
    shown = {}
    for name, crm in world.crms.items():
        ours = {number: crm.ours(number) for number in PEOPLE}
        shown[name] = {number: {**values, "computed_at": None} for number, values in ours.items()}
    with world.ledger.begin() as tx:
        tables = (schema.contacts, schema.signals, schema.identities, schema.current)
        rows = {table.name: tx.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}
    return shown, rows


@pytest.fixture
def undisturbed(tmp_path: Path) -> tuple[Any, ...]:
    with closing(Ledger.open(str(tmp_path / "undisturbed.db"))) as ledger:
        world = company(ledger)
        world.sync()
        return ended(world)


def whole(world: World, undisturbed: tuple[Any, ...]) -> None:
    """It ended as if nothing had been, and a run more changes nothing."""
    assert ended(world) == undisturbed
    assert world.sync().written == 0
    assert verify(world.ledger, "customers", lambda day: load_programme("customers", at=day)).differences == []


@contextmanager
def listening(world: World, name: str, listener: Callable[..., None]) -> Iterator[None]:
    event.listen(world.ledger.engine, name, listener)
    try:
        yield
    finally:
        event.remove(world.ledger.engine, name, listener)


def came_to(world: World) -> str:
    """The state of a run, or the one line that it ended with."""
    try:
        return world.sync().state
    except LedgerBusy as error:
        return f"busy: {error}"
    except LedgerError as error:
        return f"refused: {error}"


def at_step(step: int, strike: Callable[[], object], *, said: str = "") -> Callable[..., None]:
    """A listener that strikes once, so many steps from now; of statements only those that begin so are steps."""
    met = count()

    def listener(_tx: object, _cursor: object = None, statement: str = "", *_: object) -> None:
        if statement.startswith(said) and next(met) == step:
            strike()

    return listener


@pytest.mark.usefixtures("scored")
class TestOnSqlite:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        return tmp_path / "ledger.db"

    @pytest.fixture
    def world(self, file: Path) -> Iterator[World]:
        with closing(Ledger.open(str(file))) as ledger:
            yield company(ledger)

    def test_a_disk_that_is_full_at_any_page(self, world, undisturbed):
        with closing(world.ledger.engine.raw_connection()) as raw:
            first = raw.driver_connection.execute("PRAGMA page_count").fetchone()[0]
        for pages in count(first):
            with listening(world, "begin", partial(grow, most=pages)):
                said = came_to(world)
            if said == "done":
                break
            assert "refused: " in said
            assert "the disk is full; make room and run again; nothing of this step was kept" in said
        assert pages > first + 5
        whole(world, undisturbed)

    def test_a_ledger_that_somebody_locks_at_any_step(self, world, file, undisturbed):
        def impatient(raw: sqlite3.Connection, *_: object) -> None:
            raw.execute("PRAGMA busy_timeout = 0")

        world.ledger.close()
        event.listen(world.ledger.engine, "connect", impatient)
        for step in count():
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                lock = at_step(step, partial(other.execute, "BEGIN IMMEDIATE"), said="BEGIN")
                with listening(world, "before_cursor_execute", lock):
                    said = came_to(world)
                if not other.in_transaction:
                    break
                assert "busy: " in said
                assert "another process has been writing it" in said
                other.execute("ROLLBACK")
        assert step > 10
        whole(world, undisturbed)

    @pytest.mark.parametrize("how", ["taken away", "replaced"])
    def test_a_file_that_is_taken_away_or_replaced_at_any_step(self, how, world, file, undisturbed):
        aside = file.with_name("aside.db")

        def strike() -> None:
            if how == "replaced":
                shutil.copy(file, file.with_name("copy.db"))
            file.rename(aside)
            if how == "replaced":
                file.with_name("copy.db").rename(file)

        for step in count():
            with listening(world, "commit", at_step(step, strike)):
                said = came_to(world)
            if not aside.exists():
                break
            # Where it was the last step of all, the run has ended.
            assert said == "done" or "the file was taken away, or another one put in its place" in said
            assert file.exists() == (how == "replaced"), "nothing is made in its place"
            aside.replace(file)
        assert step > 10
        world.sync()
        whole(world, undisturbed)


def grow(tx: Any, most: int) -> None:
    """Let the file have so many pages."""
    tx.exec_driver_sql(f"PRAGMA max_page_count = {most}")


@pytest.mark.usefixtures("scored")
class TestOnPostgresql:
    @pytest.fixture
    def world(self, postgresql_place) -> Iterator[World]:
        with closing(Ledger.open(postgresql_place)) as ledger:
            yield company(ledger)

    def test_a_server_that_goes_away_at_any_statement(self, world, server, undisturbed):
        steps = 0
        for step in count(0, 9):
            with listening(world, "before_cursor_execute", at_step(step, partial(server.disconnect, "test"))):
                said = came_to(world)
            if said == "done":
                break
            assert "busy: " in said
            assert "run again when it answers" in said
            steps += 1
        assert steps > 10
        whole(world, undisturbed)

    def test_a_server_that_lets_nobody_in_any_more_is_one_line_too(self, world, server, undisturbed):
        with (
            listening(world, "commit", at_step(12, partial(server.shut, "test"))),
            pytest.raises(LedgerBusy, match="going down or coming up; run again when it answers"),
        ):
            world.sync()
        server.shut("test", again=True)
        assert world.sync().state == "done"
        whole(world, undisturbed)

    def test_a_table_that_somebody_locks_and_never_gives_back(self, world, undisturbed):
        def impatient(tx: Any) -> None:
            tx.exec_driver_sql("SET lock_timeout = '20ms'")

        with world.ledger.engine.connect() as other, other.begin():
            other.exec_driver_sql("LOCK TABLE signals IN ACCESS EXCLUSIVE MODE")
            with (
                listening(world, "begin", impatient),
                pytest.raises(LedgerBusy, match="somebody else holds a lock on it; run again when they have ended"),
            ):
                world.sync()
        assert world.sync().state == "done"
        whole(world, undisturbed)


def test_nobody_waits_for_ever_for_a_lock(postgresql_place):
    with closing(Ledger.open(postgresql_place)) as ledger, ledger.begin() as tx:
        assert tx.exec_driver_sql("SHOW lock_timeout").scalar_one() == "10min"
