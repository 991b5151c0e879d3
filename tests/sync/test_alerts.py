"""Alerts: one message per change, whatever is wrong and however often it is looked at."""

from dataclasses import replace
from datetime import timedelta

from connectors.errors import NotPermitted
from connectors.protocol import Outcome, OutcomeKind, Usage
from sync.alerts import Limits, tell, wrong
from sync.brake import Brake
from tests.sync.conftest import order
from tests.sync.test_run import THIS_YEAR, one_customer

LIMITS = Limits(rejects=0.4, quota=0.8, silent=timedelta(hours=24))


class Post:
    """Takes messages, or is not there."""

    def __init__(self):
        self.sent, self.down = [], False

    def __call__(self, message):
        if self.down:
            raise ConnectionError
        self.sent.append((message.name, message.raised))


def look(world, post, **options):
    report = world.sync(**options)
    with world.ledger.begin() as tx:
        found = wrong(tx, report, LIMITS, world.clock.now)
    tell(world.ledger, "customers", found, world.clock.now, post)
    return found


def test_a_run_that_fails_again_and_again_is_told_once_and_its_recovery_once(world):
    crm, post = one_customer(world), Post()
    look(world, post)
    for _ in range(3):
        crm.fails = [NotPermitted("a: the scope is missing: add it")]
        crm.put("contacts", "1", email="again@example.com")
        world.clock.advance(minutes=20)
        look(world, post)
    assert post.sent == [("failed", True)]
    look(world, post)
    look(world, post)
    assert post.sent == [("failed", True), ("failed", False)]


def test_rejects_over_the_share_are_told(world):
    crm, post = one_customer(world), Post()
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "DUPLICATES_DETECTED", "a rule of theirs")
    assert look(world, post)["rejects a"] == "1 of 1 records are refused"
    crm.refuses.clear()
    world.sync()
    look(world, post)
    assert post.sent == [("rejects a", True), ("rejects a", False)]


def test_fewer_rejects_than_the_share_are_not(world):
    crm, post = one_customer(world), Post()
    crm.put("contacts", "2", email="two@example.com")
    crm.put("contacts", "3", email="three@example.com")
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "DUPLICATES_DETECTED", "a rule of theirs")
    look(world, post)
    assert post.sent == []


def test_op12_silence_where_something_used_to_come_in_is_told_and_that_it_is_over(world):
    crm, post = one_customer(world), Post()
    look(world, post)
    world.clock.advance(hours=30)
    assert look(world, post)["silent a"] == "nothing came in since 2026-11-22 08:30 UTC"
    order(crm, "o3", "1", THIS_YEAR)
    look(world, post)
    assert post.sent == [("silent a", True), ("silent a", False)]


def test_a_quota_that_runs_low_is_told(world):
    crm, post = one_customer(world), Post()
    crm.usage = lambda: Usage(5, 900, 1000)
    assert look(world, post)["quota a"] == "900 of the 1000 calls of the day are used"
    assert ("quota a", True) in post.sent


def test_a_run_that_stopped_to_ask_is_told(world):
    one_customer(world)
    post = Post()
    look(world, post, brake=Brake())
    assert post.sent == [("asked", True)]


def test_a_message_that_could_not_be_sent_is_sent_after_the_next_run(world):
    crm, post = one_customer(world), Post()
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "DUPLICATES_DETECTED", "a rule of theirs")
    post.down = True
    look(world, post)
    post.down = False
    look(world, post)
    assert post.sent == [("rejects a", True)]


def test_a_connection_that_another_run_works_on_says_nothing_about_itself(world):
    one_customer(world)
    report = world.sync()
    report.connections["a"] = replace(report.connections["a"], state="skipped")
    with world.ledger.begin() as tx:
        assert not [name for name in wrong(tx, report, LIMITS, world.clock.now) if name.endswith(" a")]
