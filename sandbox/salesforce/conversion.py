"""Lead conversion: a lead becomes a contact of an account, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.salesforce.errors import RowError, RowRefusal
from sandbox.salesforce.moment import stamp

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

_SAME = ("FirstName", "LastName", "Salutation", "Title", "Phone", "MobilePhone", "Email", "LeadSource", "Description")


def convert(org: Org, lead_id: str, *, contact: str | None, account: str | None) -> str:
    """The contact's id. Tasks and events of the lead hang on the contact from now on (SR29, SR36)."""
    objects, records, by = org.schema.objects, org.records, org.admin.id
    lead = records.get(objects["Lead"], lead_id)
    if lead.get("IsDeleted") or lead["IsConverted"]:
        message = "converting a lead that is already converted" if lead["IsConverted"] else "entity is deleted"
        raise RowRefusal(RowError("CANNOT_UPDATE_CONVERTED_LEAD", message))
    account = account or org.insert("Account", {"Name": lead["Company"]})
    if contact is None:
        values = {name: lead[name] for name in _SAME if lead.get(name) is not None}
        contact = org.insert("Contact", values | {"AccountId": account})
    now = stamp(org.clock.now())
    told = {"IsConverted": True, "Status": "Closed - Converted", "ConvertedDate": now[:10]}
    told |= {"ConvertedContactId": contact, "ConvertedAccountId": account}
    records.save(objects["Lead"], lead | told, lead, by=by, now=now)
    for name in ("Task", "Event"):
        for row in list(records.tables[name].rows.values()):
            if row["WhoId"] == lead["Id"]:
                records.save(objects[name], row | {"WhoId": contact}, row, by=by, now=now)
    return contact
