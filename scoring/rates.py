"""Rates: what money of one currency was worth in another, day by day."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Rates:
    """Units of each currency for one unit of `base`, as central banks quote them.

    `quoted` holds the days (ascending) and as many rates of each currency.
    """

    base: str
    quoted: Mapping[str, tuple[tuple[date, ...], tuple[Decimal, ...]]]

    def convert(self, amount: Decimal, currency: str, into: str, on: date) -> Decimal | None:
        """The amount in the other currency at the rates of that day, else of the nearest earlier one.

        None where one of the two had no rate yet: a rate is never guessed.
        """
        if currency == into:
            return amount
        given, wanted = self._rate(currency, on), self._rate(into, on)
        return None if given is None or wanted is None else amount * wanted / given

    def _rate(self, currency: str, on: date) -> Decimal | None:
        if currency == self.base:
            return Decimal(1)
        days, rates = self.quoted.get(currency, ((), ()))
        place = bisect_right(days, on)
        return rates[place - 1] if place else None
