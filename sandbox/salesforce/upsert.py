"""Upsert: update the row that has this value in an external id, or insert one (SW18)."""

from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.access import Access, User
from sandbox.salesforce.errors import RowError, RowRefusal
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.rules import Manner
from sandbox.salesforce.schema import SObject


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, under which rules, in which manner."""

    org: Org
    user: User
    access: Access
    manner: Manner

    def create(self, sobject: SObject, values: dict[str, Any]) -> tuple[str, bool]:
        """A new row."""
        new = self.org.create(sobject, values, user=self.user, access=self.access, manner=self.manner)
        return new, True

    def change(self, sobject: SObject, row_id: str, values: dict[str, Any]) -> tuple[str, bool]:
        """New values for a row."""
        self.org.change(sobject, row_id, values, user=self.user, access=self.access, manner=self.manner)
        return long_id(row_id) or row_id, False


def upsert(writer: Writer, sobject: SObject, key: str, values: dict[str, Any]) -> tuple[str, bool]:
    """The id of the row, and whether it is new. `values` hold the key too, which may be `Id`."""
    field = writer.access.fields(sobject).get(key.lower())
    if field is None or not (field.type == "id" or field.external_id or field.id_lookup):
        message = (
            f"Field name provided, {key} does not match an External ID, Salesforce Id, or indexed field for"
            f" {sobject.name}"
        )
        raise RowRefusal(RowError("INVALID_FIELD", message, (key,)))
    given = next((value for name, value in values.items() if name.lower() == key.lower()), None)
    rest = {name: value for name, value in values.items() if name.lower() not in {key.lower(), "id"}}
    if field.type == "id":
        return writer.change(sobject, str(given), rest) if given else writer.create(sobject, rest)
    if given in (None, ""):
        raise RowRefusal(RowError("MISSING_ARGUMENT", f"{field.name} not specified", ()))
    rows = writer.org.records.tables[sobject.name].rows.values()
    wanted = given.casefold() if isinstance(given, str) else given
    found = [row["Id"] for row in rows if not row.get("IsDeleted") and _folded(row.get(field.name)) == wanted]
    if len(found) > 1:
        message = f"{field.name}: more than one record found for external id field: [{', '.join(found)}]"
        raise RowRefusal(RowError("DUPLICATE_EXTERNAL_ID", message, (field.name,)), status=300)
    if found:
        return writer.change(sobject, found[0], rest)
    return writer.create(sobject, rest | {field.name: given})


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
