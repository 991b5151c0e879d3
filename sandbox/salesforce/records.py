"""The rows of an org and the rules for writing them: what the service checks, fills in, stamps, deletes and merges."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import Clock
from sandbox.salesforce.access import CREATE, DELETE, EDIT, Access
from sandbox.salesforce.derive import derive
from sandbox.salesforce.errors import RowError, RowRefusal
from sandbox.salesforce.ids import long_id, number_id
from sandbox.salesforce.moment import stamp
from sandbox.salesforce.schema import Field, Schema, SObject
from sandbox.salesforce.table import Row, Table
from sandbox.salesforce.values import accept

BIN_DAYS = 15
_KEPT_BY_SERVICE = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
)
_FILLED = frozenset({"OwnerId"})


@dataclass(slots=True)
class Deletion:
    """A row in the recycle bin: since when, what went with it, and which look-ups were cleared."""

    sobject: SObject
    since: datetime
    cascaded: list[tuple[SObject, str]] = field(default_factory=list)
    cleared: list[tuple[SObject, str, str]] = field(default_factory=list)


Snapshot = tuple[dict[str, dict[str, Row]], dict[str, Deletion]]


class Records:
    """Every row.

    With an `Access` the rules of the API hold; without one the caller is the org's own administration, which may also
    set read-only fields (a loader brings in closing dates and numbers).
    """

    def __init__(self, clock: Clock, schema: Schema) -> None:
        self.clock = clock
        self.schema = schema
        self.tables = {name: Table() for name in schema.objects}
        self._numbers = dict.fromkeys(schema.objects, 0)
        self._auto = dict.fromkeys(schema.objects, 0)
        self._bin: dict[str, Deletion] = {}

    # Reading

    def get(self, sobject: SObject, row_id: str) -> Row:
        """The row, deleted or not. Refused as malformed, or as an id of nothing."""
        found = long_id(row_id) if isinstance(row_id, str) else None
        if found is None:
            raise RowRefusal(RowError("MALFORMED_ID", f"malformed id {row_id}"))
        row = self.tables[sobject.name].rows.get(found)
        if row is None:
            raise RowRefusal(RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"), status=404)
        return row

    def rows(self, sobject: SObject) -> Iterator[Row]:
        """Every row, deleted ones too until the recycle bin lets go of them."""
        self.purge()
        return iter(self.tables[sobject.name].rows.values())

    def find(self, row_id: str | None) -> Row | None:
        """Any row that is not deleted, by its id alone."""
        if row_id is None:
            return None
        sobject = self.schema.by_prefix.get(row_id[:3])
        row = self.tables[sobject.name].rows.get(row_id) if sobject else None
        return None if row is None or row.get("IsDeleted") else row

    # Writing

    def create(
        self,
        sobject: SObject,
        values: Mapping[str, Any],
        *,
        by: str,
        access: Access | None = None,
        row_id: str | None = None,
        at: datetime | None = None,
    ) -> str:
        """Insert a row for the user with the id `by`; its 18-character id."""
        if access is not None and not (sobject.createable and access.may(CREATE, sobject)):
            message = f"entity type cannot be inserted: {sobject.label}"
            raise RowRefusal(RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message))
        given = self._given(sobject, values, access, creating=True)
        row: Row = {name: found.default for name, found in sobject.fields.items()} | given
        missing = tuple(name for name, found in sobject.fields.items() if found.required and row[name] in (None, ""))
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise RowRefusal(RowError("REQUIRED_FIELD_MISSING", message, missing))
        self._unique(sobject, given, None)
        row |= {name: by for name in _FILLED & sobject.fields.keys() if row[name] is None}
        row["Id"] = self._new_id(sobject, row_id)
        for name, found in sobject.fields.items():
            if found.auto_number is not None and row[name] is None:
                self._auto[sobject.name] += 1
                row[name] = found.auto_number.format(self._auto[sobject.name])
        now = stamp(at or self.clock.now())
        row |= {"CreatedDate": now, "CreatedById": by}
        if "IsDeleted" in sobject.fields:
            row["IsDeleted"] = False
        self._save(sobject, row, None, by=by, now=now)
        return str(row["Id"])

    def change(
        self,
        sobject: SObject,
        row_id: str,
        values: Mapping[str, Any],
        *,
        by: str,
        access: Access | None = None,
        at: datetime | None = None,
    ) -> None:
        """Update a row. The stamp moves even when no value does."""
        before = self.get(sobject, row_id)
        if before.get("IsDeleted"):
            raise RowRefusal(RowError("ENTITY_IS_DELETED", "entity is deleted"), status=404)
        if access is not None and not (sobject.updateable and access.may(EDIT, sobject)):
            message = "insufficient access rights on object id"
            raise RowRefusal(RowError("INSUFFICIENT_ACCESS_OR_READONLY", message), status=403)
        given = self._given(sobject, values, access, creating=False)
        self._unique(sobject, given, before["Id"])
        self._save(sobject, before | given, before, by=by, now=stamp(at or self.clock.now()))

    def delete(self, sobject: SObject, row_id: str, *, by: str, access: Access | None = None) -> None:
        """Move a row to the recycle bin, with what belongs to it; rows of the Setup area go for good."""
        row = self.get(sobject, row_id)
        if row.get("IsDeleted"):
            raise RowRefusal(RowError("ENTITY_IS_DELETED", "entity is deleted"), status=404)
        if access is not None and not (sobject.deletable and access.may(DELETE, sobject)):
            message = "insufficient access rights on object id"
            raise RowRefusal(RowError("INSUFFICIENT_ACCESS_OR_READONLY", message), status=403)
        if sobject.setup:
            self.tables[sobject.name].drop(row["Id"])
            return
        deletion = Deletion(sobject, self.clock.now())
        self._bin[row["Id"]] = deletion
        now = stamp(deletion.since)
        for child, link, holder_id in self._referring(sobject, row["Id"]):
            holder = self.tables[child.name].rows[holder_id]
            if link.cascade:
                deletion.cascaded.append((child, holder_id))
                self._save(child, holder | {"IsDeleted": True}, holder, by=by, now=now)
            else:  # a look-up is cleared without a new stamp on the row that had it
                deletion.cleared.append((child, holder_id, link.name))
                self.tables[child.name].rows[holder_id] = holder | {link.name: None}
        self._save(sobject, row | {"IsDeleted": True}, row, by=by, now=now)

    def undelete(self, sobject: SObject, row_id: str, *, by: str) -> None:
        """Bring a row back from the recycle bin, with what went with it; the stamp moves."""
        row = self.get(sobject, row_id)
        self.purge()
        deletion = self._bin.get(row["Id"])
        if not row.get("IsDeleted") or deletion is None or not sobject.undeletable:
            message = "entity is not in the recycle bin"
            raise RowRefusal(RowError("UNDELETE_FAILED", message))
        del self._bin[row["Id"]]
        now = stamp(self.clock.now())
        back = {"IsDeleted": False} | ({"MasterRecordId": None} if row.get("MasterRecordId") else {})
        self._save(sobject, row | back, row, by=by, now=now)
        for child, child_id in deletion.cascaded:
            gone = self.tables[child.name].rows[child_id]
            self._save(child, gone | {"IsDeleted": False}, gone, by=by, now=now)
        for child, child_id, name in deletion.cleared:
            holder = self.tables[child.name].rows.get(child_id)
            if holder is not None and holder[name] is None:
                self.tables[child.name].rows[child_id] = holder | {name: row["Id"]}

    def merge(self, sobject: SObject, master_id: str, losers: list[str], *, by: str) -> None:
        """Make up to three rows one: losers are deleted and name their master, what hung on them hangs on it (SR07)."""
        if not sobject.mergeable:
            raise RowRefusal(RowError("INVALID_OPERATION", f"entity type cannot be merged: {sobject.label}"))
        if not 1 <= len(losers) <= 2:  # noqa: PLR2004 - a merge takes three rows, the master included
            raise RowRefusal(RowError("INVALID_NUM_ARGUMENTS", "a merge takes one or two records besides the master"))
        rows = [self.get(sobject, row_id) for row_id in (master_id, *losers)]
        if any(row["IsDeleted"] for row in rows):
            raise RowRefusal(RowError("ENTITY_IS_DELETED", "entity is deleted"), status=404)
        master, *gone = rows
        if len({row["Id"] for row in rows}) != len(rows):
            raise RowRefusal(RowError("INVALID_ID_FIELD", "a record cannot be merged with itself"))
        now = stamp(self.clock.now())
        for loser in gone:
            for child, link, holder_id in self._referring(sobject, loser["Id"]):
                holder = self.tables[child.name].rows[holder_id]
                self._save(child, holder | {link.name: master["Id"]}, holder, by=by, now=now)
            self._bin[loser["Id"]] = Deletion(sobject, self.clock.now())
            self._save(sobject, loser | {"IsDeleted": True, "MasterRecordId": master["Id"]}, loser, by=by, now=now)
        self._save(sobject, dict(master), master, by=by, now=now)

    def archive(self, sobject: SObject, row_id: str) -> None:
        """Mark a task or event as archived: only queryAll shows it from now on (SR30)."""
        row = self.get(sobject, row_id)
        self.tables[sobject.name].rows[row["Id"]] = row | {"IsArchived": True}

    def purge(self) -> None:
        """Forget what has been in the recycle bin for 15 days (SR08)."""
        limit = self.clock.now() - timedelta(days=BIN_DAYS)
        for row_id, deletion in list(self._bin.items()):
            if deletion.since > limit:
                return  # the bin is in order of deletion
            for child, child_id in deletion.cascaded:
                if child_id not in self._bin:
                    self.tables[child.name].drop(child_id)
            self.tables[deletion.sobject.name].drop(row_id)
            del self._bin[row_id]

    # All or nothing

    def snapshot(self) -> Snapshot:
        """The rows and the recycle bin as they are."""
        return {name: dict(table.rows) for name, table in self.tables.items()}, dict(self._bin)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to what was."""
        rows, self._bin = snapshot
        for name, table in self.tables.items():
            table.rows = rows[name]

    # The Setup area

    def give_default(self, sobject: SObject, found: Field) -> None:
        """Let existing rows have the value a new field starts with; their stamps stay (SR10)."""
        table = self.tables[sobject.name]
        for row_id, row in list(table.rows.items()):
            table.rows[row_id] = row | {found.name: found.default}

    def forget_field(self, sobject: SObject, name: str) -> None:
        """Drop the values of a deleted field."""
        table = self.tables[sobject.name]
        for row_id, row in list(table.rows.items()):
            table.rows[row_id] = {key: value for key, value in row.items() if key != name}

    # Rules

    def _given(
        self, sobject: SObject, values: Mapping[str, Any], access: Access | None, *, creating: bool
    ) -> dict[str, Any]:
        visible = sobject.by_lower if access is None else access.fields(sobject)
        found: dict[str, Field] = {}
        for name in values:
            known = visible.get(name.lower())
            if known is None:
                message = f"No such column '{name}' on sobject of type {sobject.name}"
                raise RowRefusal(RowError("INVALID_FIELD", message))
            found[name] = known
        locked = tuple(f.name for f in found.values() if not self._writable(sobject, f, access, creating=creating))
        if locked:
            message = (
                f"Unable to create/update fields: {', '.join(locked)}. Please check the security settings of this field"
                " and verify that it is read/write for your profile or permission set."
            )
            raise RowRefusal(RowError("INVALID_FIELD_FOR_INSERT_UPDATE", message, locked))
        given = {known.name: accept(known, values[name]) for name, known in found.items()}
        for known in found.values():
            row_id = given[known.name]
            if known.type == "reference" and isinstance(row_id, str):
                self._check_reference(known, row_id)
        return given

    @staticmethod
    def _writable(sobject: SObject, found: Field, access: Access | None, *, creating: bool) -> bool:
        if found.name in _KEPT_BY_SERVICE:
            return False
        if access is None:
            return True
        return (found.createable if creating else found.updateable) and access.editable(sobject, found)

    def _check_reference(self, found: Field, row_id: str) -> None:
        target = self.schema.by_prefix.get(row_id[:3])
        if target is None or target.name not in found.refers_to:
            message = f"{found.label}: id value of incorrect type: {row_id}"
            raise RowRefusal(RowError("FIELD_INTEGRITY_EXCEPTION", message, (found.name,)))
        row = self.tables[target.name].rows.get(row_id)
        if row is None:
            message = f"insufficient access rights on cross-reference id: {row_id}"
            raise RowRefusal(RowError("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message))
        if row.get("IsDeleted"):
            raise RowRefusal(RowError("ENTITY_IS_DELETED", "entity is deleted"))

    def _unique(self, sobject: SObject, given: Mapping[str, Any], own_id: str | None) -> None:
        for name, value in given.items():
            if not sobject.fields[name].unique or value is None:
                continue
            for row in self.tables[sobject.name].rows.values():
                if row.get(name) == value and row["Id"] != own_id:
                    message = f"duplicate value found: {name} duplicates value on record with id: {row['Id'][:15]}"
                    raise RowRefusal(RowError("DUPLICATE_VALUE", message))

    def _new_id(self, sobject: SObject, wanted: str | None) -> str:
        table = self.tables[sobject.name]
        if wanted is None:
            while True:
                self._numbers[sobject.name] += 1
                fresh = number_id(sobject.prefix, self._numbers[sobject.name])
                if fresh not in table.rows:
                    return fresh
        found = long_id(wanted)
        if found is None or not found.startswith(sobject.prefix):
            raise RowRefusal(RowError("MALFORMED_ID", f"malformed id {wanted}"))
        if found in table.rows:
            raise RowRefusal(RowError("DUPLICATE_VALUE", f"there is already a record with id: {found}"))
        return found

    def _referring(self, sobject: SObject, row_id: str) -> list[tuple[SObject, Field, str]]:
        """Rows not deleted that point to a row; a full look through its children, as deletes and merges are rare."""
        return [
            (child, link, row["Id"])
            for child, link in self.schema.children(sobject.name)
            if not child.setup and link.name != "MasterRecordId"
            for row in self.tables[child.name].rows.values()
            if row.get(link.name) == row_id and not row["IsDeleted"]
        ]

    def _save(self, sobject: SObject, row: Row, before: Row | None, *, by: str, now: str) -> None:
        derive(sobject, row, before, now)
        row |= {"LastModifiedDate": now, "LastModifiedById": by, "SystemModstamp": now}
        self.tables[sobject.name].put(row)
