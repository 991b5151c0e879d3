"""Turns `invoices.csv` of Online Retail into CSV files for both CRMs of the sandbox.

Half of the customers are in each CRM and a fifth in both; those have every second invoice in HubSpot, and the HubSpot
contact holds the Salesforce contact's id, as HubSpot's own integration would keep it.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
COLUMNS = ("invoice", "customer", "invoice_date", "country", "lines", "amount_gbp")


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice; a credit note if its number begins with C. `at` is an aware local time."""

    number: str
    customer: int
    at: datetime
    amount: Decimal

    @property
    def is_credit_note(self) -> bool:
        """Goods taken back, or an order cancelled."""
        return self.number.startswith("C")


def read_invoices(path: Path) -> list[Invoice]:
    """Every invoice of the file.

    Raises:
        ValueError: the file is another one, or a row cannot be read: file, line and column.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise ValueError(
                f"{path}: the columns should be {', '.join(COLUMNS)}; see the README on how to make the file"
            )
        return [_invoice(row, f"{path}:{rows.line_num}") for row in rows]


def _invoice(row: Mapping[str, str], place: str) -> Invoice:
    try:
        at = datetime.fromisoformat(row["invoice_date"]).replace(tzinfo=LONDON)
        return Invoice(row["invoice"], int(row["customer"]), at, Decimal(row["amount_gbp"]))
    except (ValueError, TypeError, InvalidOperation) as error:
        raise ValueError(f"{place}: a row of {', '.join(COLUMNS)} is expected ({error})") from error


def places(customer: int) -> tuple[str, ...]:
    """Where a customer is known: four tenths in Salesforce only, four in HubSpot only, two in both."""
    digit = customer % 10
    return ("salesforce",) if digit < 4 else ("hubspot",) if digit > 5 else ("salesforce", "hubspot")  # noqa: PLR2004 - tenths


def write_crm_data(invoices: list[Invoice], folder: Path) -> None:
    """Files for `bonus-malus sandbox --load`, one for each object."""
    customers = sorted({invoice.customer for invoice in invoices})
    born = min(invoice.at for invoice in invoices).astimezone(UTC).isoformat()
    salesforce, hubspot = folder / "salesforce", folder / "hubspot"
    _write(
        salesforce / "Account.csv",
        (
            {"ref": f"account-{each}", "Name": f"Customer {each}", "CreatedDate": born}
            for each in customers
            if "salesforce" in places(each)
        ),
    )
    _write(
        salesforce / "Contact.csv",
        (
            {
                "ref": f"contact-{each}",
                "AccountId": f"account-{each}",
                "LastName": f"Customer {each}",
                "CreatedDate": born,
                "Email": _email(each),
            }
            for each in customers
            if "salesforce" in places(each)
        ),
    )
    _write(salesforce / "Order.csv", (_salesforce_order(each) for each in invoices if _place(each) == "salesforce"))
    _write(
        hubspot / "contacts.csv",
        (
            {
                "ref": f"contact-{each}", "lastname": f"Customer {each}", "email": _email(each), "createdate": born,
                "salesforcecontactid": f"contact-{each}" if "salesforce" in places(each) else "",
            }
            for each in customers
            if "hubspot" in places(each)
        ),
    )  # fmt: skip
    _write(hubspot / "orders.csv", (_hubspot_order(each) for each in invoices if _place(each) == "hubspot"))


def _email(customer: int) -> str:
    return f"customer-{customer}@example.com"


def _place(invoice: Invoice) -> str:
    known = places(invoice.customer)
    return known[int(invoice.number.lstrip("C")) % len(known)]


def _salesforce_order(invoice: Invoice) -> dict[str, str]:
    return {
        "AccountId": f"account-{invoice.customer}",
        "BillToContactId": f"contact-{invoice.customer}",
        "Name": invoice.number,
        "EffectiveDate": invoice.at.date().isoformat(),
        "Status": "Activated",
        "IsReductionOrder": "true" if invoice.is_credit_note else "false",
        "TotalAmount": str(invoice.amount),
        "CreatedDate": invoice.at.astimezone(UTC).isoformat(),
    }


def _hubspot_order(invoice: Invoice) -> dict[str, str]:
    at = invoice.at.astimezone(UTC).isoformat()
    refund = {"hs_refund_amount": str(-invoice.amount), "hs_refund_date": at} if invoice.is_credit_note else {}
    paid = {} if invoice.is_credit_note else {"hs_total_price": str(invoice.amount)}
    return {
        "contact": f"contact-{invoice.customer}",
        "hs_order_name": invoice.number,
        "hs_currency_code": "GBP",
        "hs_payment_status": "refunded" if invoice.is_credit_note else "paid",
        "hs_processed_date": at,
        "hs_createdate": at,
        "hs_total_price": paid.get("hs_total_price", ""),
        "hs_refund_amount": refund.get("hs_refund_amount", ""),
        "hs_refund_date": refund.get("hs_refund_date", ""),
    }


def _write(path: Path, rows: Iterator[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(lines, list(row))
                writer.writeheader()
            writer.writerow(row)
