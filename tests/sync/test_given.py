"""What customers bring beside orders: contracts, a coefficient from elsewhere, money at its day's rate."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from config.openings import Row
from config.rulefile import load_programme
from scoring.mapping import Carries, Condition, Operator, SignalRule, SubjectPath
from scoring.rates import Rates
from scoring.rules import Programme
from scoring.signal import Carried
from scoring.standing import Standing
from sync import money
from sync.erase import erase
from sync.job import Progress
from sync.ledger import history, schema
from sync.ledger.facts import Entry
from sync.money import rates_for, rates_of
from sync.score import standings_of
from sync.simulate import simulate
from sync.verify import verify
from tests.sync.conftest import World, both, order

ME = SubjectPath(field="id")
RUNS = (
    SignalRule("contract", "contracts", (), "from", SubjectPath(link="contacts"), until="to", optional=True),
    SignalRule(
        "carried_over",
        "contacts",
        (Condition("before", Operator.FILLED),),
        "since",
        ME,
        carries=Carries("before", "", "clean", "at_floor", "used"),
    ),
)
CUSTOMERS = load_programme("customers", at=date(2026, 11, 22))
IN_EUROS = replace(CUSTOMERS, currency="EUR")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    return both(request)


@pytest.fixture
def shop(world: World) -> World:
    """CRM `a` alone, whose contacts have contracts and may come with a coefficient."""
    del world.crms["b"]
    world.mappings["a"] = replace(world.mappings["a"], signals=(*world.mappings["a"].signals, *RUNS))
    return world


def contact(world: World, id_: str = "c1", **values: Any) -> None:
    world.crms["a"].put("contacts", id_, email=f"{id_}@example.com", id=id_, **values)


def contract(world: World, id_: str, start: date, end: date | None = None, *, whose: str = "c1") -> None:
    world.crms["a"].put("contracts", id_, **{"from": start, "to": end}, contacts=[whose])


def shown(world: World, id_: str = "c1") -> tuple[Any, Any]:
    ours = world.crms["a"].ours(id_)
    return ours.get("coefficient"), ours.get("status")


def subject(world: World, id_: str = "c1") -> int:
    with world.ledger.begin() as tx:
        return history.subject(tx, "customers", id_)[0].subject


def as_of(world: World, instant: datetime, programme: Programme = CUSTOMERS, id_: str = "c1") -> Standing:
    """As it was known at an instant."""
    whose = subject(world, id_)
    with world.ledger.begin() as tx:
        rates = rates_for(tx, 1, programme, known_at=instant)
        return standings_of(tx, [whose], programme, instant.date(), known_at=instant, rates=rates)[whose]


def test_a_contract_that_runs_is_exposure_and_its_anniversary_the_review(shop: World):
    contact(shop)
    contract(shop, "k1", date(2024, 5, 1))
    shop.sync()
    assert shown(shop) == (Decimal("0.90"), "active")
    assert shop.crms["a"].ours("c1")["next_review"] == date(2027, 5, 1)


def test_a_contract_older_than_we_read_back_counts_from_its_first_anniversary_there(shop: World):
    """Three years back is 22 Nov 2023: no year that nobody looked into is taken for a clean one."""
    contact(shop)
    contract(shop, "k1", date(2010, 2, 10))
    shop.sync()
    assert as_of(shop, shop.clock.now).exposure == date(2024, 2, 10)
    assert shown(shop)[0] == Decimal("0.90")


def test_a_contract_that_ended_before_we_read_back_is_too_old(shop: World):
    contact(shop)
    contract(shop, "k1", date(2010, 2, 10), date(2023, 1, 31))
    report = shop.sync()
    assert report.connections["a"].objects["contracts"].verdicts["too old"] == 1
    assert shown(shop) == (Decimal(1), "short history")


def test_a_contract_whose_end_lies_before_its_start_is_a_problem_with_a_cure(shop: World):
    contact(shop)
    contract(shop, "k1", date(2024, 5, 1), date(2024, 4, 1))
    report = shop.sync()
    with shop.ledger.begin() as tx:
        (problem,) = history.problems(tx, report.run)
    assert (problem["record"], problem["field"]) == ("k1", "to")
    assert problem["what"] == "to is 2024-04-01, before from (2024-05-01)"


def test_a_contract_prolonged_ended_and_taken_back_moves_what_can_still_be_corrected(shop: World):
    contact(shop)
    contract(shop, "k1", date(2024, 5, 1), date(2025, 4, 30))
    shop.sync()
    assert shown(shop)[0] == Decimal("0.95")  # the second year was interrupted
    before = shop.clock.now
    shop.clock.advance(days=10)
    contract(shop, "k1", date(2024, 5, 1))
    shop.sync()
    assert shown(shop)[0] == Decimal("0.90")
    assert as_of(shop, before).coefficient == 95  # as known then
    shop.clock.advance(days=10)
    shop.crms["a"].delete("contracts", "k1")
    shop.sync()
    assert shown(shop) == (Decimal(1), "short history")
    assert verify(shop.ledger, "customers", lambda _: CUSTOMERS).differences == []


def test_the_coefficient_in_a_field_of_the_crm_is_where_exposure_begins(shop: World):
    contact(shop, before=Decimal("0.50"), at_floor=Decimal(3), since=date(2024, 1, 1))
    order(shop.crms["a"], "o1", "c1", date(2025, 3, 1))
    shop.crms["a"].put("cases", "x1", fault="theirs", day=date(2025, 6, 1), contacts=["c1"])
    shop.sync()
    assert shown(shop)[0] == Decimal("0.50")  # absorbed: three full years at the floor were brought along


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"before": Decimal("0.30")}, "opening coefficient 0.30: allowed is 0.50 to 3.50"),
        ({"before": Decimal("0.505")}, "before is 0.505, not a coefficient with two decimals"),
        ({"before": Decimal("0.80"), "at_floor": Decimal(2)}, "opening coefficient 0.80: years at the floor without"),
        ({"before": Decimal("1e999999")}, "before is 1E+999999, not a coefficient with two decimals"),
        ({"before": Decimal("0.80"), "clean": Decimal("1.5")}, "clean is 1.5, not a number of years"),
        ({"before": Decimal("0.80"), "clean": Decimal("1e999999")}, "clean is 1E+999999, not a number of years"),
        ({"before": Decimal("0.80"), "used": "perhaps"}, "used is 'perhaps', not yes or no"),
    ],
)
def test_what_cannot_be_carried_over_is_a_problem_and_counts_for_nothing(
    shop: World, values: dict[str, Any], what: str
):
    contact(shop, since=date(2024, 1, 1), **values)
    order(shop.crms["a"], "o1", "c1", date(2025, 3, 1))
    report = shop.sync()
    with shop.ledger.begin() as tx:
        (problem,) = history.problems(tx, report.run)
    assert problem["what"].startswith(what)
    assert shown(shop)[0] == Decimal("0.95")


def row(line: int, record: str = "", email: str = "", coefficient: int = 80, **more: Any) -> Row:
    return Row(line, record, email, Carried(coefficient), **more)


def test_a_file_of_openings_finds_people_by_record_and_by_address(shop: World):
    for id_ in ("c1", "c2", "c3"):
        contact(shop, id_)
        order(shop.crms["a"], f"o{id_}", id_, date(2026, 3, 1))
    rows = (row(2, "c1"), row(3, email="C2@example.com", coefficient=90), row(4, "b:c3"), row(5, "nobody"))
    report = shop.sync(openings=rows)
    assert [shown(shop, id_)[0] for id_ in ("c1", "c2", "c3")] == [Decimal("0.80"), Decimal("0.90"), Decimal(1)]
    assert "openings: nobody in the CRMs is meant by line 4, 5" in report.notes
    assert shop.sync(openings=rows).written == 0


def test_a_line_of_the_file_that_changes_or_goes_is_a_correction(shop: World):
    contact(shop)
    order(shop.crms["a"], "o1", "c1", date(2026, 3, 1))
    shop.sync(openings=(row(2, "c1"),))
    first = shop.clock.now
    shop.clock.advance(days=1)
    shop.sync(openings=(row(2, "c1", coefficient=70),))
    second = shop.clock.now
    shop.clock.advance(days=1)
    shop.sync()
    assert [as_of(shop, instant).coefficient for instant in (first, second, shop.clock.now)] == [80, 70, 100]
    assert shown(shop)[0] == Decimal(1)
    assert verify(shop.ledger, "customers", lambda _: CUSTOMERS).differences == []


def test_another_mapping_leaves_the_openings_of_the_file_where_they_are(shop: World):
    contact(shop)
    order(shop.crms["a"], "o1", "c1", date(2026, 3, 1))
    shop.sync(openings=(row(2, "c1"),))
    shop.mappings["a"] = replace(shop.mappings["a"], signals=shop.mappings["a"].signals[:1])
    shop.sync(openings=(row(2, "c1"),))
    with shop.ledger.begin() as tx:
        entries = tx.execute(select(func.count()).where(schema.signals.c.name == "carried_over")).scalar_one()
    assert entries == 1
    assert shown(shop)[0] == Decimal("0.80")


def test_an_erased_person_leaves_neither_contract_nor_opening(shop: World):
    contact(shop)
    contract(shop, "k1", date(2024, 5, 1))
    shop.sync(openings=(row(2, "c1"),))
    erase(shop.ledger, "customers", subject(shop), shop.clock)
    with shop.ledger.begin() as tx:
        assert tx.execute(select(func.count(schema.signals.c.id))).scalar_one() == 0


def quoted(*pairs: tuple[str, str], currency: str = "USD") -> Rates:
    days, rates = zip(*((date.fromisoformat(day), Decimal(rate)) for day, rate in pairs), strict=True)
    return Rates("EUR", {currency: (days, rates)})


@pytest.fixture
def abroad(shop: World) -> World:
    """An order of 100 dollars, and three refunds of 7 euros each: a fifth of what was ordered if a dollar is 1.05."""
    rules = shop.mappings["a"].signals
    refund = SignalRule("refund", "refunds", (), "day", SubjectPath(link="contacts"), amount="amount", currency="money")
    orders = replace(rules[0], currency="money")
    shop.mappings["a"] = replace(shop.mappings["a"], signals=(orders, *rules[1:], refund))
    shop.options["programme_at"] = lambda _: IN_EUROS
    contact(shop)
    order(shop.crms["a"], "o1", "c1", date(2026, 3, 2), money="USD")
    for number in range(3):
        shop.crms["a"].put(
            "refunds", f"r{number}", day=date(2026, 4, 1), amount=Decimal(7), money="EUR", contacts=["c1"]
        )
    return shop


def test_money_is_converted_at_the_rate_of_its_day_as_it_was_known(abroad: World):
    abroad.sync(rates=quoted(("2026-02-27", "1.00")))
    assert abroad.crms["a"].ours("c1")["expected"] == Decimal("1.12")  # 21 of 100 euros: many refunds
    first = abroad.clock.now
    abroad.clock.advance(days=1)
    (move,) = abroad.sync(rates=quoted(("2026-02-27", "1.00"), ("2026-03-02", "0.90"))).moves
    assert abroad.crms["a"].ours("c1")["expected"] == Decimal("0.95")  # 21 of 111
    assert move.because == ("recomputed",)
    assert [as_of(abroad, at, IN_EUROS).expected for at in (first, abroad.clock.now)] == [112, 95]
    assert verify(abroad.ledger, "customers", lambda _: IN_EUROS).differences == []


def test_rates_that_another_run_learns_meanwhile_move_whoever_is_scored_after_it(
    abroad: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sync.score.PAGE", 1)
    contact(abroad, "c2")
    order(abroad.crms["a"], "o2", "c2", date(2026, 3, 2), money="USD")
    for number in range(3):
        values = {"day": date(2026, 4, 1), "amount": Decimal(7), "money": "EUR", "contacts": ["c2"]}
        abroad.crms["a"].put("refunds", f"s{number}", **values)
    rates = quoted(("2026-02-27", "1.00"), ("2026-03-02", "0.90"))

    def learn(step: Progress) -> None:
        if (step.stage, step.done) == ("score", 1):
            with abroad.ledger.begin() as tx:
                money.learn(tx, Entry(1, abroad.clock.now, 1, 1, initial=False), rates, "EUR", date(2023, 1, 1))

    abroad.sync(rates=quoted(("2026-02-27", "1.00")), watch=learn)
    abroad.sync()
    assert [abroad.crms["a"].ours(who)["expected"] for who in ("c1", "c2")] == [Decimal("0.95")] * 2


def test_without_rates_nothing_is_guessed_and_the_same_rates_again_move_nobody(abroad: World):
    abroad.sync()
    assert abroad.crms["a"].ours("c1")["expected"] == Decimal("0.95")  # what was ordered is not known in euros
    rates = quoted(("2026-03-02", "1.05"))
    abroad.sync(rates=rates)
    assert abroad.crms["a"].ours("c1")["expected"] == Decimal("1.12")
    report = abroad.sync(rates=rates)
    assert (report.scored, report.written) == (0, 0)


def test_a_file_that_only_has_the_last_days_takes_no_rate_away(abroad: World):
    abroad.sync(rates=quoted(("2026-03-02", "1.00")))
    abroad.sync(rates=quoted(("2026-11-20", "1.10")))
    with abroad.ledger.begin() as tx:
        known = rates_of(tx, 1)
    assert known is not None
    assert known.quoted["USD"] == ((date(2026, 3, 2), date(2026, 11, 20)), (Decimal("1.00"), Decimal("1.10")))


def test_rates_from_long_before_anything_counts_are_not_kept(abroad: World):
    abroad.sync(rates=quoted(("1999-01-04", "1.18"), ("2026-03-02", "1.00")))
    with abroad.ledger.begin() as tx:
        assert tx.execute(select(func.count(schema.rates.c.id))).scalar_one() == 1


def test_a_simulation_knows_contracts_openings_and_rates(abroad: World):
    contract(abroad, "k1", date(2025, 3, 1))
    rows = (row(2, "c1", coefficient=70),)
    abroad.sync(rates=quoted(("2026-03-02", "1.00")), openings=rows)
    found = simulate(abroad.ledger, "customers", IN_EUROS, CUSTOMERS, abroad.clock.now.date())
    assert dict(found.before.coefficients) == dict(found.after.coefficients) == {66: 1}
    whose = as_of(abroad, abroad.clock.now + timedelta(seconds=1), IN_EUROS)
    assert (whose.coefficient, whose.exposure) == (66, date(2025, 3, 1))


def test_an_instant_before_anything_was_known_knows_nothing(abroad: World):
    abroad.sync(rates=quoted(("2026-03-02", "1.00")))
    with abroad.ledger.begin() as tx:
        assert rates_of(tx, 1, known_at=datetime(2020, 1, 1, tzinfo=UTC)) is None
