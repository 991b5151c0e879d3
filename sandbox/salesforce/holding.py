"""Who holds which permission set: the sets with their rows, and their assignments."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import RowError, RowRefusal
from sandbox.salesforce.ids import long_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.salesforce.access import PermissionSet
    from sandbox.salesforce.org import Org

ASSIGNMENT = "PermissionSetAssignment"


def put(org: Org, name: str, content: PermissionSet) -> None:
    """Create a permission set with its row, or replace what one grants."""
    sobject, held = org.schema.objects["PermissionSet"], org.permission_sets.get(name)
    values = {"Label": content.label, "Description": content.description}
    row = values | {"HasActivationRequired": content.activation}
    if held is None:
        row_id = org.records.create(sobject, row | {"Name": name}, by=org.admin.id)
        org.permission_sets[name] = replace(content, id=row_id)
        return
    org.records.change(sobject, held.id, row, by=org.admin.id)
    held.label, held.description, held.activation = content.label, content.description, content.activation
    held.fields, held.objects = content.fields, content.objects


def remove(org: Org, name: str) -> None:
    """Delete a permission set that nobody holds."""
    held = org.permission_sets.pop(name)
    org.bin.delete(org.schema.objects["PermissionSet"], held.id, by=org.admin.id)


def refuse_second(org: Org, values: Mapping[str, Any]) -> None:
    """Nobody is assigned a permission set twice.

    Raises:
        RowRefusal: this user holds it.
    """
    assignee = long_id(str(values.get("AssigneeId"))) or ""
    wanted = long_id(str(values.get("PermissionSetId"))) or ""
    for row in org.rows(ASSIGNMENT):
        if (row["AssigneeId"], row["PermissionSetId"]) == (assignee, wanted):
            message = f"Duplicate PermissionSetAssignment.  Assignee: {assignee[:15]}; Permission Set: {wanted[:15]}"
            raise RowRefusal(RowError("DUPLICATE_VALUE", message, ("AssigneeId", "PermissionSetId")))


def assign(org: Org, row_id: str) -> None:
    """What a new assignment's row says holds from now on."""
    row = org.records.get(org.schema.objects[ASSIGNMENT], row_id)
    user = next(user for user in org.users if user.id == row["AssigneeId"])
    user.assigned[row_id] = next(held for held in org.permission_sets.values() if held.id == row["PermissionSetId"])


def withdraw(org: Org, row_id: str) -> None:
    """An assignment's row is gone."""
    for user in org.users:
        user.assigned.pop(row_id, None)
