"""The engine against its referee, the plain reading."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("numba")

from scoring import engine  # noqa: E402 - only where the engine's libraries are
from scoring.engine_plain import EVENTS, events_table  # noqa: E402 - same
from scoring.engine_result import label  # noqa: E402 - same
from scoring.rules import Award, Programme, Rules, Tier  # noqa: E402 - same
from scoring.signal import Liability, Signal, Source  # noqa: E402 - same
from scoring.standing import Standing, standing  # noqa: E402 - same
from scoring.subject import Subject  # noqa: E402 - same

Make = Callable[..., Signal]
Histories = dict[str, list[Signal]]

DAY = date(2026, 11, 22)
KINDS = (
    ("order_paid", "none"), ("order_paid", "none"), ("order_paid", "none"), ("order_paid", "full"), ("refund", "none"),
    ("refund", "none"), ("invoice_late", "partial"), ("invoice_unpaid", "full"), ("claim_at_fault", "partial"),
    ("claim_at_fault", "full"), ("claim_justified", "none"), ("referral_won", "none"), ("review_positive", "none"),
    ("complaint", "full"), ("nonsense", "full"),
)  # fmt: skip


def shown(found: Standing) -> tuple[Any, ...]:
    reasons = " ".join(map(label, found.reasons))
    numbers = (found.coefficient, found.expected, found.points, found.tier, str(found.status))
    return (*numbers, found.next_review, found.next_change, reasons)


def rows(table: Any) -> dict[Any, tuple[Any, ...]]:
    return {row["subject"]: tuple(row.values())[1:-1] for row in table.to_pylist()}


def agree(histories: Histories, programme: Programme, day: date = DAY, subjects: dict[str, Subject] | None = None) -> Any:
    """Score by both and compare every row; returns the engine's table."""
    given = subjects or {}
    names = list(histories)
    about = [given.get(name, Subject()) for name in names]
    columns = {
        "subject": names,
        "exposure": pa.array([each.opened for each in about], pa.date32()),
        "review": pa.array([each.review for each in about], pa.string()),
        "opening": pa.array([each.opening and each.opening.coefficient for each in about], pa.int16()),
        "periods_at_floor": pa.array([each.opening and each.opening.periods_at_floor for each in about], pa.int16()),
        "clean_periods": pa.array([each.opening and each.opening.clean_periods for each in about], pa.int16()),
    }
    table = engine.score(events_table(histories), pa.table(columns), programme, day)
    wanted = {name: shown(standing(histories[name], programme, day, each)) for name, each in zip(names, about, strict=True)}
    found = rows(table)
    assert list(found) == names
    wrong = {name: (found[name], wanted[name]) for name in names if found[name] != wanted[name]}
    assert not wrong
    return table


def history(chance: random.Random, number: int, years: int = 12, kinds: Sequence[tuple[str, str]] = KINDS) -> list[Signal]:
    """A history of every kind: days crowd, so that they are equal now and then; some lie in the future."""
    first = DAY - timedelta(days=365 * chance.randrange(1, years + 1))
    found: list[Signal] = []
    for place in range(number):
        name, liability = chance.choice(kinds)
        on = first + timedelta(days=chance.randrange(-5, (DAY - first).days + 60))
        if found and chance.random() < 0.2:
            on = found[-1].on
        money = name in ("order_paid", "refund") and chance.random() < 0.9
        orders = [each.source.id for each in found if each.name == "order_paid"]
        linked = name == "refund" and orders and chance.random() < 0.4
        found.append(
            Signal(
                name,
                on,
                Source("crm", "Thing", str(place)),
                Liability(liability),
                amount=Decimal(chance.randrange(0, 40)) * (10 if name == "order_paid" else 3) if money else None,
                currency=chance.choice((None, "EUR", "EUR", "EUR", "USD")) if money else None,
                original=chance.choice([*orders, "elsewhere"]) if linked else "",
            )
        )
    chance.shuffle(found)
    return found


def variants(customers: Programme, law: Rules) -> dict[str, Programme]:
    rules = customers.rules
    points = dict(customers.points)
    return {
        "as shipped": customers,
        "the law": replace(customers, rules=law),
        "once a period": replace(customers, rules=replace(rules, truncation="once", protection="renewable")),
        "partial first, held": replace(customers, rules=replace(rules, same_day="partial first", excused="held")),
        "lapsing": replace(customers, rules=replace(rules, lapse_after=2, use="tournees")),
        "one review day": replace(customers, fixed_review="02-29", demotion="straight", points_floor=None),
        "grace": replace(customers, grace_months=8, demotion="none" if False else "one step"),
        "never down": replace(customers, demotion="none"),
        "all points": replace(
            customers,
            points={
                **points,
                "order_paid": Award(35, 90, fading="linear"),
                "referral_won": Award(50, repeat="once", expiry_months=7),
                "claim_at_fault": Award(-20, 30, expiry_months=36),
                "refund_abuse": Award(-15),
            },
        ),
        "excluded": replace(customers, excluded={"claim_at_fault": "art. 6", "invoice_late": "art. 7"},
                            rules=replace(rules, excused="held")),
        "two tiers": replace(customers, tiers=(Tier("Low"), Tier("High", 95, 60, 3)), price_cap=110),
    }  # fmt: skip


VARIANTS = ("as shipped", "the law", "once a period", "partial first, held", "lapsing", "one review day", "grace",
            "never down", "all points", "excluded", "two tiers")  # fmt: skip


@pytest.mark.parametrize("name", VARIANTS)
def test_the_engine_equals_the_plain_reading_on_histories_of_every_kind(customers: Programme, law: Rules, name: str):
    chance = random.Random(name)
    histories = {f"subject {n}": history(chance, chance.choice((0, 1, 3, 8, 20, 60))) for n in range(60)}
    table = agree(histories, variants(customers, law)[name])
    assert not any(table.column("plain").to_pylist())
