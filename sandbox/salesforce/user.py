"""The org's own users: a person who administers it, and the integration user."""

from collections.abc import Mapping

from sandbox.salesforce.access import User, every_field, object_rights
from sandbox.salesforce.records import Records
from sandbox.salesforce.schema import Schema

ADMINISTRATION = {
    "ApiEnabled", "ViewSetup", "ModifyMetadata", "CustomizeApplication", "AssignPermissionSets", "ViewAllData",
}  # fmt: skip


def make_user(
    records: Records, schema: Schema, names: tuple[str, str, str], locale: Mapping[str, str], *, by: str, edit: bool
) -> User:
    """A user with a row: first and last name and alias; with `edit` the profile may write every field there is."""
    first, last, alias = names
    address = f"{alias}@sandbox-trading.example.com"
    row = {
        "FirstName": first,
        "LastName": last,
        "Username": address,
        "Email": address,
        "Alias": alias[:8],
        "IsActive": True,
        "LocaleSidKey": "en_US",
        **locale,
    }
    user_id = records.create(schema.objects["User"], row, by=by)
    seen = every_field(schema)
    return User(
        user_id,
        address,
        permissions=set(ADMINISTRATION),
        objects=object_rights(schema),
        readable=seen,
        editable=set(seen) if edit else set(),
    )
