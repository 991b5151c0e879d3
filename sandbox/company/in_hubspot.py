"""A customer's life as rows of the HubSpot portal. Its values are texts, as its API has them."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sandbox.company.customer import Customer
from sandbox.company.life import Claim, Invoice, Life, Order, Talk
from sandbox.company.rows import Cell, Changed, Linked, Made, Ref, Row

RESOLUTIONS = {"fault": "customer_at_fault", "shared": "shared_fault", "favour": "in_customers_favour"}
ORPHANED_EVERY = 59  # customers until there is an order that belongs to nobody
_CANCELS_EVERY = 4  # customers whose orders are cancelled where others' are refunded
_LATER = timedelta(minutes=5)
_NEW, _CLOSED = "1", "4"  # stages of the support pipeline every portal begins with


def company(number: int, name: str, at: datetime) -> Made:
    """A business that customers belong to."""
    return Made(at, "hubspot", "companies", f"b{number}", {"name": name})


def rows(life: Life, joined: datetime, referrer: Callable[[int], Customer], currency: str) -> Iterator[Row]:
    """What HubSpot has of this life, in no order of time; `joined` is when its contact was made."""
    who = life.customer
    if not who.in_hubspot:
        return
    yield from _contact(who, joined)
    if life.unsubscribed:
        yield Changed(life.unsubscribed, "hubspot", "contacts", who.hubspot, {"hs_email_optout": "true"})
    yield from _purchases(life, referrer, currency)
    for nth, offer in enumerate(life.offers):
        if offer.home == "hubspot":
            unwon: dict[str, Cell] = {
                "dealname": f"Offer to {who.first} {who.last}",
                "dealstage": "closedlost" if offer.lost else "contractsent",
            }
            values = _deal_values(who, offer.at, offer.amount, currency) | unwon
            yield from _deal_made(who, f"{who.hubspot}p{nth}", offer.at, values)
    for nth, claim in enumerate(life.claims):
        if claim.home == "hubspot":
            yield from _ticket(who, claim, f"{who.hubspot}t{nth}")
    for nth, talk in enumerate(life.talks):
        if talk.home == "hubspot":
            yield from _talk(who, talk, f"{who.hubspot}e{nth}")
    if who.number % ORPHANED_EVERY == 0:
        nobodys: dict[str, Cell] = {
            "hs_order_name": "Till sale",
            "hs_total_price": "19.90",
            "hs_currency_code": currency,
        }
        yield Made(
            joined, "hubspot", "orders", "", nobodys | {"hs_payment_status": "paid", "hs_processed_date": _z(joined)}
        )


def _contact(who: Customer, joined: datetime) -> Iterator[Row]:
    values: dict[str, Cell] = {"firstname": who.first, "lastname": who.last}
    if who.hubspot_email:
        values["email"] = who.hubspot_email
    if who.twin in {"id", "both"}:
        values["salesforcecontactid"] = Ref(who.salesforce)
    yield Made(joined, "hubspot", "contacts", who.hubspot, values)
    yield Linked(joined, "contacts", who.hubspot, "companies", f"b{who.business}")


def _purchases(life: Life, referrer: Callable[[int], Customer], currency: str) -> Iterator[Row]:
    who = life.customer
    for nth, order in enumerate(life.orders):
        key = f"{who.hubspot}o{nth}"
        if order.home == "salesforce":
            if order.by_deal:
                yield from _mirror(who, order, key, f"{who.salesforce}o{nth}", currency)
            continue
        yield from _deal(who, order, key, referrer, currency) if order.by_deal else _order(who, order, key, currency)
        if order.invoice:
            yield from _invoice(who, order, order.invoice, f"{key}i", currency)


def _deal(who: Customer, order: Order, key: str, referrer: Callable[[int], Customer], currency: str) -> Iterator[Row]:
    yield from _deal_made(who, key, order.at, _deal_values(who, order.at, order.amount, currency))
    if order.referrer is not None:
        at = order.at + _LATER
        yield Linked(at, "deals", key, "contacts", referrer(order.referrer).hubspot, "Referrer")
    if order.refund:
        back = _deal_values(who, order.refund.at, -order.refund.amount, currency)
        yield from _deal_made(who, f"{key}r", order.refund.at, back)


def _mirror(who: Customer, order: Order, key: str, opportunity: str, currency: str) -> Iterator[Row]:
    """The deal that HubSpot's own Salesforce integration makes of an opportunity, soon after."""
    values = _deal_values(who, order.at, order.amount, currency)
    yield from _deal_made(who, key, order.at, values | {"hs_salesforceopportunityid": Ref(opportunity)})


def _deal_values(who: Customer, at: datetime, amount: float, currency: str) -> dict[str, Cell]:
    return {
        "dealname": f"{'Order' if amount > 0 else 'Refund'} of {who.first} {who.last}",
        "amount": _money(amount),
        "deal_currency_code": currency,
        "closedate": _z(at),
        "pipeline": "default",
        "dealstage": "closedwon",
    }


def _deal_made(who: Customer, key: str, at: datetime, values: dict[str, Cell]) -> Iterator[Row]:
    yield Made(at + _LATER, "hubspot", "deals", key, values)
    yield Linked(at + _LATER, "deals", key, "contacts", who.hubspot)


def _order(who: Customer, order: Order, key: str, currency: str) -> Iterator[Row]:
    number = f"W{who.number:06d}-{key.rpartition('o')[2]}"
    values: dict[str, Cell] = {
        "hs_order_name": f"Order {number}",
        "hs_external_order_id": number,
        "hs_total_price": _money(order.amount),
        "hs_currency_code": currency,
        "hs_external_created_date": _z(order.at),
        "hs_processed_date": _z(order.at),
        "hs_payment_status": "paid",
    }
    yield Made(order.at, "hubspot", "orders", key, values)
    yield Linked(order.at, "orders", key, "contacts", who.hubspot)
    if order.refund:
        if order.refund.whole and who.number % _CANCELS_EVERY == 0:
            cancelled: dict[str, Cell] = {"hs_payment_status": "voided", "hs_cancelled_date": _z(order.refund.at)}
            yield Changed(order.refund.at, "hubspot", "orders", key, cancelled)
            return
        refunded: dict[str, Cell] = {
            "hs_payment_status": "refunded" if order.refund.whole else "partially_refunded",
            "hs_refund_amount": _money(order.refund.amount),
            "hs_refund_date": _z(order.refund.at),
        }
        yield Changed(order.refund.at, "hubspot", "orders", key, refunded)


def _invoice(who: Customer, order: Order, invoice: Invoice, key: str, currency: str) -> Iterator[Row]:
    values: dict[str, Cell] = {
        "hs_number": f"INV-W{who.number:06d}-{key.rpartition('o')[2][:-1]}",
        "hs_invoice_status": "open",
        "hs_amount_billed": _money(order.amount),
        "hs_balance_due": _money(order.amount),
        "hs_currency": currency,
        "hs_invoice_date": invoice.issued.date().isoformat(),
        "hs_due_date": invoice.due.isoformat(),
    }
    yield Made(invoice.issued, "hubspot", "invoices", key, values)
    yield Linked(invoice.issued, "invoices", key, "contacts", who.hubspot)
    if invoice.paid:
        paid: dict[str, Cell] = {
            "hs_invoice_status": "paid",
            "hs_balance_due": "0",
            "hs_payment_date": invoice.paid.date().isoformat(),
        }
        yield Changed(invoice.paid, "hubspot", "invoices", key, paid)


def _ticket(who: Customer, claim: Claim, key: str) -> Iterator[Row]:
    values: dict[str, Cell] = {"subject": claim.subject, "hs_pipeline": "0", "hs_pipeline_stage": _NEW}
    yield Made(claim.at, "hubspot", "tickets", key, values)
    yield Linked(claim.at, "tickets", key, "contacts", who.hubspot)
    if claim.decided and claim.decision:
        decided: dict[str, Cell] = {
            "hs_pipeline_stage": _CLOSED,
            "closed_date": _z(claim.decided),
            "resolution": RESOLUTIONS[claim.decision],
        }
        yield Changed(claim.decided, "hubspot", "tickets", key, decided)


_TALKS: dict[str, tuple[str, str, dict[str, Cell]]] = {
    "call": ("calls", "hs_call_title", {}),
    "meeting": ("meetings", "hs_meeting_title", {}),
    "note": ("notes", "hs_note_body", {}),
    "task": ("tasks", "hs_task_subject", {"hs_task_status": "COMPLETED"}),
}


def _talk(who: Customer, talk: Talk, key: str) -> Iterator[Row]:
    kind, title, more = _TALKS[talk.kind]
    yield Made(talk.at, "hubspot", kind, key, {"hs_timestamp": _z(talk.at), title: talk.subject} | more)
    yield Linked(talk.at, kind, key, "contacts", who.hubspot)


def _z(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _money(amount: float) -> str:
    return f"{amount:.2f}"
