"""The company as a whole: any number of customers, each found by its number, all from one seed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from sandbox.company import in_hubspot, in_salesforce, names
from sandbox.company.customer import BUSINESS_SIZE, Customer, customer
from sandbox.company.draw import Draw
from sandbox.company.life import Life, life
from sandbox.company.rows import Row

TODAY = date(2026, 11, 22)
_PROPOSALS = 6  # earlier customers who are asked whether they brought this one


class Company:
    """A plausible company as of the beginning of `today`; iterating tells its rows, customer by customer.

    Memory does not grow with `customers`: everything about one follows from `seed` and its number. The history is
    `years` long; contacts may be older. Amounts are in `currency` (ISO 4217).
    """

    def __init__(
        self, *, seed: int = 1, customers: int = 2000, today: date = TODAY, years: int = 3, currency: str = "EUR"
    ) -> None:
        if customers < 1 or years < 1:
            raise ValueError("a company has at least one customer and one year of history")
        self.seed = seed
        self.customers = customers
        self.today = today
        self.currency = currency
        self._start = today - timedelta(days=round(365.25 * years))
        self._founded = datetime.combine(self._start, time(6), UTC) - timedelta(days=3653)

    @property
    def end(self) -> datetime:
        """Nothing happens from this instant on."""
        return datetime.combine(self.today, time(0), UTC)

    def customer(self, number: int) -> Customer:
        """The customer of this number, from 0."""
        return customer(number, Draw(f"{self.seed} who {number}"), self.today)

    def life(self, number: int) -> Life:
        """What this customer did."""
        who = self.customer(number)
        draw = Draw(f"{self.seed} life {number}")
        return life(who, draw, self._start, self.today, self._referrers(who))

    def __iter__(self) -> Iterator[Row]:
        for number in range(-(-self.customers // BUSINESS_SIZE)):
            name = names.business(Draw(f"{self.seed} business {number}"))
            yield in_salesforce.account(number, name, self._founded)
            yield in_hubspot.company(number, name, self._founded)
        for number in range(self.customers):
            lived = self.life(number)
            morning = datetime.combine(lived.customer.joined, time(6), UTC)
            yield from in_salesforce.rows(lived, morning, self.customer)
            yield from in_hubspot.rows(lived, morning + timedelta(minutes=10), self.customer, self.currency)

    def _referrers(self, who: Customer) -> Iterator[int]:
        """Earlier customers who may have brought this one: known where it is known, and there before it came."""
        draw = Draw(f"{self.seed} referrer {who.number}")
        for _ in range(_PROPOSALS if who.number else 0):
            other = self.customer(draw.randrange(who.number))
            known = (not who.in_salesforce or other.in_salesforce) and (not who.in_hubspot or other.in_hubspot)
            if known and other.joined < who.joined and draw.chance(other.behaviour.refers):
                yield other.number
