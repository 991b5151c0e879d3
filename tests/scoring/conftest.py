"""What every scoring test needs: signals in one line, and the programme that comes with the product."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from config.rulefile import load_programme, load_rules
from scoring.rules import Programme, Rules
from scoring.signal import Liability, Signal, Source

NUMBERS_OF = date(2026, 11, 22)


@pytest.fixture(scope="session")
def law() -> Rules:
    return load_rules("fr-motor", at=NUMBERS_OF)


@pytest.fixture(scope="session")
def customers() -> Programme:
    return load_programme("customers", at=NUMBERS_OF)


@pytest.fixture(scope="session")
def motor() -> Programme:
    return load_programme("motor", at=NUMBERS_OF)


@pytest.fixture
def make() -> Callable[..., Signal]:
    """`make("order_paid", "2025-03-12", amount=100, source="o1")`."""
    numbers = count(1)

    def signal(
        name: str,
        on: str,
        *,
        amount: str | float | None = None,
        source: str = "",
        liability: str = "none",
        connection: str = "crm",
        **more: Any,
    ) -> Signal:
        where = Source(connection, "Thing", source or str(next(numbers)))
        money = None if amount is None else Decimal(str(amount))
        return Signal(name, date.fromisoformat(on), where, Liability(liability), amount=money, **more)

    return signal
