"""Other rules over everybody: by the engine and plainly, the same."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from config.rulefile import load_programme, load_scheme
from scoring.decision import Decision, Kind
from scoring.rules import Programme, Rules, Tier
from sync import score
from sync.decide import Subject, enter
from sync.ledger import facts, history, people, schema
from sync.ledger.facts import Entry
from sync.simulate import simulate
from tests.sync.conftest import World, both, order

CUSTOMERS = load_programme("customers", at=date(2026, 11, 22))


def rules(**options: Any) -> Rules:
    return replace(CUSTOMERS.law, **options)


SCALE = load_scheme("be-1992", at=date(2026, 11, 22))
OTHERS = {
    "dearer": replace(CUSTOMERS, rules=rules(normal=replace(CUSTOMERS.law.normal, full=1500))),
    "other tiers": replace(
        CUSTOMERS, tiers=(Tier("Guest"), Tier("Friend", coefficient=90, discount=7)), demotion="straight"
    ),
    "nothing new": CUSTOMERS,
    "a scale": replace(CUSTOMERS, rules=SCALE),
    "a scale without premiums": replace(CUSTOMERS, rules=replace(SCALE, scale=replace(SCALE.scale, unit="level"))),
}


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    return both(request)


@pytest.fixture
def crowd(world: World) -> World:
    """Eighty people with orders in three currencies and claims; one was decided upon, one is gone, some never came."""
    chance, crm = Random(5), world.crms["a"]  # noqa: S311 - the same crowd each time
    del world.crms["b"]
    money = replace(world.mappings["a"].signals[0], currency="money")
    world.mappings["a"] = replace(world.mappings["a"], signals=(money, *world.mappings["a"].signals[1:]))
    for number in range(80):
        crm.put("contacts", f"c{number}", email=f"c{number}@example.com")
        for n in range(chance.randrange(0, 6)):
            day = date(2023, 12, 1) + timedelta(days=chance.randrange(0, 1080))
            amount = Decimal(chance.randrange(1, 10_000_000)) / 100  # some too large for the engine's narrow records
            currency = chance.choice(("EUR", "USD", None))
            order(crm, f"o{number}-{n}", f"c{number}", day, amount=amount, money=currency)
        for n in range(chance.randrange(0, 3)):
            day = date(2024, 3, 1) + timedelta(days=chance.randrange(0, 900))
            crm.put("cases", f"x{number}-{n}", fault="theirs", day=day, contacts=[f"c{number}"])
    crm.delete("contacts", "c7")
    world.sync()
    with world.ledger.begin() as tx:
        whose = history.subject(tx, "customers", "c3")[0].subject
        adjusted = Decision(Kind.ADJUST, date(2026, 6, 1), "u7", "a promise", coefficient=75)
        enter(tx, Subject(1, whose), adjusted, world.clock.now)
    crm.delete("orders", next(f"o9-{n}" for n in range(1)))
    world.sync()
    return world


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_the_engine_and_the_plain_reading_come_to_the_same(
    other: Programme, crowd: World, monkeypatch: pytest.MonkeyPatch
):
    day = crowd.clock.now.date()
    plainly = simulate(crowd.ledger, "customers", CUSTOMERS, other, day)
    monkeypatch.setattr(score, "MANY", 1)
    found = simulate(crowd.ledger, "customers", CUSTOMERS, other, day)
    assert not plainly.counted
    assert 70 < len(found.counted) < 79  # who was decided upon is read plainly, and who was corrected late
    assert replace(found, counted=frozenset()) == plainly
    assert found.before.subjects == 79


def test_whoever_was_split_off_and_has_a_number_below_zero_is_scored_like_everybody(crowd: World):
    with crowd.ledger.begin() as tx:
        contact = tx.execute(select(schema.contacts).where(schema.contacts.c.record == "c1")).one()
        run = tx.execute(select(schema.runs.c.id)).scalars().all()[-1]
        entry = Entry(run, crowd.clock.now, 1, contact.connection, initial=False)
        people._move(tx, entry, contact.id, -1)
        facts.wake_subjects(tx, [-1])
    crowd.sync()
    with crowd.ledger.begin() as tx:
        made = tx.execute(select(schema.standings.c.id).where(schema.standings.c.subject == -1)).all()
    assert len(made) == 1
    found = simulate(crowd.ledger, "customers", CUSTOMERS, CUSTOMERS, crowd.clock.now.date())
    assert found.before.subjects == 79
