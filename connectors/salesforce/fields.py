"""Our own fields in Salesforce: planned, created, granted, and read back as ourselves (SW12, SW13)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from simple_salesforce.format import format_soql

from connectors import protocol
from connectors.errors import Fatal, NotPermitted
from connectors.http import Refused
from connectors.protocol import FieldAction, FieldChange, FieldSet
from connectors.salesforce.component import compared, component, option, value_set
from connectors.salesforce.names import field_name, permission_set, read_set
from connectors.salesforce.schema import read_schema
from connectors.salesforce.session import Session

_PER_CALL = 10  # components of one Metadata API call


class Fields:
    """The fields of one programme, and the permission set through which we see and write them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, fields: FieldSet) -> Sequence[FieldChange]:
        """What `apply` would do. A field that we cannot see may be there all the same: the Metadata API knows."""
        columns = read_schema(self._session.describe(fields.object)).columns
        names = {spec.name: field_name(fields.prefix, spec.name) for spec in fields.fields}
        unseen = [name for name in names.values() if name not in columns]
        try:
            hidden = self._hidden(fields.object, unseen)
        except NotPermitted:  # the plan is for everybody; applying it says which permission is missing
            hidden = {}
        return [compared(spec, names[spec.name], columns, hidden) for spec in fields.fields]

    def apply(self, fields: FieldSet) -> Sequence[FieldChange]:
        """Create what is missing, add options, grant all of ours, and verify. What conflicts is left as it is."""
        plan = self.plan(fields)
        if all(change.action in (FieldAction.KEEP, FieldAction.CONFLICT) for change in plan):
            return plan
        for batch in _batches([change for change in plan if change.action is FieldAction.CREATE]):
            self._create(fields.object, batch)
        for change in plan:
            if change.action is FieldAction.EXTEND:
                self._extend(fields.object, change)
        self._grant(fields, [change.api_name for change in plan if change.action is not FieldAction.CONFLICT])
        self._verify(fields)
        return plan

    def remove(self, fields: FieldSet) -> Sequence[str]:
        """Delete our permission sets, whoever holds them, then our fields with their values."""
        ours = [
            change.api_name
            for change in self.plan(fields)
            if change.action not in (FieldAction.CREATE, FieldAction.CONFLICT)
        ]
        gone: list[str] = []
        for name, _ in (permission_set(fields), read_set(fields)):
            sets = self._session.query(format_soql("SELECT Id FROM PermissionSet WHERE Name = {}", name))["records"]
            if not sets:
                continue
            held = format_soql("SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = {}", sets[0]["Id"])
            while rows := self._session.query(held)["records"]:  # a set that is assigned cannot be deleted
                for row in rows:
                    self._session.send("DELETE", f"sobjects/PermissionSetAssignment/{row['Id']}")
            self._metadata(f"delete {name}", partial(_delete, "PermissionSet", [name]))
            gone.append(name)
        for batch in _batches(ours):
            names = [f"{fields.object}.{name}" for name in batch]
            self._metadata("delete fields", partial(_delete, "CustomField", names))
            gone.extend(batch)
        return gone

    def columns(self, sobject: str) -> Sequence[protocol.Column]:
        """The fields of an object that we may see."""
        return [
            protocol.Column(
                str(field["name"]),
                str(field["label"]),
                tuple(
                    (str(option["value"]), str(option.get("label") or option["value"]))
                    for option in field.get("picklistValues") or ()
                    if option.get("active", True)
                ),
            )
            for field in self._session.describe(sobject)["fields"]
        ]

    def kinds(self, sobject: str) -> protocol.Column | None:
        """The record types of an object: by their developer names, which are the same in every sandbox, unlike ids."""
        types = [each for each in self._session.describe(sobject).get("recordTypeInfos") or () if not each["master"]]
        options = tuple((str(each["developerName"]), str(each["name"])) for each in types)
        return protocol.Column("RecordType.DeveloperName", "Record Type", options) if options else None

    def _hidden(self, sobject: str, names: Sequence[str]) -> Mapping[str, Any]:
        """The definitions of fields that exist beyond our sight, by API name."""
        found: dict[str, Any] = {}
        for batch in _batches(names):
            full_names = [f"{sobject}.{name}" for name in batch]
            answer = self._metadata("read fields", partial(_read, full_names))
            components = answer if isinstance(answer, list) else [answer]
            found |= {
                str(component.fullName).rpartition(".")[2]: component
                for component in components
                if component is not None and component.fullName
            }
        return found

    def _create(self, sobject: str, changes: Sequence[FieldChange]) -> None:
        # Upsert: sent again after a timeout, it finds its own work instead of a duplicate (SW16).
        self._metadata(
            "create fields",
            lambda mdapi: mdapi.CustomField.upsert(
                [component(mdapi, f"{sobject}.{change.api_name}", change.field) for change in changes]
            ),
        )

    def _extend(self, sobject: str, change: FieldChange) -> None:
        def act(mdapi: Any) -> None:
            there = mdapi.CustomField.read([f"{sobject}.{change.api_name}"])
            values = list(there.valueSet.valueSetDefinition.value)
            present = {str(value.fullName) for value in values}
            added = [option(mdapi, value, label) for value, label in change.field.options if value not in present]
            # Made anew: an update of what was read repeats attributes that the API answers but does not take.
            mdapi.CustomField.update(
                [
                    mdapi.CustomField(
                        fullName=there.fullName,
                        label=there.label,
                        inlineHelpText=there.inlineHelpText,
                        type=mdapi.FieldType(there.type),
                        valueSet=value_set(mdapi, [*values, *added]),
                    )
                ]
            )

        self._metadata(f"extend {change.api_name}", act)

    def _grant(self, fields: FieldSet, names: Sequence[str]) -> None:
        """Two permission sets: ours to read and edit, the reps' to read, our fields and nothing else."""

        def granting(mdapi: Any, name: str, label: str, *, editable: bool) -> Any:
            return mdapi.PermissionSet(
                fullName=name,
                label=label,
                hasActivationRequired=False,
                fieldPermissions=[
                    mdapi.PermissionSetFieldPermissions(
                        field=f"{fields.object}.{field}", readable=True, editable=editable
                    )
                    for field in names
                ],
            )

        def act(mdapi: Any) -> None:
            mdapi.PermissionSet.upsert(
                [
                    granting(mdapi, *permission_set(fields), editable=True),
                    granting(mdapi, *read_set(fields), editable=False),
                ]
            )

        self._metadata("grant fields", act)
        self._assign(permission_set(fields)[0])

    def _assign(self, name: str) -> None:
        user = self._session.user_id()
        sets = self._session.query(format_soql("SELECT Id FROM PermissionSet WHERE Name = {}", name))["records"]
        if not sets:
            raise NotPermitted(
                f"Salesforce: the permission set {name} is there but hidden; assign it to our user by hand"
            )
        set_id = sets[0]["Id"]
        assigned = self._session.query(
            format_soql(
                "SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = {} AND AssigneeId = {}", set_id, user
            )
        )["records"]
        if assigned:
            return
        try:
            self._session.post("sobjects/PermissionSetAssignment", {"AssigneeId": user, "PermissionSetId": set_id})
        except Refused as refused:
            if refused.answer.code != "DUPLICATE_VALUE":  # somebody assigned it meanwhile
                raise

    def _verify(self, fields: FieldSet) -> None:
        """Read back as ourselves: a created field stays invisible until it is granted (SW12)."""
        left = [
            change.api_name
            for change in self.plan(fields)
            if change.action not in (FieldAction.KEEP, FieldAction.CONFLICT)
        ]
        if left:
            raise NotPermitted(
                f"Salesforce: {', '.join(left)} of {fields.object} exist now but this user still cannot read and edit "
                f"them; assign the permission set «{permission_set(fields)[1]}» to it"
            )

    def _metadata(self, what: str, act: Callable[[Any], Any]) -> Any:
        def guarded(mdapi: Any) -> Any:
            try:
                return act(mdapi)
            except Exception as error:
                # simple-salesforce raises a bare Exception for refused components; everything else has a class.
                if type(error) is not Exception:
                    raise
                message = str(error).strip()
            raise _refusal(what, message)

        return self._session.metadata(what, guarded)


def _refusal(what: str, message: str) -> Fatal:
    if "INSUFFICIENT_ACCESS" in message:
        return NotPermitted(
            f"Salesforce, {what}: the integration user needs «Modify Metadata Through Metadata API Functions» and "
            f"«Customize Application» for this one command [{message}]"
        )
    return Fatal(f"Salesforce, {what}: {message}")


def _read(full_names: Sequence[str], mdapi: Any) -> Any:
    return mdapi.CustomField.read(full_names)


def _delete(kind: str, full_names: Sequence[str], mdapi: Any) -> None:
    getattr(mdapi, kind).delete(list(full_names))


def _batches(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + _PER_CALL] for start in range(0, len(items), _PER_CALL))
