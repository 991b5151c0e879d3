"""A customer's life as rows of the Salesforce org."""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta

from sandbox.company.customer import Customer
from sandbox.company.life import Claim, Invoice, Life, Order, Talk
from sandbox.company.rows import Cell, Changed, Made, Ref, Row

RESOLUTIONS = {"fault": "Customer at fault", "shared": "Shared fault", "favour": "In customer's favour"}
ORPHANED_EVERY = 53  # customers until somebody complains whom nobody can name


def account(number: int, name: str, at: datetime) -> Made:
    """A business that customers belong to."""
    return Made(at, "salesforce", "Account", f"a{number}", {"Name": name, "Type": "Customer - Direct"})


def rows(life: Life, joined: datetime, referrer: Callable[[int], Customer]) -> Iterator[Row]:
    """What Salesforce has of this life, in no order of time; `joined` is when its contact was made."""
    who = life.customer
    if not who.in_salesforce:
        return
    yield from _contact(life, joined)
    for nth, order in enumerate(life.orders):
        if order.home == "salesforce":
            key = f"{who.salesforce}o{nth}"
            yield from _opportunity(who, order, key, referrer) if order.by_deal else _order(who, order, key)
            if order.invoice:
                yield from _invoice(who, order, order.invoice, f"{key}i")
    for nth, offer in enumerate(life.offers):
        if offer.home == "salesforce":
            key, stage = f"{who.salesforce}p{nth}", "Closed Lost" if offer.lost else "Negotiation/Review"
            yield _deal(who, offer.at, offer.amount, key, "Offer to", stage=stage)
            yield _role(offer.at, key, who, "Decision Maker", primary=True)
    for nth, claim in enumerate(life.claims):
        if claim.home == "salesforce":
            yield from _case(who, claim, f"{who.salesforce}c{nth}")
    yield from (_talk(who, talk) for talk in life.talks if talk.home == "salesforce")


def _contact(life: Life, joined: datetime) -> Iterator[Row]:
    who = life.customer
    values: dict[str, Cell] = {"FirstName": who.first, "LastName": who.last, "AccountId": Ref(f"a{who.business}")}
    if who.salesforce_email:
        values["Email"] = who.salesforce_email
    yield Made(joined, "salesforce", "Contact", who.salesforce, values)
    if who.doubled:
        yield Made(joined + timedelta(days=1), "salesforce", "Contact", "", values)
    if life.unsubscribed:
        yield Changed(life.unsubscribed, "salesforce", "Contact", who.salesforce, {"HasOptedOutOfEmail": True})
    if who.number % ORPHANED_EVERY == 0:
        yield Made(joined, "salesforce", "Case", "", {"Subject": "Who is this?", "Origin": "Email", "Status": "New"})


def _opportunity(who: Customer, order: Order, key: str, referrer: Callable[[int], Customer]) -> Iterator[Row]:
    brought_by = None if order.referrer is None else referrer(order.referrer)
    yield _deal(who, order.at, order.amount, key, "Order of" if brought_by is None else "Order by referral of")
    yield _role(order.at, key, who, "Decision Maker", primary=True)
    if brought_by is not None:
        yield _role(order.at, key, brought_by, "Referral Source", primary=False)
    if order.refund:
        yield _deal(who, order.refund.at, -order.refund.amount, f"{key}r", "Refund of")
        yield _role(order.refund.at, f"{key}r", who, "Decision Maker", primary=True)


def _deal(who: Customer, at: datetime, amount: float, key: str, what: str, *, stage: str = "Closed Won") -> Row:
    values: dict[str, Cell] = {
        "Name": f"{what} {who.first} {who.last}"[:120],
        "AccountId": Ref(f"a{who.business}"),
        "StageName": stage,
        "CloseDate": at.date().isoformat(),
        "Amount": amount,
    }
    return Made(at, "salesforce", "Opportunity", key, values)


def _role(at: datetime, opportunity: str, contact: Customer, role: str, *, primary: bool) -> Row:
    values: dict[str, Cell] = {
        "OpportunityId": Ref(opportunity),
        "ContactId": Ref(contact.salesforce),
        "Role": role,
        "IsPrimary": primary,
    }
    return Made(at, "salesforce", "OpportunityContactRole", "", values)


def _order(who: Customer, order: Order, key: str) -> Iterator[Row]:
    values: dict[str, Cell] = {
        "AccountId": Ref(f"a{who.business}"),
        "BillToContactId": Ref(who.salesforce),
        "EffectiveDate": order.at.date().isoformat(),
        "Status": "Activated",
        "TotalAmount": order.amount,
    }
    yield Made(order.at, "salesforce", "Order", key, values)
    if order.refund:
        reduction: dict[str, Cell] = values | {
            "EffectiveDate": order.refund.at.date().isoformat(),
            "TotalAmount": -order.refund.amount,
            "IsReductionOrder": True,
            "OriginalOrderId": Ref(key),
        }
        yield Made(order.refund.at, "salesforce", "Order", f"{key}r", reduction)


def _invoice(who: Customer, order: Order, invoice: Invoice, key: str) -> Iterator[Row]:
    values: dict[str, Cell] = {
        "Contact__c": Ref(who.salesforce),
        "Amount__c": order.amount,
        "Issued_On__c": invoice.issued.date().isoformat(),
        "Due_Date__c": invoice.due.isoformat(),
        "Status__c": "Open",
    }
    yield Made(invoice.issued, "salesforce", "Invoice__c", key, values)
    if invoice.paid:
        paid = {"Status__c": "Paid", "Paid_On__c": invoice.paid.date().isoformat()}
        yield Changed(invoice.paid, "salesforce", "Invoice__c", key, paid)
    elif invoice.given_up:
        word = "Charged back" if who.number % 2 else "Written off"
        closed = {"Status__c": word, "Closed_On__c": invoice.given_up.date().isoformat()}
        yield Changed(invoice.given_up, "salesforce", "Invoice__c", key, closed)


def _case(who: Customer, claim: Claim, key: str) -> Iterator[Row]:
    values: dict[str, Cell] = {
        "ContactId": Ref(who.salesforce),
        "Subject": claim.subject,
        "Origin": "Phone",
        "Status": "New",
    }
    yield Made(claim.at, "salesforce", "Case", key, values)
    if claim.decided and claim.decision:
        decided = {"Status": "Closed", "Resolution__c": RESOLUTIONS[claim.decision]}
        yield Changed(claim.decided, "salesforce", "Case", key, decided)


def _talk(who: Customer, talk: Talk) -> Row:
    values: dict[str, Cell] = {"WhoId": Ref(who.salesforce), "Subject": talk.subject}
    if talk.kind == "meeting":
        noon = datetime.combine(talk.at.date(), time(12), talk.at.tzinfo).isoformat().replace("+00:00", "Z")
        return Made(
            talk.at,
            "salesforce",
            "Event",
            "",
            values | {"StartDateTime": noon, "ActivityDateTime": noon, "DurationInMinutes": 45},
        )
    subtype = {"call": "Call", "note": "Email", "task": "Task"}[talk.kind]
    done: dict[str, Cell] = {"TaskSubtype": subtype, "ActivityDate": talk.at.date().isoformat(), "Status": "Completed"}
    return Made(talk.at, "salesforce", "Task", "", values | done)
