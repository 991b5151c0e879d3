"""A record that no database would take as it is stops no run: what cannot be kept is a problem, on both databases."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.protocol import Outcome, OutcomeKind
from sync import rejects
from sync.ledger import history
from tests.sync.conftest import World, both, order


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    return both(request)


@pytest.fixture
def shop(world: World) -> World:
    """CRM `a` alone, whose orders have a currency, and whose contacts name the other CRM's."""
    del world.crms["b"]
    first, *rest = world.mappings["a"].signals
    world.mappings["a"] = replace(world.mappings["a"], signals=(replace(first, currency="money"), *rest))
    world.crms["a"].put("contacts", "c1", email="ada\ud83d@example.com", cross="7" * 41)
    order(world.crms["a"], "o1", "c1", date(2025, 3, 1))
    return world


@pytest.mark.parametrize(
    "values",
    [{"key": "k" * 81}, {"money": "US Dollars"}, {"amount": Decimal("0." + "1" * 50)}],
    ids=lambda each: next(iter(each)),
)
def test_what_is_longer_than_the_ledger_keeps_is_a_problem_and_the_rest_counts(shop: World, values: dict[str, object]):
    order(shop.crms["a"], "o2", "c1", date(2025, 4, 1), **values)
    report = shop.sync()
    with shop.ledger.begin() as tx:
        found = {(each["record"], each["field"]) for each in history.problems(tx, report.run)}
    assert found == {("c1", "cross"), ("o2", next(iter(values)))}
    assert {each.split(": ")[0] for each in report.unusable} == {"a:contacts c1", "a:orders o2"}
    assert shop.crms["a"].ours("c1")["points"] == Decimal(10)


@pytest.mark.parametrize("text", ["cut \ud83d", "nul \0"])
def test_what_no_database_keeps_of_a_text_becomes_the_sign_for_unreadable(shop: World, text: str):
    order(shop.crms["a"], "o2", "c1", date(2025, 4, 1), number=text, key=text)
    assert shop.sync().state == "done"
    assert shop.crms["a"].ours("c1")["points"] == Decimal(20)


def test_whatever_a_crm_says_to_an_update_is_noted(shop: World):
    words = Outcome("c1", OutcomeKind.REJECTED, "C" * 200, "cut \ud83d, nul \0")
    shop.crms["a"].refuses["c1"] = words
    report = shop.sync()
    assert (report.state, report.connections["a"].outcomes["rejected"]) == ("done", 1)
    with shop.ledger.begin() as tx:
        (found,) = rejects.listed(tx, "customers")
    assert (found.code, found.reason) == ("C" * 120, "cut \N{REPLACEMENT CHARACTER}, nul \N{REPLACEMENT CHARACTER}")
