"""Fields the service works out itself when a row is saved."""

from sandbox.salesforce.schema import SObject
from sandbox.salesforce.table import Row

_CODES = {"In Approval Process": "InApproval"}


def derive(sobject: SObject, row: Row, before: Row | None, stamp: str) -> None:
    """Fill in what follows from the rest of a row about to be stored; `stamp` is the instant of the save."""
    if "FirstName" in sobject.fields and "Name" in sobject.fields:
        row["Name"] = " ".join(part for part in (row["FirstName"], row["LastName"]) if part)
    if "MailingAddress" in sobject.fields:
        row["MailingAddress"] = _address(row, "Mailing")
    if sobject.closing:
        _close(sobject, row, before, stamp)
    if sobject.name in ("Order", "Contract"):
        _activate(row, before, stamp)
    if sobject.name == "Event":
        _schedule(row)


def _close(sobject: SObject, row: Row, before: Row | None, stamp: str) -> None:
    state = row[sobject.closing["by"]]
    row["IsClosed"] = state in sobject.closing["closed"]
    if "IsWon" in sobject.fields:
        row["IsWon"] = state in sobject.closing["won"]
        if before is None or before["StageName"] != state:
            row["Probability"] = 100.0 if row["IsWon"] else 0.0 if row["IsClosed"] else row.get("Probability")
    dated = next((name for name in ("ClosedDate", "CompletedDateTime") if name in sobject.fields), None)
    if dated is None:
        return
    if not row["IsClosed"]:
        row[dated] = None
    elif row.get(dated) is None:
        row[dated] = stamp


def _activate(row: Row, before: Row | None, stamp: str) -> None:
    row["StatusCode"] = _CODES.get(row["Status"], row["Status"])
    if row["Status"] == "Activated" and row.get("ActivatedDate") is None:
        row["ActivatedDate"] = stamp
    if row["Status"] == "Draft" and before is not None:
        row["ActivatedDate"] = None


def _schedule(row: Row) -> None:
    start = row.get("ActivityDateTime") or row.get("StartDateTime")
    row["ActivityDateTime"] = row["StartDateTime"] = start
    if start is not None and row.get("ActivityDate") is None:
        row["ActivityDate"] = start[:10]


def _address(row: Row, prefix: str) -> dict[str, str | None] | None:
    """A compound address, None where nothing of it is known."""
    parts = {
        name: row.get(f"{prefix}{name[0].upper()}{name[1:]}") for name in ("city", "country", "postalCode", "street")
    }
    if not any(parts.values()):
        return None
    blank = dict.fromkeys(("geocodeAccuracy", "latitude", "longitude", "state"))
    return dict(sorted((blank | parts).items()))
