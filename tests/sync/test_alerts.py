"""Alerts: one message per change, whatever is wrong and however often it is looked at."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from connectors.errors import NotPermitted, Unreachable
from connectors.protocol import Outcome, OutcomeKind, Usage
from sync.alerts import Limits, tell, vanished, wrong
from sync.brake import Brake
from sync.ledger import database, operation
from tests.sync.conftest import order
from tests.sync.test_reconcile import company, compare
from tests.sync.test_run import THIS_YEAR, one_customer

LIMITS = Limits(rejects=0.4, quota=0.8, silent=timedelta(hours=24))


class Post:
    """Takes messages, or is not there."""

    def __init__(self):
        self.sent, self.texts, self.down = [], [], False

    def __call__(self, message):
        if self.down:
            raise ConnectionError
        self.sent.append((message.name, message.raised))
        self.texts.append(message.text)


def look(world, post, *, mail=None, **options):
    report = world.sync(**options)
    with world.ledger.begin() as tx:
        found = wrong(tx, report, LIMITS, world.clock.now)
    ways = {"webhook": post} if mail is None else {"webhook": post, "mail": mail}
    tell(world.ledger, "customers", found, world.clock.now, ways)
    return found


def away(crm):
    """The CRM does not answer in the next run."""
    crm.fails = [Unreachable("a: 503: try later")]
    crm.put("contacts", "1", email=f"{crm.clock.now:%d%H%M}@example.com")


def test_a_run_that_fails_again_and_again_is_told_once_and_its_recovery_once(world):
    crm, post = one_customer(world), Post()
    look(world, post)
    for _ in range(3):
        crm.fails = [NotPermitted("a: the scope is missing: add it")]
        crm.put("contacts", "1", email="again@example.com")
        world.clock.advance(minutes=20)
        look(world, post)
    assert post.sent == [("failed a", True)]
    look(world, post)
    look(world, post)
    assert post.sent == [("failed a", True), ("failed a", False)]


def test_a_crm_that_fails_is_told_though_another_one_has_been_failing_for_long(world):
    post = Post()
    for crm in world.crms.values():
        crm.put("contacts", "1", email="one@example.com")
    world.sync()
    for names in ("b", "ab", "a"):
        for name in names:
            world.crms[name].fails = [NotPermitted(f"{name}: the scope is missing: add it")]
        for crm in world.crms.values():
            crm.put("contacts", "1", email=f"{world.clock.now:%d%H%M}@example.com")
        look(world, post)
    assert post.sent == [("failed b", True), ("failed a", True), ("failed b", False)]


def test_an_alert_of_a_connection_that_is_taken_out_of_the_settings_is_over_and_says_why(world):
    crm, post = one_customer(world), Post()
    world.sync()
    crm.fails = [NotPermitted("a: the scope is missing: add it")]
    crm.put("contacts", "1", email="again@example.com")
    look(world, post)
    since = world.clock.now
    world.clock.advance(minutes=20)
    del world.crms["a"], world.mappings["a"]
    for _ in range(2):
        look(world, post)
    assert post.sent == [("failed a", True), ("failed a", False)]
    assert post.texts[1] == f"it began at {since:%Y-%m-%d %H:%M} UTC and its connection is no longer in the settings"


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


def test_what_passes_by_itself_is_told_when_it_has_not_by_the_next_run_and_its_end_once(world):
    crm, post = one_customer(world), Post()
    look(world, post)
    away(crm)
    assert "late a" not in look(world, post)
    look(world, post)
    away(crm)
    look(world, post)
    assert post.sent == []
    for _ in range(3):
        away(crm)
        said = look(world, post)["late a"]
    assert said == "runs 6 and 7 did not come to their end: a: 503: try later"
    assert post.sent == [("late a", True)]
    look(world, post)
    look(world, post)
    assert post.sent == [("late a", True), ("late a", False)]


def test_a_crm_that_never_answered_is_late_and_a_first_fill_is_not(world):
    crm, post = one_customer(world), Post()
    crm.silent = Unreachable("a: nobody answers")
    look(world, post)
    look(world, post)
    crm.silent = None
    assert post.sent == [("late a", True)]
    for _ in range(3):
        away(crm)
        report = world.sync()
        with world.ledger.begin() as tx:
            found = wrong(tx, report, LIMITS, world.clock.now)
        assert report.first_fill
        assert "late a" not in found


def test_a_run_that_another_one_kept_out_or_that_was_stopped_neither_makes_late_nor_ends_it(world):
    crm, post = one_customer(world), Post()
    look(world, post)
    away(crm)
    look(world, post)
    report = world.sync()
    report.state = "interrupted"
    with world.ledger.begin() as tx:
        database.end_run(tx, report.run, world.clock.now, "interrupted", report.to_json())
        assert wrong(tx, report, LIMITS, world.clock.now) == {}
    skipped = world.sync()
    skipped.connections["a"] = replace(skipped.connections["a"], state="skipped")
    with world.ledger.begin() as tx:
        database.end_run(tx, skipped.run, world.clock.now, "skipped", skipped.to_json())
        assert "late a" not in wrong(tx, skipped, LIMITS, world.clock.now)
    away(crm)
    look(world, post)
    assert post.sent == [("late a", True)]


def test_what_a_run_cannot_know_is_not_over(world):
    crm, post = one_customer(world), Post()
    look(world, post)
    world.clock.advance(hours=30)
    look(world, post)
    assert post.sent == [("silent a", True)]
    crm.fails = [NotPermitted("a: the scope is missing: add it")]
    crm.put("contacts", "1", email="again@example.com")
    look(world, post)
    assert post.sent[1:] == [("failed a", True)]
    away(crm)
    look(world, post)
    assert post.sent[2:] == []
    look(world, post)
    assert post.sent[2:] == [("failed a", False)]
    order(crm, "o3", "1", THIS_YEAR)
    look(world, post)
    assert post.sent[3:] == [("silent a", False)]


def test_nobody_calls_silent_what_could_not_be_read(world):
    crm, post = one_customer(world), Post()
    look(world, post)
    world.clock.advance(hours=30)
    away(crm)
    assert "silent a" not in look(world, post)
    assert post.sent == []


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


def test_a_reconciliation_that_stopped_to_ask_is_told_until_one_comes_to_its_end(world):
    crm, post = company(world), Post()

    def pass_over(**options):
        report = compare(world, **options)
        tell(world.ledger, "customers", vanished(report), world.clock.now, {"webhook": post})
        return report.state

    for number in range(2, 7):
        crm.vanish("contacts", str(number))
    assert (pass_over(), pass_over()) == ("asked", "asked")
    assert post.sent == [("vanished a", True)]
    assert "5 of 6 records of contacts are not there any more" in post.texts[0]
    crm.fails = [Unreachable("no answer")]
    assert pass_over(yes_remove=5) == "try later"
    assert post.sent == [("vanished a", True)]
    assert pass_over(yes_remove=5) == "done"
    assert post.sent == [("vanished a", True), ("vanished a", False)]


def test_a_message_that_could_not_be_sent_is_sent_after_the_next_run(world):
    crm, post = one_customer(world), Post()
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "DUPLICATES_DETECTED", "a rule of theirs")
    post.down = True
    look(world, post)
    post.down = False
    look(world, post)
    assert post.sent == [("rejects a", True)]


def test_each_way_is_told_once_whichever_other_way_is_down(world):
    crm, post, mail = one_customer(world), Post(), Post()
    mail.down = True
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "DUPLICATES_DETECTED", "a rule of theirs")
    for _ in range(3):
        look(world, post, mail=mail)
    assert (post.sent, mail.sent) == ([("rejects a", True)], [])
    mail.down = False
    for _ in range(3):
        look(world, post, mail=mail)
    assert (post.sent, mail.sent) == ([("rejects a", True)], [("rejects a", True)])
    post.down = True
    crm.refuses.clear()
    world.sync(full=True)
    for _ in range(3):
        look(world, post, mail=mail)
    assert (post.sent[1:], mail.sent[1:]) == ([], [("rejects a", False)])
    post.down = False
    for _ in range(3):
        look(world, post, mail=mail)
    assert (post.sent[1:], mail.sent[1:]) == ([("rejects a", False)], [("rejects a", False)])
    with world.ledger.begin() as tx:
        assert "webhook: rejects a" not in tx.execute(select(operation.alerts.c.name)).scalars().all()


def test_whoever_never_heard_that_it_began_does_not_hear_that_it_is_over(world):
    crm, post, mail = one_customer(world), Post(), Post()
    mail.down = True
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "DUPLICATES_DETECTED", "a rule of theirs")
    look(world, post, mail=mail)
    crm.refuses.clear()
    world.sync(full=True)
    mail.down = False
    look(world, post, mail=mail)
    assert (post.sent, mail.sent) == ([("rejects a", True), ("rejects a", False)], [])


def test_the_end_that_reaches_somebody_late_says_when_it_began(world):
    crm, post, mail = one_customer(world), Post(), Post()
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "DUPLICATES_DETECTED", "a rule of theirs")
    look(world, post, mail=mail)
    began = f"{world.clock.now:%Y-%m-%d %H:%M}"
    crm.refuses.clear()
    world.sync(full=True)
    mail.down = True
    look(world, post, mail=mail)
    mail.down = False
    look(world, post, mail=mail)
    assert mail.texts[-1] == post.texts[-1] == f"it began at {began} UTC and is over"


def test_a_way_that_is_added_later_knows_what_was_told(world):
    crm, post, mail = one_customer(world), Post(), Post()
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "DUPLICATES_DETECTED", "a rule of theirs")
    look(world, post)
    look(world, post, mail=mail)
    assert mail.sent == []
    crm.refuses.clear()
    world.sync(full=True)
    look(world, post, mail=mail)
    assert mail.sent == [("rejects a", False)]


def test_a_connection_that_another_run_works_on_says_nothing_about_itself(world):
    one_customer(world)
    report = world.sync()
    report.connections["a"] = replace(report.connections["a"], state="skipped")
    with world.ledger.begin() as tx:
        assert not [name for name in wrong(tx, report, LIMITS, world.clock.now) if name.endswith(" a")]
