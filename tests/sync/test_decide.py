"""What people decide, shown by the next sync, and known on both clocks."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from config.rulefile import load_programme
from scoring.decision import Decision, Kind
from scoring.derived import in_lines, made_of
from scoring.mapping import SignalRule, SubjectPath
from scoring.signal import Source
from sync import contests, decide
from sync.decide import NoSuchSignalError
from sync.doctor import Doctor
from sync.ledger import database, history, past, schema
from sync.standings import standings_of
from tests.sync.conftest import order
from tests.sync.test_run import LAST_YEAR, THIS_YEAR, one_customer

TODAY = date(2026, 11, 22)


def accused(world):
    crm = one_customer(world)
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    world.sync()
    return crm


def subject(world, name="a:1"):
    with world.ledger.begin() as tx:
        return history.subject(tx, "customers", name)[0].subject


def named(world, name):
    with world.ledger.begin() as tx:
        (found,) = history.subject(tx, "customers", name)
        return decide.Subject(database.programme(tx, "customers").id, found.subject, found.contact)


def enter(world, kind, *, signal=None, name="a:1", **values):
    who = named(world, name)
    with world.ledger.begin() as tx:
        fact = None
        if signal:
            fact = decide.signal_of(past.signals_of(tx, [who.id])[who.id], signal).fact
        decision = Decision(kind, values.pop("on", TODAY), "rep-7", "as the customer says", fact=fact, **values)
        decide.enter(tx, who, decision, world.clock.now)


def test_a_contested_incident_is_held_and_comes_back_when_the_contest_is_rejected(world):
    crm = accused(world)
    assert crm.ours("1")["coefficient"] == Decimal("1.25")
    enter(world, Kind.CONTEST_OPEN, signal="c1")
    world.sync()
    assert (crm.ours("1")["coefficient"], crm.ours("1")["status"]) == (Decimal("0.95"), "contested")
    enter(world, Kind.CONTEST_REJECT, signal="c1")
    world.sync()
    assert (crm.ours("1")["coefficient"], crm.ours("1")["status"]) == (Decimal("1.25"), "active")


def test_an_accepted_contest_never_counts_again(world):
    crm = accused(world)
    enter(world, Kind.CONTEST_OPEN, signal="claim_at_fault")
    enter(world, Kind.CONTEST_ACCEPT, signal="claim_at_fault")
    world.sync()
    assert (crm.ours("1")["coefficient"], crm.ours("1")["status"]) == (Decimal("0.95"), "active")
    crm.put("cases", "c1", day=date(2026, 5, 2))
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("0.95")


def test_an_incident_that_was_derived_and_that_no_crm_has_a_record_of_is_contested_like_any_other(world):
    crm = one_customer(world)
    refund = SignalRule("refund", "refunds", (), "day", SubjectPath(link="contacts"), amount="amount")
    world.mappings["a"] = replace(world.mappings["a"], signals=(*world.mappings["a"].signals, refund))
    for number in ("r1", "r2", "r3"):
        crm.put("refunds", number, day=date(2026, 5, 1), amount=Decimal(100), contacts=["1"])
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("1.12")
    rules = load_programme("customers", at=TODAY)
    who = subject(world)
    with world.ledger.begin() as tx:
        (found,) = in_lines(standings_of(tx, [who], rules, TODAY)[who].lines, rules)
        decision = Decision(Kind.CONTEST_OPEN, TODAY, "rep-7", "the carrier broke all three", fact=found.fact)
        decide.enter(tx, decide.Subject(database.programme(tx, "customers").id, who), decision, world.clock.now)
        assert decide.decisions_of(tx, [who])[who][0].fact == found.fact
        assert decide.incident_of([found], "refund_abuse") == found
    world.sync()
    assert (crm.ours("1")["coefficient"], crm.ours("1")["status"]) == (Decimal("0.95"), "contested")


def abusing(world, *, of="1", start=date(2025, 3, 1), refunds=("r1", "r2", "r3"), into=None):
    """Somebody who ordered once and gave everything back, three times over."""
    crm = world.crms["a"]
    if into is None:
        refund = SignalRule("refund", "refunds", (), "day", SubjectPath(link="contacts"), amount="amount")
        world.mappings["a"] = replace(world.mappings["a"], signals=(*world.mappings["a"].signals, refund))
    crm.put("contacts", of, email=f"{of}@example.com")
    order(crm, f"o{of}", of, start)
    for number in refunds:
        crm.put("refunds", number, day=date(2025, 5, 1), amount=Decimal(100), contacts=[of])
    return crm


def dispute(world, kind, who):
    rules = load_programme("customers", at=TODAY)
    with world.ledger.begin() as tx:
        lines = standings_of(tx, [who], rules, TODAY)[who].lines
        (found,) = in_lines(lines, rules)
        records = made_of(found, past.signals_of(tx, [who])[who], lines, rules)
        decision = Decision(kind, TODAY, "rep-7", "the carrier broke all three", fact=found.fact, made_of=records)
        decide.enter(tx, decide.Subject(database.programme(tx, "customers").id, who), decision, world.clock.now)
        assert decide.decisions_of(tx, [who])[who][-1].made_of == records


def contested(world):
    rules = load_programme("customers", at=TODAY)
    with world.ledger.begin() as tx:
        return contests.listed(tx, "customers", rules, TODAY)


def test_an_accepted_contest_of_a_derived_incident_holds_when_a_merge_moves_its_period(world):
    crm = abusing(world)
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("1.12")
    dispute(world, Kind.CONTEST_OPEN, subject(world))
    dispute(world, Kind.CONTEST_ACCEPT, subject(world))
    crm.put("contacts", "2", email="two@example.com")
    order(crm, "o2", "2", date(2024, 12, 1))
    world.sync()
    crm.delete("contacts", "1", into="2")
    world.sync()
    assert crm.ours("2")["coefficient"] == Decimal("0.95")
    (found,) = contested(world)
    assert (found.records, found.signal, found.state, found.about) == (
        ("a:2", "a:1"),
        "refund_abuse",
        "accepted",
        "",
    )
    assert contests.without_object([found]) == []


def test_a_contest_whose_refunds_make_no_incident_any_more_is_listed_as_such(world):
    crm = abusing(world)
    world.sync()
    dispute(world, Kind.CONTEST_OPEN, subject(world))
    dispute(world, Kind.CONTEST_ACCEPT, subject(world))
    abusing(world, of="2", start=date(2024, 12, 1), refunds=("t1", "t2", "t3"), into="1")
    world.sync()
    crm.delete("contacts", "1", into="2")
    world.sync()
    assert crm.ours("2")["coefficient"] > 1  # the other's refunds, about which nobody decided
    (found,) = contested(world)
    assert (found.state, found.about) == ("accepted", "nothing that counts")
    assert contests.without_object([found]) == [found]
    doctor = Doctor(
        load_programme("customers", at=TODAY),
        "customers",
        {},
        lambda: world.ledger,
        lambda: world.clock.now,
        None,
        None,
    )
    assert [(each.finding.what, each.finding.cure) for each in doctor.examine()][-1] == (
        "contests about a derived incident that is not there any more: 1",
        "bonus-malus contest list; what counts now can be contested by itself",
    )


@pytest.mark.parametrize(
    ("before", "then", "says"),
    [
        ((), Kind.CONTEST_OPEN, ""),
        ((), Kind.CONTEST_REJECT, "not contested: `bonus-malus contest open` comes first"),
        ((Kind.CONTEST_OPEN,), Kind.CONTEST_OPEN, "contested already, since 2026-11-22"),
        ((Kind.CONTEST_OPEN, Kind.CONTEST_REJECT), Kind.CONTEST_ACCEPT, ""),
        ((Kind.CONTEST_OPEN, Kind.CONTEST_ACCEPT), Kind.CONTEST_ACCEPT, "accepted already, since 2026-11-22"),
        ((), Kind.FREEZE, ""),
        ((Kind.FREEZE,), Kind.FREEZE, "frozen already, since 2026-11-22"),
        ((Kind.FREEZE,), Kind.UNFREEZE, ""),
        ((), Kind.UNFREEZE, "not frozen on 2026-11-22"),
        ((), Kind.LIFT, "not adjusted on 2026-11-22"),
        ((Kind.ADJUST,), Kind.LIFT, ""),
    ],
)
def test_a_decision_that_would_change_nothing_says_why(before, then, says):
    source = Source("a", "cases", "c1")

    def made(kind):
        fact = (source, "claim_at_fault") if kind.value.startswith("contest") else None
        return Decision(kind, TODAY, "rep-7", "why", fact=fact, points=5 if kind is Kind.ADJUST else None)

    assert decide.why_idle([made(kind) for kind in before], made(then)) == says


@pytest.mark.parametrize(
    ("kind", "on", "says"),
    [
        (Kind.CONTEST_ACCEPT, -1, "contested from 2026-11-22 on: what is decided of 2026-11-21 ends there"),
        (Kind.CONTEST_REJECT, -1, "contested from 2026-11-22 on: what is decided of 2026-11-21 ends there"),
        (Kind.CONTEST_OPEN, -1, "contested from 2026-11-22 on: what is decided of 2026-11-21 ends there"),
        (Kind.CONTEST_ACCEPT, 0, ""),
        (Kind.CONTEST_ACCEPT, 10, ""),
    ],
)
def test_a_contest_is_decided_on_the_day_on_which_it_was_opened_or_after_it(kind, on, says):
    opened, then = contest_of(Kind.CONTEST_OPEN, 0), contest_of(kind, on)
    assert decide.why_idle([opened], then) == says


def test_what_is_decided_from_a_later_day_on_is_the_last_word_and_nothing_is_decided_before_it():
    known = [contest_of(Kind.CONTEST_OPEN, 0), contest_of(Kind.CONTEST_ACCEPT, 10)]
    for kind in (Kind.CONTEST_OPEN, Kind.CONTEST_REJECT, Kind.CONTEST_ACCEPT):
        assert "accepted from 2026-12-02 on" in decide.why_idle(known, contest_of(kind, 5))
    assert decide.why_idle(known, contest_of(Kind.CONTEST_REJECT, 10)) == ""


def contest_of(kind, days):
    fact = (Source("a", "cases", "c1"), "claim_at_fault")
    return Decision(kind, TODAY + timedelta(days=days), "rep-7", "why", fact=fact)


def test_contests_are_listed_as_they_stand_today(world):
    accused(world)
    enter(world, Kind.CONTEST_OPEN, signal="c1", on=TODAY + timedelta(days=3))
    enter(world, Kind.CONTEST_ACCEPT, signal="c1", on=TODAY + timedelta(days=10))
    rules = load_programme("customers", at=TODAY)
    with world.ledger.begin() as tx:
        found = [contests.listed(tx, "customers", rules, TODAY + timedelta(days=days))[0] for days in (0, 9, 10)]
    assert [(each.state, each.since) for each in found] == [
        ("open", TODAY + timedelta(days=3)),
        ("open", TODAY + timedelta(days=3)),
        ("accepted", TODAY + timedelta(days=10)),
    ]


def test_an_adjustment_survives_recalculation_and_ends_by_itself(world):
    crm = accused(world)
    enter(world, Kind.ADJUST, coefficient=90, until=date(2026, 12, 24))
    world.sync()
    order(crm, "o3", "1", THIS_YEAR)
    world.sync()
    assert (crm.ours("1")["coefficient"], crm.ours("1")["status"]) == (Decimal("0.90"), "adjusted")
    world.clock.advance(days=40)
    world.sync()
    assert (crm.ours("1")["coefficient"], crm.ours("1")["status"]) == (Decimal("1.25"), "active")


def test_a_frozen_standing_stays_as_it_was_until_it_is_unfrozen(world):
    crm = accused(world)
    enter(world, Kind.FREEZE)
    world.sync()
    order(crm, "o3", "1", THIS_YEAR)
    world.sync()
    assert (crm.ours("1")["points"], crm.ours("1")["status"]) == (Decimal(20), "frozen")
    enter(world, Kind.UNFREEZE)
    world.sync()
    assert (crm.ours("1")["points"], crm.ours("1")["status"]) == (Decimal(30), "active")


def test_a_decision_goes_with_the_person_when_records_are_merged(world):
    crm = accused(world)
    crm.put("contacts", "2", email="two@example.com")
    order(crm, "p1", "2", date(2025, 3, 1))
    world.sync()
    enter(world, Kind.FREEZE)
    crm.delete("contacts", "1", into="2")
    world.sync()
    assert crm.ours("2")["status"] == "frozen"


class TestWhenAPersonIsSplitAgain:
    """Linked with b:9 by an address that was wrong: everything goes where it belongs."""

    def linked(self, world):
        a, b = one_customer(world), world.crms["b"]
        b.put("contacts", "9", email="someone@example.com")
        b.put("cases", "c9", fault="theirs", day=date(2026, 5, 1), contacts=["9"])
        order(b, "p1", "9", LAST_YEAR)
        world.sync()
        return a, b

    def split(self, world):
        world.crms["b"].put("contacts", "9", email="somebody.else@example.com")
        assert world.sync().linked == 1

    @pytest.mark.parametrize(
        ("then", "status"), [((), "contested"), ((Kind.CONTEST_ACCEPT,), "active")], ids=["open", "accepted"]
    )
    def test_a_contest_goes_with_its_incident(self, world, then, status):
        _, b = self.linked(world)
        for kind in (Kind.CONTEST_OPEN, *then):
            enter(world, kind, signal="c9")  # though it is the other record that they were named by
        self.split(world)
        assert (b.ours("9")["coefficient"], b.ours("9")["status"]) == (Decimal("0.95"), status)

    def test_a_contest_that_an_older_version_entered_with_the_other_record_is_decided_there(self, world):
        a, b = self.linked(world)
        enter(world, Kind.CONTEST_OPEN, signal="c9")
        with world.ledger.begin() as tx:
            first = select(schema.contacts.c.id).where(schema.contacts.c.record == "1").scalar_subquery()
            tx.execute(update(schema.decisions).values(contact=first))
        enter(world, Kind.CONTEST_ACCEPT, signal="c9")
        with world.ledger.begin() as tx:
            assert len(set(tx.execute(select(schema.decisions.c.contact)).scalars())) == 1
        assert a.ours("1")["coefficient"] == b.ours("9")["coefficient"]

    @pytest.mark.parametrize("name", ["a:1", "b:9"])
    def test_a_freeze_and_an_adjustment_go_with_the_record_that_was_named(self, world, name):
        a, b = self.linked(world)
        enter(world, Kind.FREEZE, name=name)
        self.split(world)
        frozen = {"a:1": a.ours("1")["status"], "b:9": b.ours("9")["status"]}
        assert frozen == {"a:1": "active", "b:9": "active"} | {name: "frozen"}

    def test_what_ends_a_freeze_or_an_adjustment_goes_where_that_went(self, world):
        a, b = self.linked(world)
        enter(world, Kind.FREEZE, name="b:9")
        enter(world, Kind.ADJUST, name="b:9", coefficient=60)
        enter(world, Kind.UNFREEZE, name="a:1")
        enter(world, Kind.LIFT, name="a:1")
        self.split(world)
        assert (a.ours("1")["status"], b.ours("9")["status"]) == ("active", "active")

    def test_a_contest_of_a_merged_records_incident_goes_with_it_when_the_merge_is_undone(self, world):
        crm = one_customer(world)
        crm.put("contacts", "2", email="two@example.com")
        crm.put("cases", "c2", fault="theirs", day=date(2026, 5, 1), contacts=["2"])
        order(crm, "q1", "2", LAST_YEAR)
        crm.delete("contacts", "2", into="1")
        world.sync()
        for kind in (Kind.CONTEST_OPEN, Kind.CONTEST_ACCEPT):
            enter(world, kind, signal="c2")
        crm.undelete("contacts", "2")
        world.sync()
        assert crm.ours("2")["coefficient"] == Decimal("0.95")


def test_a_past_day_does_not_know_what_was_decided_later(world):
    accused(world)
    then = world.clock.now
    world.clock.advance(days=2)
    enter(world, Kind.FREEZE)
    who = subject(world)
    with world.ledger.begin() as tx:
        assert decide.decisions_of(tx, [who], known_at=then) == {who: ()}
        (now,) = decide.decisions_of(tx, [who])[who]
    assert (now.kind, now.by, now.recorded) == (Kind.FREEZE, "rep-7", then + timedelta(days=2))


@pytest.mark.parametrize(
    ("wanted", "on", "said"),
    [
        ("nothing", None, r"there is no signal nothing of this person.*claim_at_fault"),
        ("order_paid", None, r"order_paid is more than one signal.*order_paid o1.*order_paid o2"),
        ("order_paid", date(2020, 1, 1), r"there is no signal order_paid"),
    ],
)
def test_a_signal_that_is_not_there_or_not_the_only_one_is_answered_with_what_there_is(world, wanted, on, said):
    accused(world)
    who = subject(world)
    with world.ledger.begin() as tx:
        signals = past.signals_of(tx, [who])[who]
    with pytest.raises(NoSuchSignalError, match=said):
        decide.signal_of(signals, wanted, on=on)
    assert decide.signal_of(signals, "order_paid", on=THIS_YEAR).source.id == "o2"


class TestAnEditOnTheRecord:
    def test_is_taken_as_an_adjustment_for_a_year_where_the_settings_say_so(self, world):
        crm = accused(world)
        crm.edit_ours("1", coefficient=Decimal("1.00"))
        world.sync(edited_by_hand="adjust")
        assert (crm.ours("1")["coefficient"], crm.ours("1")["status"]) == (Decimal("1.00"), "adjusted")
        (found,) = self.decisions(world)
        assert (found.coefficient, found.points, found.by, found.until) == (100, None, "crm", date(2027, 11, 22))

    def test_of_a_text_is_restored_even_then(self, world):
        crm = accused(world)
        crm.edit_ours("1", tier="Platinum")
        world.sync(edited_by_hand="adjust")
        assert crm.ours("1")["tier"] == "Basic"
        assert self.decisions(world) == ()

    def test_that_empties_a_number_is_restored_even_then(self, world):
        crm = accused(world)
        crm.edit_ours("1", coefficient=None)
        world.sync(edited_by_hand="adjust")
        assert crm.ours("1")["coefficient"] == Decimal("1.25")

    def decisions(self, world):
        who = subject(world)
        with world.ledger.begin() as tx:
            return decide.decisions_of(tx, [who])[who]


def test_what_a_run_wrote_and_died_over_is_not_taken_for_a_persons_edit(world):
    crm = one_customer(world)

    class KilledError(BaseException):
        pass

    real = crm.write

    def dies(fields, updates):
        for _ in real(fields, updates):
            raise KilledError
        yield

    crm.write = dies
    with pytest.raises(KilledError):
        world.sync(edited_by_hand="adjust")
    crm.write = real
    assert crm.ours("1")["coefficient"] == Decimal("0.95")
    report = world.sync(edited_by_hand="adjust")
    assert report.connections["a"].edited == []
    with world.ledger.begin() as tx:
        (noted,) = history.outcomes(tx, report.run)
        assert decide.decisions_of(tx, [1]) == {1: ()}
    assert noted["before"]["coefficient"] is None
    assert noted["after"]["coefficient"] == "0.95"
