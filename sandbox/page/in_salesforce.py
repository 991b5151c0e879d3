"""The org's contacts as the page shows them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.page.card import is_ours
from sandbox.page.view import Activity, Amount, Contact, Field, Listed, day, moment, two_decimals
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field as Definition

_HIDDEN = {"Name", "IsDeleted", "MasterRecordId", "SystemModstamp", "CreatedById", "LastModifiedById", "OwnerId"}


def listed(org: Org) -> Iterator[Listed]:
    """Every contact that is not deleted."""
    tier = org.schema.objects["Contact"].fields.get("BonusMalus_Tier__c")
    for row in org.rows("Contact"):
        if not row["IsDeleted"]:
            yield Listed(
                "salesforce",
                f"/sandbox/salesforce/Contact/{row['Id']}",
                row["Name"],
                row["Email"] or "",
                two_decimals(_text(row.get("BonusMalus_Coefficient__c"))),
                "" if tier is None else _shown(org, tier, row.get(tier.name)),
            )


def contact(org: Org, row_id: str) -> Contact:
    """A contact opened. Raises ValueError where there is none."""
    row = org.get("Contact", row_id)
    definitions = org.schema.objects["Contact"].fields
    fields = [_field(org, definition, row.get(name)) for name, definition in definitions.items() if name not in _HIDDEN]
    account = org.get("Account", row["AccountId"])["Name"] if row["AccountId"] else ""
    headline = (("Account Name", account), ("Email", row["Email"]), ("Phone", row["Phone"]), ("Title", row["Title"]))
    return Contact(
        crm="salesforce",
        id=row["Id"],
        name=row["Name"],
        headline=tuple((label, value or "\u2014") for label, value in headline),
        fields=tuple(field for field in fields if not is_ours(field.name) and field.value),
        ours=tuple(field for field in fields if is_ours(field.name)),
        activities=tuple(sorted(_activities(org, row["Id"]), key=lambda one: one.on, reverse=True)),
        deleted=row["IsDeleted"],
    )


def _field(org: Org, definition: Definition, value: Any) -> Field:
    return Field(definition.name, definition.label, _text(value), _shown(org, definition, value))


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _shown(org: Org, definition: Definition, value: Any) -> str:
    """The value as a rep reads it."""
    if value is None:
        return ""
    if definition.type == "reference":
        return (org.records.find(value) or {}).get("Name") or str(value)
    reader = _READERS.get(definition.type)
    return _text(value) if reader is None else reader(definition, value)


def _number(definition: Definition, value: float) -> str:
    return f"{Decimal(str(value)):,.{definition.scale}f}".replace("-", "\u2212")


def _option(definition: Definition, value: str) -> str:
    return dict(zip(definition.values, definition.labels, strict=False)).get(value, value)


_READERS: Mapping[str, Callable[[Definition, Any], str]] = {
    "double": _number,
    "currency": _number,
    "percent": _number,
    "picklist": _option,
    "date": lambda _, value: day(date.fromisoformat(value)),
    "datetime": lambda _, value: moment(datetime.fromisoformat(value)),
    "boolean": lambda _, value: "Yes" if value else "No",
}


def _activities(org: Org, contact_id: str) -> Iterator[Activity]:
    """What points to a contact, found by looking through everything: a page is opened by one person at a time."""
    yield from _opportunities(org, contact_id)
    for row in _of(org, "Order", "BillToContactId", contact_id):
        kind = "Reduction order" if row["IsReductionOrder"] else "Order"
        yield Activity(
            _on(row["EffectiveDate"]), kind, row["OrderNumber"], "", _amount(row["TotalAmount"]), row["Status"]
        )
    for row in _of(org, "Invoice__c", "Contact__c", contact_id):
        paid, due = row["Paid_On__c"], row["Due_Date__c"]
        detail = "; ".join(f"{word} {day(_on(on))}" for word, on in (("due", due), ("paid", paid)) if on)
        on = _on(row["Issued_On__c"] or row["CreatedDate"])
        yield Activity(on, "Invoice", row["Name"], detail, _amount(row["Amount__c"]), row["Status__c"] or "")
    for row in _of(org, "Case", "ContactId", contact_id):
        title = f"{row['CaseNumber']} {row['Subject'] or ''}".strip()
        state = row["Resolution__c"] or row["Status"]
        closed = f"closed {day(_on(row['ClosedDate']))}" if row["ClosedDate"] else ""
        yield Activity(_on(row["CreatedDate"]), "Case", title, closed, None, state)
    for row in _of(org, "Task", "WhoId", contact_id):
        kind = row["TaskSubtype"] or "Task"
        yield Activity(
            _on(row["ActivityDate"] or row["CreatedDate"]), kind, row["Subject"] or kind, "", None, row["Status"]
        )
    for row in _of(org, "Event", "WhoId", contact_id):
        yield Activity(_on(row["ActivityDate"] or row["CreatedDate"]), "Event", row["Subject"] or "Event")


def _opportunities(org: Org, contact_id: str) -> Iterator[Activity]:
    for role in _of(org, "OpportunityContactRole", "ContactId", contact_id):
        row = org.get("Opportunity", role["OpportunityId"])
        if not row["IsDeleted"]:
            detail = role["Role"] or ""
            amount = _amount(row["Amount"])
            yield Activity(_on(row["CloseDate"]), "Opportunity", row["Name"], detail, amount, row["StageName"])


def _of(org: Org, name: str, link: str, contact_id: str) -> Iterator[dict[str, Any]]:
    return (row for row in org.rows(name) if row[link] == contact_id and not row["IsDeleted"])


def _on(text: str) -> date:
    return date.fromisoformat(text[:10])


def _amount(value: float | None) -> Amount | None:
    return None if value is None else Amount(Decimal(str(value)))
