"""The bodies that the connectors' bench reads: rows that differ as real ones do, as each API sends them."""

import csv
import io
import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connectors.salesforce.bulk_query import PAGE

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SALESFORCE = {
    "Id": "id",
    "SystemModstamp": "datetime",
    "IsDeleted": "boolean",
    "MasterRecordId": "reference",
    "FirstName": "string",
    "LastName": "string",
    "Email": "email",
    "AccountId": "reference",
    "Amount": "currency",
    "CloseDate": "date",
    "CreatedDate": "datetime",
}
DESCRIBED = {"name": "Contact", "fields": [{"name": name, "type": kind} for name, kind in SALESFORCE.items()]}
HUBSPOT = {
    "firstname": "string",
    "lastname": "string",
    "email": "string",
    "amount": "number",
    "closedate": "date",
    "createdate": "datetime",
    "lastmodifieddate": "datetime",
    "hs_lastmodifieddate": "datetime",
    "hs_merged_object_ids": "string",
    "hs_object_id": "number",
}


def people(count: int) -> Iterator[dict[str, Any]]:
    """Rows as Salesforce holds them; every ninth has no amount, every fiftieth is deleted."""
    dice = random.Random(4)  # noqa: S311 - no secret hangs on it
    for number in range(count):
        moment = NOW - timedelta(seconds=dice.randrange(90_000_000))
        yield {
            "Id": f"003Sb{number:010d}AAA",
            "SystemModstamp": f"{moment:%Y-%m-%dT%H:%M:%S}.000+0000",
            "IsDeleted": number % 50 == 0,
            "MasterRecordId": None,
            "FirstName": dice.choice(("Ann", "Ben", "Zoë", "Łukasz")),
            "LastName": f"Person {number}",
            "Email": f"person.{number}@example.org",
            "AccountId": f"001Sb{number // 3:010d}AAA",
            "Amount": dice.randrange(1_000_000) / 100 if number % 9 else None,
            "CloseDate": (date(2020, 1, 1) + timedelta(days=dice.randrange(2_500))).isoformat(),
            "CreatedDate": f"{moment - timedelta(days=90):%Y-%m-%dT%H:%M:%S}.000+0000",
        }


def sheets(count: int) -> list[bytes]:
    """The pages of a Bulk result."""
    bodies, rows = [], [list(row.values()) for row in people(count)]
    for start in range(0, count, PAGE):
        text = io.StringIO()
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(SALESFORCE)
        for row in rows[start : start + PAGE]:
            writer.writerow(
                [
                    "" if cell is None else str(cell).lower() if isinstance(cell, bool) else cell.replace("+0000", "Z")
                    if isinstance(cell, str)
                    else cell
                    for cell in row
                ]
            )  # fmt: skip
        bodies.append(text.getvalue().encode())
    return bodies


def answers(count: int) -> list[bytes]:
    """The pages of a REST query."""
    rows = [
        {"attributes": {"type": "Contact", "url": f"/services/data/v66.0/sobjects/Contact/{row['Id']}"}, **row}
        for row in people(count)
    ]
    starts = range(0, count, 2_000)
    return [
        json.dumps(
            {"totalSize": 2_000, "done": start == starts[-1], "nextRecordsUrl": "/q", "records": rows[start:][:2_000]}
        ).encode()
        for start in starts
    ]


def lists(count: int) -> list[bytes]:
    """The pages of a HubSpot list."""
    rows = []
    for number, row in enumerate(people(count)):
        moment = row["SystemModstamp"].replace("+0000", "Z")
        properties = {
            "firstname": row["FirstName"],
            "lastname": row["LastName"],
            "email": row["Email"],
            "amount": str(row["Amount"] or ""),
            "closedate": row["CloseDate"],
            "createdate": moment,
            "lastmodifieddate": moment,
            "hs_lastmodifieddate": moment,
            "hs_merged_object_ids": None,
            "hs_object_id": str(number + 1),
        }
        rows.append(
            {
                "id": str(number + 1),
                "properties": properties,
                "createdAt": moment,
                "updatedAt": moment,
                "archived": False,
                "url": f"https://app.hubspot.com/contacts/1/record/0-1/{number + 1}",
            }
        )
    return [
        json.dumps(
            {"results": rows[start : start + 100]}
            | ({"paging": {"next": {"after": str(start + 100), "link": "https://…"}}} if start + 100 < count else {}),
            ensure_ascii=False,
        ).encode()
        for start in range(0, count, 100)
    ]


def ends(count: int) -> list[bytes]:
    """HubSpot's answers for the links of these records, one contact each, a thousand records a call."""
    kinds = [
        {"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None},
        {"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"},
    ]
    results = [
        {"from": {"id": str(number + 1)}, "to": [{"toObjectId": 7_000_000 + number, "associationTypes": kinds}]}
        for number in range(count)
    ]
    return [
        json.dumps({"status": "COMPLETE", "results": results[start : start + 1_000]}).encode()
        for start in range(0, count, 1_000)
    ]
