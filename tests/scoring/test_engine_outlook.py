"""What the engine foresees of days on which points go, against the standings of those days."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("numba")

from scoring import engine  # noqa: E402 - only where the engine's libraries are
from scoring.engine_plain import events_table  # noqa: E402 - same
from scoring.rules import Award, Programme, Rules, Tier  # noqa: E402 - same
from scoring.signal import Signal  # noqa: E402 - same
from scoring.standing import standing  # noqa: E402 - same
from scoring.subject import Subject  # noqa: E402 - same
from tests.scoring.test_engine import DAY, KINDS, VARIANTS, Histories, Make, history, variants  # noqa: E402 - same

Outlook = list[tuple[date, int | None]]
OFTEN = (*KINDS, *[("order_paid", "none")] * 12)


def outlooks(histories: Histories, programme: Programme, day: date = DAY) -> dict[str, tuple[date | None, Outlook]]:
    """By subject: the next change, and the outlook."""
    table = engine.score(events_table(histories), pa.table({"subject": list(histories)}), programme, day, outlook=True)
    return {
        row["subject"]: (row["next_change"], [(each["on"], each["lost"]) for each in row["outlook"]])
        for row in table.to_pylist()
    }


def follow(signals: list[Signal], programme: Programme, change: date | None, outlook: Outlook, day: date = DAY) -> None:
    """Every day of an outlook is the next change of the one before, and takes the points foreseen and nothing else."""
    now = standing(signals, programme, day, Subject())
    assert now.next_change == change
    for on, lost in outlook:
        assert now.next_change == on
        if lost is None:
            return
        then = standing(signals, programme, on, Subject())
        left = now.points - lost if programme.points_floor is None else max(now.points - lost, programme.points_floor)
        assert (then.points, then.coefficient, then.expected, then.tier, then.status, then.next_review) == (
            left, now.coefficient, now.expected, now.tier, now.status, now.next_review,
        )  # fmt: skip
        now = then
    assert not outlook


@pytest.mark.parametrize("name", VARIANTS)
def test_the_days_foreseen_bring_what_their_own_standings_say(customers: Programme, law: Rules, name: str):
    chance = random.Random(name)  # noqa: S311 - a test that repeats itself
    programme = variants(customers, law)[name]
    histories = {f"subject {n}": history(chance, chance.choice((0, 3, 20, 60, 90)), 4, OFTEN) for n in range(60)}
    for subject in list(histories)[::2]:  # what is still to come ends an outlook
        histories[subject] = [each for each in histories[subject] if each.on <= DAY]
    found = outlooks(histories, programme)
    for subject, (change, outlook) in found.items():
        follow(histories[subject], programme, change, outlook)
    assert sum(len(outlook) for _, outlook in found.values()) > 15


def test_an_outlook_ends_with_its_room_with_the_review_and_with_what_is_still_to_come(customers: Programme, make: Make):
    programme = replace(customers, points={"order_paid": Award(10)}, expiry_months=12, tiers=(Tier("Only"),))
    days = [date(2026, 1, 1) + timedelta(days=3 * n) for n in range(40)]
    first = make("order_paid", "2023-08-01")
    many = [first, *(make("order_paid", f"{on}") for on in days)]
    histories = {
        "many": many,
        "soon": many[1:3],
        "coming": [*many[:7], make("order_paid", "2027-01-05")],
        "nobody": [],
    }
    found = outlooks(histories, programme)
    for subject, (change, outlook) in found.items():
        follow(histories[subject], programme, change, outlook)
    assert len(found["many"][1]) == 12
    assert found["soon"][1] == []  # the first points go with the review, and what comes after is not foreseen
    assert found["nobody"] == (None, [])


def test_what_wins_a_tier_is_not_foreseen(customers: Programme, make: Make):
    programme = replace(
        customers,
        points={"order_paid": Award(10, expiry_months=36), "invoice_late": Award(-8, expiry_months=12)},
        tiers=(Tier("Low"), Tier("High", 100, 20)),
        fixed_review="02-01",
    )
    orders = [make("order_paid", "2024-10-01"), make("order_paid", "2025-03-01"), make("invoice_late", "2025-12-01")]
    (won,) = outlooks({"s": orders}, programme).values()
    assert won == (date(2026, 12, 1), [])
    assert standing(orders, programme, date(2026, 12, 1), Subject()).tier == "High"


def test_what_is_left_to_the_plain_reading_has_no_outlook(customers: Programme, law: Rules, make: Make):
    orders = [make("order_paid", on) for on in ("2023-08-01", "2025-01-12", "2025-02-12", "2025-03-12")]
    twins = [make("claim_at_fault", "2025-06-01", liability="full", key="k") for _ in range(2)]
    assert outlooks({"s": orders}, customers)["s"][1]
    assert outlooks({"s": [*orders, *twins]}, customers)["s"][1] == []
    assert outlooks({"s": orders}, replace(customers, rules=replace(law, floor_years="dates")))["s"][1] == []
