"""What was deleted and what was changed between two instants, by ids alone: getDeleted and getUpdated."""

from datetime import datetime, timedelta
from typing import Any

from sandbox.salesforce.errors import Refusal, not_found
from sandbox.salesforce.http import Call
from sandbox.salesforce.moment import instant, stamp
from sandbox.salesforce.schema import SObject

DELETED_SINCE, UPDATED_SINCE = timedelta(days=15), timedelta(days=30)
MOST_IDS = 600_000
_MINUTE = timedelta(minutes=1)


def deleted(call: Call) -> dict[str, Any]:
    """GET /sobjects/X/deleted?start=&end=: merged and deleted rows that are still in the recycle bin (SR09)."""
    sobject, start, end = _asked(call, DELETED_SINCE)
    call.org.bin.purge()
    found = [
        {"deletedDate": stamp(each.since), "id": row_id}
        for row_id, each in call.org.bin.deletions.items()
        if each.sobject is sobject and start <= each.since < end
    ]
    _few_enough(len(found))
    return {
        "deletedRecords": found,
        "earliestDateAvailable": stamp(call.org.clock.now() - DELETED_SINCE),
        "latestDateCovered": stamp(end),
    }


def updated(call: Call) -> dict[str, Any]:
    """GET /sobjects/X/updated?start=&end=: rows stamped in between, deleted ones not among them."""
    sobject, start, end = _asked(call, UPDATED_SINCE)
    last = stamp(end)
    rows = call.org.records.tables[sobject.name].changed_since(stamp(start))
    ids = [row["Id"] for row in rows if row["SystemModstamp"] < last and not row.get("IsDeleted")]
    _few_enough(len(ids))
    return {"ids": ids, "latestDateCovered": last}


def _asked(call: Call, back: timedelta) -> tuple[SObject, datetime, datetime]:
    sobject = call.access.sobject(call.path("object"))
    if sobject is None:
        raise not_found()
    # Seconds do not count.
    start, end = (_instant(call, name).replace(second=0, microsecond=0) for name in ("start", "end"))
    now = call.org.clock.now()
    if start < now - back:
        raise _bad_date(f"startDate cannot be more than {back.days} days ago")
    if end - start < _MINUTE:
        raise _bad_date("endDate must be at least one minute greater than startDate")
    return sobject, start, min(end, now)


def _instant(call: Call, name: str) -> datetime:
    # A plus that was not encoded is a blank by now.
    found = instant(call.request.query_params.get(name, "").replace(" ", "+"))
    if found is None:
        raise Refusal(400, "MALFORMED_QUERY", f"{name} is not a date and time with its zone")
    return found


def _few_enough(ids: int) -> None:
    if ids > MOST_IDS:
        raise Refusal(400, "EXCEEDED_ID_LIMIT", "Number of IDs in the result exceeds the limit")


def _bad_date(message: str) -> Refusal:
    return Refusal(400, "INVALID_REPLICATION_DATE", message)
