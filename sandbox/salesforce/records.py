"""The rows of an org and the rules for writing them: what the service checks, fills in and stamps."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.salesforce.access import CREATE, EDIT, Access
from sandbox.salesforce.derive import derive
from sandbox.salesforce.errors import RowError, RowRefusal
from sandbox.salesforce.ids import long_id, number_id
from sandbox.salesforce.moment import stamp
from sandbox.salesforce.rules import Manner, Rule
from sandbox.salesforce.schema import Field, Schema, SObject
from sandbox.salesforce.table import Kept, Row, Table
from sandbox.salesforce.values import accept

_KEPT_BY_SERVICE = frozenset(
    {"Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"}
)
_FILLED = frozenset({"OwnerId"})
_ALONE = Manner()


class Records:
    """Every row.

    With an `Access` the rules of the API hold; without one the caller is the org's own administration, which may also
    set read-only fields (a loader brings in closing dates and numbers).
    """

    def __init__(self, clock: Clock, schema: Schema) -> None:
        self.clock = clock
        self.schema = schema
        self.tables = {name: Table() for name in schema.objects}
        self.rules: list[Rule] = []
        self._numbers = dict.fromkeys(schema.objects, 0)
        self._auto = dict.fromkeys(schema.objects, 0)

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
        manner: Manner = _ALONE,
    ) -> str:
        """Insert a row for the user with the id `by`; its 18-character id."""
        if access is not None and not (sobject.createable and access.may(CREATE, sobject)):
            message = f"entity type cannot be inserted: {sobject.label}"
            raise RowRefusal(RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message))
        given = self._given(sobject, values, access, creating=True)
        row: Row = sobject.blank | given
        missing = tuple(name for name in sobject.required if row[name] in (None, ""))
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise RowRefusal(RowError("REQUIRED_FIELD_MISSING", message, missing))
        self._unique(sobject, given, None)
        if access is not None:
            self._obey(sobject, row, manner)
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
        self.save(sobject, row, None, by=by, now=now)
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
        manner: Manner = _ALONE,
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
        if access is not None:
            self._obey(sobject, before | given, manner)
        self.save(sobject, before | given, before, by=by, now=stamp(at or self.clock.now()))

    def archive(self, sobject: SObject, row_id: str) -> None:
        """Mark a task or event as archived: only queryAll shows it from now on (SR30)."""
        row = self.get(sobject, row_id)
        self.tables[sobject.name].keep(row | {"IsArchived": True})

    def alter(self, sobject: SObject, row_id: str, values: Mapping[str, Any]) -> None:
        """Other values, without a stamp and without the rules that hold for writes."""
        row = self.get(sobject, row_id)
        self.tables[sobject.name].keep(row | self._given(sobject, values, None, creating=False))

    def save(self, sobject: SObject, row: Row, before: Row | None, *, by: str, now: str) -> None:
        """Store a row with what follows from it and its stamps."""
        row = Kept(row)
        derive(sobject, row, before, now)
        row |= {"LastModifiedDate": now, "LastModifiedById": by, "SystemModstamp": now}
        self.tables[sobject.name].put(row)

    # The Setup area

    def give_default(self, sobject: SObject, found: Field) -> None:
        """Let existing rows have the value a new field starts with; their stamps stay (SR10)."""
        table = self.tables[sobject.name]
        for row in list(table.rows.values()) if found.default is not None else ():
            table.keep(row | {found.name: found.default})

    def forget_field(self, sobject: SObject, name: str) -> None:
        """Drop the values of a deleted field."""
        table = self.tables[sobject.name]
        for row in list(table.rows.values()):
            if name in row:
                table.keep({key: value for key, value in row.items() if key != name})

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

    def _obey(self, sobject: SObject, row: Row, manner: Manner) -> None:
        """What administrators have laid down holds for the API; the company's own edits pass it by."""
        for rule in self.rules:
            if rule.object == sobject.name:
                error = rule.refuse(row, self.tables[sobject.name].rows, manner)
                if error is not None:
                    raise RowRefusal(error)

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
