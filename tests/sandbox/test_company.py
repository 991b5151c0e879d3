import hashlib
from collections import Counter
from datetime import UTC, date, datetime
from itertools import islice

import pytest

from sandbox.app import World
from sandbox.clock import Clock
from sandbox.company import Company, populate
from sandbox.company.behaviour import BEHAVIOURS
from sandbox.company.rows import Changed, Linked, Made, Ref


def digest(rows):
    return hashlib.sha256("\n".join(map(repr, rows)).encode()).hexdigest()


@pytest.fixture(scope="module")
def company():
    return Company(seed=1, customers=2000)


@pytest.fixture(scope="module")
def rows(company):
    return list(company)


@pytest.fixture(scope="module")
def settled():
    world = World()
    small = Company(seed=1, customers=400)
    return world, small, populate(world, small)


def test_the_same_seed_makes_the_same_company():
    assert digest(Company(seed=7, customers=60)) == digest(Company(seed=7, customers=60))
    assert digest(Company(seed=8, customers=60)) != digest(Company(seed=7, customers=60))


def test_the_company_of_seed_one_is_the_same_on_every_machine():
    assert digest(Company(seed=1, customers=60))[:16] == "61dacb86ad01daec"


def test_a_larger_company_has_the_same_first_customers():
    assert Company(customers=50).life(31) == Company(customers=1_000_000).life(31)


def test_a_company_of_a_million_can_be_told_from_its_beginning():
    assert len(list(islice(Company(customers=1_000_000), 1000))) == 1000


def test_nothing_happens_on_the_last_day_or_later(company, rows):
    assert max(row.at for row in rows) < company.end == datetime(2026, 11, 22, tzinfo=UTC)


def test_no_row_comes_before_the_row_it_points_to(rows):
    made = set()
    for row in sorted(rows, key=lambda row: row.at):
        if isinstance(row, Linked):
            assert {row.from_key, row.to_key} <= made
            continue
        assert {cell.key for cell in row.values.values() if isinstance(cell, Ref)} <= made
        if isinstance(row, Changed):
            assert row.key in made
        made.add(row.key)


def test_some_customers_are_in_one_crm_and_some_in_both(company):
    where = Counter((who.in_salesforce, who.in_hubspot) for who in map(company.customer, range(2000)))
    assert where.keys() == {(True, False), (False, True), (True, True)}
    assert min(where.values()) > 400


def test_twins_are_known_by_e_mail_in_any_letters_or_by_the_salesforce_id(company, rows):
    pointed = {
        row.key: row.values["salesforcecontactid"]
        for row in rows
        if isinstance(row, Made) and row.object == "contacts" and "salesforcecontactid" in row.values
    }
    twins = [who for who in map(company.customer, range(2000)) if who.twin]
    by_mail = [who for who in twins if who.twin in {"e-mail", "both"}]
    assert all(who.salesforce_email.lower() == who.hubspot_email.lower() for who in by_mail)
    assert any(who.salesforce_email != who.hubspot_email for who in by_mail)
    by_id = [who for who in twins if who.twin in {"id", "both"}]
    assert {who.hubspot: Ref(who.salesforce) for who in by_id} == pointed
    assert any(who.salesforce_email != who.hubspot_email for who in by_id)


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.name)
def test_every_behaviour_occurs(company, behaviour):
    assert any(company.customer(number).behaviour is behaviour for number in range(2000))


def test_a_behaviour_shows_in_what_is_done(company):
    lives = [company.life(number) for number in range(2000)]

    def share(name, fits, of):
        found = [fits(one) for life in lives if life.customer.behaviour.name == name for one in of(life)]
        return sum(found) / len(found)

    def late(order):
        invoice = order.invoice
        return bool(invoice and invoice.paid and 31 <= (invoice.paid.date() - invoice.due).days <= 90)

    def refunded(order):
        return order.refund is not None

    assert (
        share("refunder", refunded, lambda life: life.orders) > 0.3 > share("loyal", refunded, lambda life: life.orders)
    )
    billed = {
        name: share(name, late, lambda life: [o for o in life.orders if o.invoice]) for name in ("late payer", "loyal")
    }
    assert billed["late payer"] > 0.25 > billed["loyal"]
    right = share("litigious but right", lambda claim: claim.decision in {"favour", None}, lambda life: life.claims)
    assert right == 1
    months = {order.at.month for life in lives if life.customer.behaviour.name == "seasonal" for order in life.orders}
    assert months == {11, 12}


def test_the_history_has_everything_that_signals_are_made_of(rows):
    changed = {row.object for row in rows if isinstance(row, Changed)}
    assert {"Contact", "contacts", "Invoice__c", "invoices", "Case", "tickets", "orders"} <= changed
    values = {
        (row.object, name, cell)
        for row in rows
        if not isinstance(row, Linked)
        for name, cell in row.values.items()
        if isinstance(cell, str | bool)
    }
    assert {
        ("OpportunityContactRole", "Role", "Referral Source"),
        ("Order", "IsReductionOrder", True),
        ("Contact", "HasOptedOutOfEmail", True),
        ("contacts", "hs_email_optout", "true"),
        ("Invoice__c", "Status__c", "Written off"),
        ("Invoice__c", "Status__c", "Charged back"),
        ("Case", "Resolution__c", "Customer at fault"),
        ("Case", "Resolution__c", "Shared fault"),
        ("Case", "Resolution__c", "In customer's favour"),
        ("tickets", "resolution", "customer_at_fault"),
        ("tickets", "resolution", "shared_fault"),
        ("tickets", "resolution", "in_customers_favour"),
        ("orders", "hs_payment_status", "refunded"),
        ("orders", "hs_payment_status", "voided"),
        ("Opportunity", "StageName", "Closed Lost"),
        ("deals", "dealstage", "closedlost"),
        ("deals", "dealstage", "contractsent"),
        ("orders", "hs_payment_status", "partially_refunded"),
    } <= values
    assert any(row.object == "Opportunity" and row.values["Amount"] < 0 for row in rows if isinstance(row, Made))
    assert any(row.label == "Referrer" for row in rows if isinstance(row, Linked))


def test_awkward_contacts_are_among_them(rows):
    contacts = [row for row in rows if isinstance(row, Made) and row.object == "Contact"]
    emails = [row.values.get("Email") for row in contacts]
    assert None in emails
    assert any(email and "," in email for email in emails)
    assert any(number > 1 for email, number in Counter(emails).items() if email)
    names = "".join(f"{row.values['FirstName']}{row.values['LastName']}" for row in contacts)
    assert {'"', ",", "'", "<", "ů", "Д", "田", "م", "🎈"} <= set(names)
    assert any("ContactId" not in row.values for row in rows if isinstance(row, Made) and row.object == "Case")


def test_both_crms_take_every_row(settled):
    world, company, _ = settled
    rows = list(company)
    for name in (
        "Account",
        "Contact",
        "Opportunity",
        "OpportunityContactRole",
        "Order",
        "Invoice__c",
        "Case",
        "Task",
        "Event",
    ):
        told = sum(isinstance(row, Made) and row.object == name for row in rows)
        assert len(list(world.org.rows(name))) == told > 0
    for name in (
        "companies",
        "contacts",
        "deals",
        "orders",
        "invoices",
        "tickets",
        "calls",
        "meetings",
        "notes",
        "tasks",
    ):
        told = sum(isinstance(row, Made) and row.object == name for row in rows)
        assert len(world.portal.store.tables[name].live) == told > 0


def test_records_carry_the_stamps_of_their_own_time(settled):
    world, company, ids = settled
    who = next(c for c in map(company.customer, range(400)) if c.in_salesforce)
    assert world.org.get("Contact", ids[who.salesforce])["CreatedDate"].startswith(who.joined.isoformat())
    who = next(c for c in map(company.customer, range(400)) if c.in_hubspot)
    assert (
        world.portal.store.tables["contacts"]
        .find(ids[who.hubspot])
        .get("createdate")
        .startswith(who.joined.isoformat())
    )


def test_invoice_numbers_rise_with_time(settled):
    world, _, _ = settled
    invoices = sorted(world.org.rows("Invoice__c"), key=lambda row: row["Name"])
    dates = [row["Issued_On__c"] for row in invoices]
    assert dates == sorted(dates)


def test_a_company_of_another_day_ends_on_that_day():
    earlier = Company(customers=50, today=date(2025, 3, 1))
    assert max(row.at for row in earlier) < datetime(2025, 3, 1, tzinfo=UTC)


def test_a_company_of_a_day_that_has_not_come_is_refused():
    world = World(Clock(datetime(2026, 11, 21, 8, tzinfo=UTC)))
    with pytest.raises(ValueError, match="the company is of 2026-11-22, but there it is only 2026-11-21"):
        populate(world, Company(customers=50))


def test_a_company_without_customers_is_refused():
    with pytest.raises(ValueError, match="at least one customer"):
        Company(customers=0)
