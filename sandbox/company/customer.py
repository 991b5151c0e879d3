"""Who a customer is: found by number alone, so that one can point to another without all being in memory."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sandbox.company import names
from sandbox.company.behaviour import BEHAVIOURS, WEIGHTS, Behaviour
from sandbox.company.draw import Draw

Twin = Literal["", "e-mail", "id", "both"]  # by what the HubSpot contact is known to be the Salesforce one
BUSINESS_SIZE = 4  # customers of one account


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer and where it is known. The e-mail addresses are None where a CRM has none."""

    number: int
    behaviour: Behaviour
    first: str
    last: str
    joined: date
    gone: date
    in_salesforce: bool
    in_hubspot: bool
    twin: Twin
    salesforce_email: str | None
    hubspot_email: str | None
    doubled: bool  # a second Salesforce contact has the same e-mail
    by_deal: bool  # buys by opportunities and deals; else in the shop, by orders

    @property
    def business(self) -> int:
        """The number of the account it belongs to."""
        return self.number // BUSINESS_SIZE

    @property
    def salesforce(self) -> str:
        """The key of its Salesforce contact."""
        return f"s{self.number}"

    @property
    def hubspot(self) -> str:
        """The key of its HubSpot contact."""
        return f"h{self.number}"


def customer(number: int, draw: Draw, today: date) -> Customer:
    """The customer of this number, by draws of its own; `today` is the last day of the company."""
    behaviour = draw.choices(BEHAVIOURS, WEIGHTS)[0]
    first, last = names.anybody(number, draw)
    joined = today - timedelta(days=draw.randint(*behaviour.joined))
    gone = min(today, joined + timedelta(days=behaviour.stays)) if behaviour.stays else today
    where, twin = _whereabouts(draw)
    email = None if not twin and draw.chance(0.02) else names.address(first, last, number)
    return Customer(
        number=number,
        behaviour=behaviour,
        first=first,
        last=last,
        joined=joined,
        gone=gone,
        in_salesforce=where != "hubspot",
        in_hubspot=where != "salesforce",
        twin=twin,
        salesforce_email=draw.choice((email, email.upper(), email.title())) if email and twin else email,
        hubspot_email=f"shop.{number}@example.com" if twin == "id" else email,
        doubled=where == "salesforce" and email is not None and draw.chance(0.01),
        by_deal=draw.chance(0.4),
    )


def _whereabouts(draw: Draw) -> tuple[str, Twin]:
    where = draw.choices(("salesforce", "hubspot", "both"), (40, 35, 25))[0]
    if where != "both":
        return where, ""
    return where, draw.choices(("e-mail", "id", "both"), (6, 3, 1))[0]
