"""Our own properties in HubSpot: planned, created, and read back (HW08)."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.errors import NotPermitted
from connectors.http import Refused
from connectors.hubspot.names import group_name, property_name
from connectors.hubspot.session import Session
from connectors.protocol import Column, FieldAction, FieldChange, FieldKind, FieldSet, FieldSpec

_CONFLICT = 409
# Where a record says which pipeline it is in.
_PIPELINES = {"deals": "pipeline", "tickets": "hs_pipeline"}
# type, form field
_TYPES = {
    FieldKind.DECIMAL: ("number", "number"),
    FieldKind.INTEGER: ("number", "number"),
    FieldKind.PICKLIST: ("enumeration", "select"),
    FieldKind.TEXT: ("string", "text"),
    FieldKind.LONG_TEXT: ("string", "textarea"),
    FieldKind.DATE: ("date", "date"),
    FieldKind.DATETIME: ("datetime", "date"),
}


class Fields:
    """The properties of one programme, in a group of their own."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, fields: FieldSet) -> Sequence[FieldChange]:
        """What `apply` would do."""
        known = self._known(fields.object)
        return [_change(spec, property_name(fields.prefix, spec.name), known) for spec in fields.fields]

    def apply(self, fields: FieldSet) -> Sequence[FieldChange]:
        """Create the group and what is missing in it, add options, and verify. What conflicts is left as it is."""
        plan = self.plan(fields)
        if all(change.action in (FieldAction.KEEP, FieldAction.CONFLICT) for change in plan):
            return plan
        group = group_name(fields.prefix)
        self._group(fields.object, group, fields.label)
        for change in plan:
            if change.action is FieldAction.CREATE:
                self._create(fields.object, group, change)
            elif change.action is FieldAction.EXTEND:
                self._extend(fields.object, change)
        self._verify(fields)
        return plan

    def remove(self, fields: FieldSet) -> Sequence[str]:
        """Archive our properties, then the group if nothing is left in it."""
        gone = [
            change.api_name
            for change in self.plan(fields)
            if change.action not in (FieldAction.CREATE, FieldAction.CONFLICT)
        ]
        for name in gone:
            self._session.properties.archive(fields.object, name)
        group = group_name(fields.prefix)
        there = any(each["name"] == group for each in self._session.groups.get_all(fields.object)["results"])
        if there and not any(each.get("groupName") == group for each in self._known(fields.object).values()):
            self._session.groups.archive(fields.object, group)
            gone.append(group)
        return gone

    def columns(self, object_: str) -> Sequence[Column]:
        """The properties of an object."""
        return [
            Column(
                name,
                str(one.get("label") or name),
                tuple((str(option["value"]), str(option["label"])) for option in one.get("options") or ()),
            )
            for name, one in self._known(object_).items()
        ]

    def kinds(self, object_: str) -> Column | None:
        """The pipelines of deals or tickets."""
        name = _PIPELINES.get(object_)
        if name is None:
            return None
        found = self._session.pipelines.get_all(object_)["results"]
        options = tuple((str(each["id"]), str(each["label"])) for each in found if not each.get("archived"))
        return Column(name, "Pipeline", options) if options else None

    def _known(self, object_: str) -> Mapping[str, Mapping[str, Any]]:
        return {str(one["name"]): one for one in self._session.properties.get_all(object_)["results"]}

    def _group(self, object_: str, name: str, label: str) -> None:
        groups = self._session.groups.get_all(object_)["results"]
        if any(group["name"] == name for group in groups):
            return
        try:
            self._session.groups.create(object_, {"name": name, "label": label})
        except Refused as refused:
            if refused.answer.status != _CONFLICT:  # somebody made it meanwhile
                raise

    def _create(self, object_: str, group: str, change: FieldChange) -> None:
        spec = change.field
        kind, form = _TYPES[spec.kind]
        body = {
            "name": change.api_name,
            "label": spec.label,
            "description": spec.help,
            "groupName": group,
            "type": kind,
            "fieldType": form,
        }
        options = [_option(value, label, place) for place, (value, label) in enumerate(spec.options)]
        try:
            self._session.properties.create(object_, body | ({"options": options} if options else {}))
        except Refused as refused:
            if refused.answer.status != _CONFLICT:  # there meanwhile; what it is, the verification says
                raise

    def _extend(self, object_: str, change: FieldChange) -> None:
        present = list(self._known(object_)[change.api_name].get("options") or ())
        values = {str(option["value"]) for option in present}
        added = [
            _option(value, label, len(present) + place)
            for place, (value, label) in enumerate(change.field.options)
            if value not in values
        ]
        self._session.properties.update(object_, change.api_name, {"options": [*present, *added]})

    def _verify(self, fields: FieldSet) -> None:
        left = [
            change.api_name
            for change in self.plan(fields)
            if change.action not in (FieldAction.KEEP, FieldAction.CONFLICT)
        ]
        if left:
            raise NotPermitted(
                f"HubSpot: {', '.join(left)} of {fields.object} were created but do not show; "
                "look at them in Settings > Properties, and run `bonus-malus fields apply` again"
            )


def _change(spec: FieldSpec, name: str, known: Mapping[str, Mapping[str, Any]]) -> FieldChange:
    kind, form = _TYPES[spec.kind]
    if name not in known:
        return FieldChange(spec, name, FieldAction.CREATE, "it is not there")
    there = known[name]
    if (there["type"], there.get("fieldType", form)) != (kind, form):
        why = f"it is of type {there['type']} ({there.get('fieldType')}), not {kind} ({form})"
        return FieldChange(spec, name, FieldAction.CONFLICT, why)
    values = {str(option["value"]) for option in there.get("options") or ()}
    if missing := [value for value, _ in spec.options if value not in values]:
        return FieldChange(spec, name, FieldAction.EXTEND, f"options missing: {', '.join(missing)}")
    return FieldChange(spec, name, FieldAction.KEEP)


def _option(value: str, label: str, place: int) -> dict[str, Any]:
    return {"value": value, "label": label, "displayOrder": place, "hidden": False}
