"""The portal's contacts as the page shows them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal

from sandbox.hubspot.portal import Portal
from sandbox.hubspot.property import Definition
from sandbox.hubspot.record import Record
from sandbox.page.card import is_ours
from sandbox.page.view import Activity, Amount, Contact, Field, Listed, day, moment, two_decimals


def listed(portal: Portal) -> Iterator[Listed]:
    """Every contact that is not archived."""
    table = portal.store.tables["contacts"]
    for number in table.live:
        record = table.records[number]
        yield Listed(
            "hubspot",
            f"/sandbox/hubspot/contacts/{number}",
            _name(record),
            record.get("email") or "",
            two_decimals(record.get("bonus_malus_coefficient") or ""),
            _shown(portal, record, "bonus_malus_tier"),
        )


def contact(portal: Portal, record_id: str) -> Contact:
    """A contact opened; a merged id opens its survivor. Raises ValueError where there is none."""
    record = portal.store.tables["contacts"].find(record_id)
    if record is None:
        raise ValueError(f"the portal has no contact {record_id}")
    definitions = record.kind.properties
    fields = [
        Field(name, found.label, record.get(name) or "", _shown(portal, record, name))
        for name, found in definitions.items()
        if found.archived is None
    ]
    companies = [one.get("name") or "" for one, _ in _tied(portal, record, "companies")]
    headline = (
        ("Email", record.get("email")),
        ("Phone number", record.get("phone")),
        ("Company", ", ".join(companies)),
    )
    return Contact(
        crm="hubspot",
        id=str(record.id),
        name=_name(record),
        headline=tuple((label, value or "\u2014") for label, value in headline),
        fields=tuple(field for field in fields if field.value and not is_ours(field.name)),
        ours=tuple(field for field in fields if is_ours(field.name)),
        activities=tuple(sorted(_activities(portal, record), key=lambda one: one.on, reverse=True)),
        deleted=record.archived is not None,
    )


def _name(record: Record) -> str:
    parts = (record.get("firstname"), record.get("lastname"))
    return " ".join(part for part in parts if part) or record.get("email") or f"Contact {record.id}"


def _shown(portal: Portal, record: Record, name: str) -> str:
    definition, value = portal.store.kinds[record.kind.name].properties.get(name), record.get(name)
    return "" if definition is None or not value else _READERS.get(definition.type, _as_it_is)(definition, value)


def _as_it_is(_: Definition, value: str) -> str:
    return value


def _option(definition: Definition, value: str) -> str:
    return next((option.label for option in definition.options if option.value == value), value)


def _number(definition: Definition, value: str) -> str:
    # A record id is a number to HubSpot, and to nobody else.
    return value if definition.name.endswith("_id") else f"{Decimal(value):,}".replace("-", "\u2212")


_READERS: Mapping[str, Callable[[Definition, str], str]] = {
    "enumeration": _option,
    "bool": _option,
    "number": _number,
    "date": lambda _, value: day(date.fromisoformat(value)),
    "datetime": lambda _, value: moment(datetime.fromisoformat(value)),
}


def _tied(portal: Portal, record: Record, kind: str) -> Iterator[tuple[Record, str]]:
    """Live records associated with a contact, and by which label of their side."""
    pair = ("contacts", kind)
    for other, types in portal.store.links.of(pair, record.id).items():
        found = portal.store.tables[kind].living(other)
        if found is not None:
            labels = (portal.store.links.types(pair)[each].label for each in types)
            yield found, ", ".join(label for label in labels if label)


def _activities(portal: Portal, record: Record) -> Iterator[Activity]:
    for kind, (title, on, amount, currency, state) in _COLUMNS.items():
        for found, label in _tied(portal, record, kind):
            money = found.get(amount) if amount else None
            yield Activity(
                on=_on(found, on),
                kind=found.kind.singular.capitalize(),
                title=found.get(title) or f"{found.kind.singular.capitalize()} {found.id}",
                detail="; ".join(part for part in (label, *_details(found)) if part),
                amount=Amount(Decimal(money), found.get(currency) or "") if money else None,
                state=next((shown for name in state if (shown := _shown(portal, found, name))), ""),
            )


def _on(record: Record, name: str) -> date:
    return date.fromisoformat((record.get(name) or record.get(record.kind.created) or "")[:10])


def _details(record: Record) -> Iterator[str]:
    for name, word in _DATED.get(record.kind.name, ()):
        value = record.get(name)
        if value:
            yield f"{word} {day(date.fromisoformat(value[:10]))}"


# Per kind: the properties that are its title, date, amount, currency, and the first of these that is set its state.
_COLUMNS: Mapping[str, tuple[str, str, str, str, tuple[str, ...]]] = {
    "deals": ("dealname", "closedate", "amount", "deal_currency_code", ("dealstage",)),
    "orders": ("hs_order_name", "hs_processed_date", "hs_total_price", "hs_currency_code", ("hs_payment_status",)),
    "invoices": ("hs_number", "hs_invoice_date", "hs_amount_billed", "hs_currency", ("hs_invoice_status",)),
    "tickets": ("subject", "createdate", "", "", ("resolution", "hs_pipeline_stage")),
    "calls": ("hs_call_title", "hs_timestamp", "", "", ()),
    "meetings": ("hs_meeting_title", "hs_timestamp", "", "", ()),
    "notes": ("hs_note_body", "hs_timestamp", "", "", ()),
    "tasks": ("hs_task_subject", "hs_timestamp", "", "", ()),
}
_DATED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "orders": (("hs_refund_date", "refunded"), ("hs_cancelled_date", "cancelled")),
    "invoices": (("hs_due_date", "due"), ("hs_payment_date", "paid")),
    "tickets": (("closed_date", "closed"),),
}
