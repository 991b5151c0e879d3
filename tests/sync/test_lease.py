"""Two workers, one connection: who works, who waits, and who is fenced off."""

import threading
from datetime import timedelta

import psycopg
import pytest

from connectors.errors import Unreachable
from sync import lease
from sync.job import Progress
from sync.lease import LENGTH, Lease, LeaseLostError
from sync.ledger import LedgerBusy, database, history, operation
from sync.run import run
from tests.sync.conftest import both
from tests.sync.test_run import one_customer

place = pytest.fixture(both, params=("sqlite", "postgresql"))


class KilledError(BaseException):
    """What SIGKILL is to a test: nothing of ours runs after it."""


def kill_at(world, stage):
    """A run that dies when it has come to this stage: its row stays open, its leases are never given back."""

    def watch(step: Progress) -> None:
        if step.stage == stage:
            raise KilledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sync.ledger.database.end_run", lambda *_: None)
        patch.setattr(Lease, "release", lambda *_: None)
        with pytest.raises(KilledError):
            world.sync(watch=watch)


def states(world):
    with world.ledger.begin() as tx:
        return [each.state for each in history.runs(tx, "customers", limit=5)]


def test_op05_a_second_worker_says_since_when_the_first_is_running_and_leaves_a_row(world):
    one_customer(world)
    seen = []

    def meanwhile(step: Progress) -> None:
        if step.stage == "read" and not seen:
            seen.append(run(world.job()))

    assert world.sync(watch=meanwhile).state == "done"
    (second,) = seen
    assert second.state == "skipped"
    assert all(each.message.startswith("still running since 2026-11-22 08:30:00 UTC (run 1 of ")
               for each in second.connections.values())  # fmt: skip
    assert states(world) == ["skipped", "done"]


def test_a_connection_that_another_run_holds_does_not_keep_the_rest_waiting(world):
    crm = one_customer(world)
    world.sync()
    seen = []

    def meanwhile(step: Progress) -> None:
        if not seen:
            seen.append(run(world.job()))

    crm.put("contacts", "1", email="other@example.com")
    world.clock.advance(minutes=30)
    only_a = {"a": world.job().sources["a"]}
    run(world.job(sources=only_a, watch=meanwhile))
    (second,) = seen
    assert {name: each.state for name, each in second.connections.items()} == {"a": "skipped", "b": "done"}


def test_a_run_over_some_connections_scores_nobody_before_the_others_were_read_once(world):
    crm = one_customer(world)
    world.clock.advance(minutes=30)
    some = {"sources": {"a": world.job().sources["a"]}, "connections": ("a", "b")}
    report = run(world.job(**some))
    assert "nobody is scored before b has been read whole once" in report.notes
    assert crm.written == []
    world.sync()
    assert len(crm.written) == 1


def test_op06_the_lease_of_a_killed_run_keeps_others_out_until_it_expires_and_not_longer(world):
    one_customer(world)
    kill_at(world, "read")
    world.clock.advance(minutes=1)
    assert run(world.job()).state == "skipped"
    world.clock.advance(minutes=LENGTH.total_seconds() / 60)
    assert run(world.job()).state == "done"
    assert states(world) == ["done", "skipped", "abandoned"]


def test_op06_a_run_that_was_only_slow_changes_nothing_after_another_took_over(world):
    crm = one_customer(world)
    taken = []

    def sleep_long(step: Progress) -> None:
        if step.stage == "score" and not taken:
            world.clock.advance(minutes=30)
            taken.append(run(world.job()))

    with pytest.raises(LeaseLostError, match="another one has taken over"):
        world.sync(watch=sleep_long)
    assert taken[0].state == "done"
    assert len(crm.written) == 1
    assert states(world) == ["done", "abandoned"]


def test_a_sign_of_life_keeps_the_lease(world):
    one_customer(world)
    seen = []

    def live_long(step: Progress) -> None:
        if step.stage == "read" and not seen:
            with world.ledger.begin() as tx:
                rows = tx.execute(operation.leases.select()).all()
            held = Lease(world.ledger, 1, world.clock, {row.connection: row.token for row in rows})
            for _ in range(3):
                world.clock.advance(minutes=4)
                held.renew()
            seen.append(run(world.job()))

    assert world.sync(watch=live_long).state == "done"
    assert seen[0].state == "skipped"


@pytest.fixture
def held(world):
    """A run that is reading, and its lease."""
    one_customer(world)
    kill_at(world, "read")
    with world.ledger.begin() as tx:
        rows = tx.execute(operation.leases.select()).all()
    return Lease(world.ledger, 1, world.clock, {row.connection: row.token for row in rows})


def test_a_transaction_that_is_longer_than_the_lease_ends_as_a_sign_of_life(world, held):
    with world.ledger.begin() as tx, held.fence(tx):
        world.clock.advance(minutes=20)
    assert run(world.job()).state == "skipped"
    world.clock.advance(minutes=6)
    assert run(world.job()).state == "done"


def test_a_long_transaction_of_a_run_that_was_taken_over_is_not_made(world, held):
    world.clock.advance(minutes=6)
    assert run(world.job()).state == "done"
    with pytest.raises(LeaseLostError), world.ledger.begin() as tx, held.fence(tx):
        pytest.fail("it was let in")


class TestBesideALongTransaction:
    """On PostgreSQL, where others get in meanwhile."""

    @pytest.fixture
    def place(self, postgresql_place):
        return postgresql_place

    def test_the_heartbeat_goes_on(self, world, held):
        with world.ledger.begin() as tx, held.fence(tx):
            world.clock.advance(minutes=20)
            held.renew()
            assert run(world.job()).state == "skipped"

    def test_op06_nobody_takes_over_before_it_ends_even_without_a_heartbeat(self, world, held):
        with world.ledger.begin() as tx, held.fence(tx):
            world.clock.advance(minutes=20)
            assert self.answer(world) == "somebody else holds a lock on it"
        assert self.answer(world) == 2

    def test_a_run_that_ends_late_and_one_that_would_take_over_do_not_wait_for_each_other(self, world, held, server):
        """One has its lease and wants to close its row, the other must not close that row and then want the lease."""
        took = []
        other = threading.Thread(target=lambda: took.append(run(world.job()).state))
        with world.ledger.begin() as tx, held.fence(tx):
            world.clock.advance(minutes=20)
            other.start()
            with psycopg.connect(server.url("postgres"), autocommit=True) as looking:
                waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = 'test' AND wait_event_type = 'Lock'"
                while other.is_alive() and looking.execute(waiting).fetchone() is None:
                    pass
            database.end_run(tx, held.run, world.clock(), "done", {})
        other.join()
        assert took == ["skipped"]  # the long transaction was a sign of life
        assert states(world) == ["skipped", "done"]

    @staticmethod
    def answer(world):
        """What another run gets that wants the lease and cannot wait."""
        try:
            with world.ledger.begin() as tx:
                tx.exec_driver_sql("SET LOCAL lock_timeout = '20ms'")
                return lease.take(tx, 1, 1, world.clock.now + timedelta(hours=1))
        except LedgerBusy as error:
            return str(error).split(": ")[1].split(";")[0]


def test_a_lease_is_given_back_when_the_crm_does_not_answer(world):
    crm = one_customer(world)
    crm.fails = [Unreachable("no answer")]
    assert world.sync().state == "try later"
    assert run(world.job()).state == "done"


def test_tokens_only_grow(world):
    one_customer(world)
    for _ in range(3):
        world.sync()
    with world.ledger.begin() as tx:
        assert {row.token for row in tx.execute(operation.leases.select())} == {3}


def test_a_dry_run_needs_no_lease_and_takes_none(world):
    one_customer(world)
    seen = []

    def meanwhile(step: Progress) -> None:
        if not seen:
            seen.append(run(world.job(dry=True)))

    world.sync(watch=meanwhile)
    assert seen[0].state == "done"


class TestAskedToStop:
    """SIGTERM: the page is finished, and nothing is lost."""

    def stop_after(self, world, count):
        asked = []

        def stopping():
            asked.append(None)
            return len(asked) > count

        return world.sync(stopping=stopping)

    @pytest.mark.parametrize("count", range(12))
    def test_op11_after_any_page_the_next_run_ends_where_an_undisturbed_one_does(self, world, count):
        crm = one_customer(world)
        for number in range(2, 6):
            crm.put("contacts", str(number), email=f"c{number}@example.com")
        first = self.stop_after(world, count)
        assert first.state in ("interrupted", "done")
        assert world.sync().state == "done"
        assert len(crm.written) == 5
        assert world.sync().written == 0

    def test_op11_what_is_not_on_its_way_yet_is_left_to_the_next_run(self, world):
        crm = one_customer(world)
        for number in range(2, 6):
            crm.put("contacts", str(number), email=f"c{number}@example.com")
        assert world.sync(stopping=lambda: len(crm.written) == 1).state == "interrupted"
        assert len(crm.written) == 1
        assert world.sync().written == 4

    def test_op11_the_run_is_closed_as_interrupted_and_its_lease_given_back(self, world):
        one_customer(world)
        assert self.stop_after(world, 0).state == "interrupted"
        assert states(world) == ["interrupted"]
        assert run(world.job()).state == "done"


def test_the_row_of_a_run_that_holds_no_lease_any_more_is_not_taken_for_alive(world):
    one_customer(world)
    kill_at(world, "read")
    world.clock.advance(hours=1)
    with world.ledger.begin() as tx:
        lease.abandon(tx, 1, world.clock())
    assert states(world) == ["abandoned"]


def test_the_heartbeat_is_well_within_the_lease():
    assert timedelta(seconds=2 * lease.BEAT) < LENGTH
