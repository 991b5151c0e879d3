"""One sync after another: what is written, what is not, and what the ledger remembers."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest

from config.reading import ConfigError
from connectors.errors import NotPermitted, Unreachable
from connectors.protocol import Finding, Level, Outcome, OutcomeKind
from sync.ledger import LedgerError, history, past, results, zones
from sync.ledger.contacts import digest
from tests.sync.conftest import both, order

LAST_YEAR = date(2025, 10, 1)
THIS_YEAR = date(2026, 11, 2)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request):
    return both(request)


def one_customer(world):
    crm = world.crms["a"]
    crm.put("contacts", "1", email="someone@example.com")
    order(crm, "o1", "1", LAST_YEAR)
    order(crm, "o2", "1", THIS_YEAR)
    return crm


def counted(report, name="a"):
    return {word: count for word, count in report.connections[name].outcomes.items() if count}


def test_a_clean_year_is_written_on_the_record(world):
    crm = one_customer(world)
    world.sync()
    ours = crm.ours("1")
    assert ours["coefficient"] == Decimal("0.95")
    assert ours["next_review"] == date(2027, 10, 1)
    assert ours["status"] == "active"
    assert ours["rules"].startswith("customers@")


def test_a_second_run_writes_nothing_though_it_reads_its_own_echo(world):
    crm = one_customer(world)
    world.sync()
    before = len(crm.written)
    world.clock.advance(hours=2)
    report = world.sync()
    assert report.connections["a"].objects["contacts"].read == 1
    assert counted(report) == {"unchanged": 1}
    assert len(crm.written) == before


def test_where_every_record_shows_its_standing_they_are_gone_through_once(world, monkeypatch):
    one_customer(world)
    world.sync()
    gone_through = []
    for name in ("count_shown", "count_living", "to_show"):
        monkeypatch.setattr(results, name, partial(counting, gone_through, name, getattr(results, name)))
    assert counted(world.sync()) == {"unchanged": 1}
    assert gone_through == ["count_shown"] * 2, "once for each connection"


def counting(called, name, real, *given, **more):
    called.append(name)
    return real(*given, **more)


def test_every_living_record_has_exactly_one_outcome(world):
    crm = one_customer(world)
    for number in range(2, 8):
        crm.put("contacts", str(number), email=f"c{number}@example.com")
    crm.delete("contacts", "7")
    crm.refuses["3"] = Outcome("3", OutcomeKind.REJECTED, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "a rule of theirs")
    report = world.sync()
    assert counted(report) == {"written": 5, "rejected": 1}
    order(crm, "o3", "2", THIS_YEAR)
    assert counted(world.sync()) == {"written": 1, "rejected": 1, "unchanged": 4}


def test_only_changed_fields_and_the_two_that_go_along_are_sent(world):
    crm = one_customer(world)
    world.sync()
    order(crm, "o3", "1", date(2026, 11, 21))
    world.sync()
    sent = crm.written[-1].values
    assert {"points", "reasons", "computed_at", "rules"} <= set(sent)
    assert "coefficient" not in sent
    assert "next_review" not in sent


def test_a_record_that_stops_matching_withdraws_its_signal(world):
    crm = one_customer(world)
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("1.25")
    crm.put("cases", "c1", fault="ours")
    report = world.sync()
    assert report.connections["a"].objects["cases"].signals["withdrawn"] == 1
    assert crm.ours("1")["coefficient"] == Decimal("0.95")


def test_a_justified_complaint_never_counts(world):
    crm = one_customer(world)
    for number in range(5):
        crm.put("cases", f"c{number}", fault="ours", day=date(2026, 5, 1), contacts=["1"])
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("0.95")


def test_a_deleted_activity_withdraws_its_signal_and_an_undeleted_one_brings_it_back(world):
    crm = one_customer(world)
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    world.sync()
    crm.delete("cases", "c1")
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("0.95")
    crm.undelete("cases", "c1")
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("1.25")


def test_a_reassigned_activity_moves_from_one_standing_to_the_other(world):
    crm = one_customer(world)
    crm.put("contacts", "2", email="two@example.com")
    order(crm, "p1", "2", LAST_YEAR)
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    world.sync()
    crm.put("cases", "c1", contacts=["2"])
    world.sync()
    assert (crm.ours("1")["coefficient"], crm.ours("2")["coefficient"]) == (Decimal("0.95"), Decimal("1.25"))


def test_sr06_a_deleted_contact_is_neither_scored_nor_written(world):
    crm = one_customer(world)
    world.sync()
    crm.delete("contacts", "1")
    order(crm, "o3", "1", THIS_YEAR)
    report = world.sync()
    assert counted(report) == {}
    assert report.scored == 0


def test_sr07_the_losing_record_of_a_merge_leaves_its_history_to_the_survivor_once(world):
    crm = one_customer(world)
    crm.put("contacts", "2", email="two@example.com")
    order(crm, "p1", "2", date(2025, 3, 1))
    world.sync()
    assert crm.ours("2")["points"] == Decimal(10)
    crm.delete("contacts", "1", into="2")
    report = world.sync()
    assert report.connections["a"].merged == 1
    assert crm.ours("2")["points"] == Decimal(30)
    order(crm, "o1", "2", LAST_YEAR)  # the CRM has moved the orders over too: the same facts, under the new contact
    order(crm, "o2", "2", THIS_YEAR)
    world.sync()
    assert crm.ours("2")["points"] == Decimal(30)
    with world.ledger.begin() as tx:
        (found,) = history.subject(tx, "customers", "a:1")
    assert set(found.records) == {"a:1", "a:2"}


def test_the_calendar_alone_moves_a_standing_on_its_review_day(world):
    crm = one_customer(world)
    world.sync()
    world.clock.now = world.clock.now.replace(year=2027, month=10, day=1)
    report = world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("0.90")
    (move,) = report.moves
    assert move.because == ("review of 2027-10-01", "points expired")


def test_nobody_is_scored_when_nothing_happened_and_no_day_has_come(world):
    one_customer(world)
    world.sync()
    assert world.sync().scored == 0


class TestOnePersonInTwoCrms:
    def both(self, world, left="someone@example.com", right=" Someone@Example.COM "):
        a, b = world.crms["a"], world.crms["b"]
        a.put("contacts", "1", email=left)
        b.put("contacts", "9", email=right)
        order(a, "o1", "1", LAST_YEAR)
        order(b, "o2", "9", THIS_YEAR)
        return a, b

    def test_has_one_standing_over_both_histories_shown_in_both(self, world):
        a, b = self.both(world)
        world.sync()
        assert a.ours("1")["points"] == b.ours("9")["points"] == Decimal(20)
        assert a.ours("1")["coefficient"] == b.ours("9")["coefficient"] == Decimal("0.95")

    def test_is_not_linked_by_an_address_that_two_records_of_one_crm_share(self, world):
        a, b = self.both(world)
        a.put("contacts", "2", email="someone@example.com")
        report = world.sync()
        assert a.ours("1")["points"] == b.ours("9")["points"] == Decimal(10)
        assert len(report.ambiguous) == 3

    def test_is_linked_by_a_stored_cross_id_before_any_address(self, world):
        a, b = self.both(world, right="another@example.org")
        b.put("contacts", "9", cross="1")
        world.sync()
        assert a.ours("1")["points"] == Decimal(20)

    def test_is_split_again_when_the_link_was_wrong(self, world):
        a, b = self.both(world)
        world.sync()
        b.put("contacts", "9", email="another@example.org")
        world.sync()
        assert a.ours("1")["points"] == b.ours("9")["points"] == Decimal(10)

    def test_one_fact_reported_by_both_counts_once(self, world):
        a, b = self.both(world)
        order(b, "mirror", "9", LAST_YEAR, key="o1")
        order(a, "o1", "1", LAST_YEAR, key="o1")
        world.sync()
        assert a.ours("1")["points"] == Decimal(20)

    def test_a_crm_that_fails_does_not_hold_up_the_other_after_the_first_fill(self, world):
        a, b = self.both(world)
        world.sync()
        order(a, "o3", "1", THIS_YEAR)
        order(b, "o4", "9", THIS_YEAR)
        b.fails = [Unreachable("b does not answer: 503; try again later")]
        report = world.sync()
        assert report.state == "try later"
        assert a.ours("1")["points"] == Decimal(30)
        assert world.sync().state == "done"
        assert a.ours("1")["points"] == b.ours("9")["points"] == Decimal(40)

    def test_nobody_is_scored_on_half_a_history_before_both_were_read_once(self, world):
        a, b = self.both(world)
        b.fails = [Unreachable("b does not answer: 503; try again later")]
        report = world.sync()
        assert report.written == 0
        assert "nobody is scored before b" in report.notes[-1]
        world.sync()
        assert a.ours("1")["points"] == Decimal(20)

    def test_the_time_zone_must_be_set_when_the_crms_differ(self, world):
        self.both(world)
        world.crms["b"].time_zone = "America/New_York"
        with pytest.raises(ConfigError, match=r"time_zone: the CRMs differ \(a Europe/Paris, b America/New_York\)"):
            world.sync()

    def test_three_people_whose_addresses_wander_stay_three_people(self, world):
        a, b = self.both(world)
        world.sync()
        a.put("contacts", "2", email="second@example.com")
        order(a, "o9", "2", LAST_YEAR)
        world.sync()
        for address in ("second@example.com", "third@example.com", "someone@example.com", "fourth@example.com"):
            b.put("contacts", "9", email=address)
            world.sync()
        with world.ledger.begin() as tx:
            people = [history.subject(tx, "customers", name)[0].subject for name in ("a:1", "a:2", "b:9")]
        assert len(set(people)) == 3
        assert b.ours("9")["points"] == Decimal(10)

    def test_nothing_is_decided_about_the_time_zone_before_every_crm_has_answered_once(self, world):
        a, b = self.both(world)
        b.silent = Unreachable("b does not answer: 503; try again later")
        report = world.sync()
        assert a.written == []
        assert "time zone is settled when every CRM has answered once" in report.notes[0]
        b.silent = None
        world.sync()
        with world.ledger.begin() as tx:
            assert zones.of(tx, "customers").present.key == "Europe/Paris"
        assert a.ours("1")["points"] == Decimal(20)


class TestAFailure:
    def test_op10_leaves_the_cursor_of_that_object_where_it_was(self, world):
        crm = one_customer(world)
        crm.fails = [None, Unreachable("no answer")]
        assert world.sync().state == "try later"
        assert world.sync().state == "done"
        assert crm.ours("1")["coefficient"] == Decimal("0.95")

    def test_after_some_pages_were_kept_still_scores_everyone_they_touched(self, world):
        crm = one_customer(world)
        world.sync()
        for number in range(4):
            order(crm, f"n{number}", "1", THIS_YEAR)
        crm.fails = [None, None, Unreachable("no answer")]  # contacts, first page of orders, second page
        world.sync()
        world.sync()
        assert crm.ours("1")["points"] == Decimal(60)

    def test_sr01_a_row_that_commits_late_with_an_older_stamp_is_met_by_the_overlap(self, world):
        crm = one_customer(world)
        world.sync()
        now = world.clock.now
        world.clock.now = now - crm.settle - timedelta(minutes=5)  # where the last window has been
        order(crm, "late", "1", THIS_YEAR)
        world.clock.now = now
        world.sync()
        assert crm.ours("1")["points"] == Decimal(30)

    def test_a_run_that_was_killed_is_known_as_interrupted_and_made_good_by_the_next_one(self, world):
        one_customer(world)

        class KillError(BaseException):
            pass

        world.crms["a"].fails = [KillError()]
        with pytest.raises(KillError):
            world.sync()
        world.sync()
        with world.ledger.begin() as tx:
            states = [each.state for each in history.runs(tx, "customers", limit=5)]
        assert states == ["done", "interrupted"]

    def test_au04_another_org_under_the_same_name_is_refused(self, world):
        one_customer(world)
        world.sync()
        world.crms["a"].account_id = "00D2"
        with pytest.raises(LedgerError, match="now leads to a 00D2, but this ledger belongs to a 00D1"):
            world.sync()


class TestAFieldThatCannotBeRead:
    def missing(self, object_, field):
        return Finding(Level.FAIL, f"{object_}.{field} cannot be read", "grant it", object_, field)

    def test_sr11_switches_an_optional_signal_off_with_a_warning(self, world):
        crm = one_customer(world)
        crm.findings = [self.missing("cases", "fault")]
        report = world.sync()
        assert report.state == "done"
        (warning,) = report.connections["a"].warnings
        assert "off here: claim_at_fault, claim_justified" in warning

    def test_sr11_stops_the_run_where_a_signal_that_is_not_optional_rests_on_it(self, world):
        crm = one_customer(world)
        crm.findings = [self.missing("orders", "amount")]
        report = world.sync()
        assert report.state == "failed"
        assert "orders.amount cannot be read: grant it" in report.connections["a"].message
        assert crm.written == []

    def test_sr11_stops_the_run_where_the_signal_was_there_before(self, world):
        crm = one_customer(world)
        crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
        world.sync()
        crm.findings = [self.missing("cases", "fault")]
        report = world.sync()
        assert "claim_at_fault came from there until now" in report.connections["a"].message
        assert crm.ours("1")["coefficient"] == Decimal("1.25")

    def test_one_of_our_own_fields_stops_the_run(self, world):
        crm = one_customer(world)
        crm.findings = [self.missing("contacts", "BonusMalus_Tier__c")]
        assert world.sync().state == "failed"

    def test_currency_reference_and_key_can_be_done_without(self, world):
        crm = one_customer(world)
        crm.findings = [self.missing("orders", "key")]
        assert world.sync().state == "done"
        assert crm.ours("1")["coefficient"] == Decimal("0.95")


def test_a_persons_edit_of_our_field_is_reported_and_restored(world):
    crm = one_customer(world)
    world.sync()
    crm.edit_ours("1", tier="Platinum")
    report = world.sync()
    assert report.connections["a"].edited == ["a:1 tier"]
    assert crm.ours("1")["tier"] == "Basic"


def test_a_persons_edit_can_be_left_alone(world):
    crm = one_customer(world)
    world.options["edited_by_hand"] = "report"
    world.sync()
    crm.edit_ours("1", tier="Platinum")
    report = world.sync()
    assert report.connections["a"].edited == ["a:1 tier"]
    assert crm.ours("1")["tier"] == "Platinum"


def test_a_bad_record_is_a_problem_in_the_report_and_the_rest_goes_on(world):
    crm = one_customer(world)
    order(crm, "bad", "1", THIS_YEAR, amount="a lot")
    report = world.sync()
    assert report.connections["a"].objects["orders"].verdicts == {"signal": 2, "problem": 1}
    assert report.problems == 1
    with world.ledger.begin() as tx:
        (problem,) = history.problems(tx, report.run)
    assert (problem["record"], problem["field"]) == ("bad", "amount")
    assert crm.ours("1")["points"] == Decimal(20)


def test_a_record_that_becomes_unreadable_leaves_its_signal_as_it_was_until_it_is_corrected(world):
    crm = one_customer(world)
    world.sync()
    crm.put("orders", "o1", amount="a lot")
    report = world.sync()
    assert report.problems == 1
    assert crm.ours("1")["coefficient"] == Decimal("0.95")
    crm.put("orders", "o1", state="cancelled")
    world.sync()
    assert crm.ours("1")["points"] == Decimal(10)


def test_a_first_fill_reads_up_to_now(world):
    crm = one_customer(world)
    world.clock.advance(minutes=-25)  # so that everything is younger than the settle time
    world.sync()
    assert crm.ours("1")["points"] == Decimal(20)


def test_a_dry_run_leaves_no_trace(world):
    crm = one_customer(world)
    report = world.sync(dry=True)
    assert counted(report) == {"would write": 1}
    assert crm.written == []
    with world.ledger.begin() as tx:
        assert history.runs(tx, "customers", limit=5) == []
    assert counted(world.sync()) == {"written": 1}


def test_another_mapping_reads_everything_again_and_withdraws_what_it_no_longer_means(world):
    crm = one_customer(world)
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    world.sync()
    world.mappings["a"] = world.mappings["a"].only(frozenset({"order_paid"}))
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("0.95")


def test_signals_older_than_the_first_fill_reads_back_are_counted_as_too_old(world):
    crm = one_customer(world)
    order(crm, "ancient", "1", date(2020, 1, 1))
    report = world.sync()
    assert report.connections["a"].objects["orders"].verdicts["too old"] == 1
    assert "signals since 2023-11-22 count (3 years back)" in report.notes[0]
    assert crm.ours("1")["next_review"] == date(2027, 10, 1)


def test_a_past_day_is_recomputed_as_it_was_known_then(world):
    crm = one_customer(world)
    world.sync()
    then = world.clock.now
    world.clock.advance(days=3)
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    world.sync()
    with world.ledger.begin() as tx:
        (found,) = history.subject(tx, "customers", "a:1")
        known = past.signals_of(tx, [found.subject], known_at=then)[found.subject]
        today = past.signals_of(tx, [found.subject])[found.subject]
    assert {each.name for each in known} == {"order_paid"}
    assert {each.name for each in today} == {"order_paid", "claim_at_fault"}


def test_an_address_that_is_none_links_nobody():
    assert digest("not an address") is None
    assert digest("@") is None
    assert digest(None) is None
    assert digest(" A@B.example ") == digest("a@b.example")


def test_a_missing_permission_names_it_and_nothing_is_written(world):
    crm = one_customer(world)
    crm.fails = [NotPermitted("a: the scope crm.objects.orders.read is missing: add it to the key")]
    report = world.sync()
    assert report.state == "failed"
    assert "crm.objects.orders.read" in report.connections["a"].message
    assert crm.written == []
