"""One of our fields as the Metadata API has it: compared with what is there, and made (SW11)."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.protocol import FieldAction, FieldChange, FieldKind, FieldSpec
from connectors.salesforce.schema import Column
from connectors.validity import room

_PRECISION = 18
_VISIBLE_LINES = 4
# Metadata API type, describe type, decimals
_TYPES = {
    FieldKind.DECIMAL: ("Number", "double", 2),
    FieldKind.INTEGER: ("Number", "double", 0),
    FieldKind.PICKLIST: ("Picklist", "picklist", None),
    FieldKind.TEXT: ("Text", "string", None),
    FieldKind.LONG_TEXT: ("LongTextArea", "textarea", None),
    FieldKind.DATE: ("Date", "date", None),
    FieldKind.DATETIME: ("DateTime", "datetime", None),
}
_TEXTS = (FieldKind.TEXT, FieldKind.LONG_TEXT)


def compared(spec: FieldSpec, api_name: str, columns: Mapping[str, Column], hidden: Mapping[str, Any]) -> FieldChange:
    """What is to be done about a field: `columns` are those that we see, `hidden` the definitions of others."""
    column = columns.get(api_name)
    if column:
        return FieldChange(spec, api_name, *_seen(spec, column))
    if api_name not in hidden:
        return FieldChange(spec, api_name, FieldAction.CREATE, "it is not there")
    if why := _hidden_conflict(spec, hidden[api_name]):
        return FieldChange(spec, api_name, FieldAction.CONFLICT, why)
    return FieldChange(spec, api_name, FieldAction.GRANT, "it is there, but this user cannot see it")


def _seen(spec: FieldSpec, column: Column) -> tuple[FieldAction, str]:
    if why := _conflict(spec, column):
        return FieldAction.CONFLICT, why
    if missing := [value for value, _ in spec.options if value not in column.options]:
        return FieldAction.EXTEND, f"options missing: {', '.join(missing)}"
    if not column.updateable:
        return FieldAction.GRANT, "this user can read it, but not edit it"
    return FieldAction.KEEP, ""


def _conflict(spec: FieldSpec, column: Column) -> str:
    """Why the field that is there cannot hold our values (SW11); empty if it can."""
    _, kind, decimals = _TYPES[spec.kind]
    if column.type != kind:
        return f"it is of type {column.type}, not {kind}"
    if decimals is not None and column.scale != decimals:
        return f"it has {column.scale} decimals, not {decimals}"
    if spec.kind in _TEXTS and column.length < room(spec):
        return f"it holds {column.length} characters, not {room(spec)}"
    return ""


def _hidden_conflict(spec: FieldSpec, component: Any) -> str:
    kind, _, decimals = _TYPES[spec.kind]
    if component.type != kind:
        return f"it is of type {component.type}, not {kind}"
    if decimals is not None and int(component.scale or 0) != decimals:
        return f"it has {component.scale} decimals, not {decimals}"
    if spec.kind in _TEXTS and int(component.length or 0) < room(spec):
        return f"it holds {component.length} characters, not {room(spec)}"
    return ""


def component(mdapi: Any, full_name: str, spec: FieldSpec) -> Any:
    """A field to be created."""
    kind, _, decimals = _TYPES[spec.kind]
    own: dict[str, Any] = {}
    if decimals is not None:
        own |= {"precision": _PRECISION, "scale": decimals}
    if spec.kind in _TEXTS:
        own["length"] = room(spec)
    if spec.kind is FieldKind.LONG_TEXT:
        own["visibleLines"] = _VISIBLE_LINES
    if spec.kind is FieldKind.PICKLIST:
        values = [option(mdapi, value, label) for value, label in spec.options]
        own["valueSet"] = value_set(mdapi, values)
    return mdapi.CustomField(
        fullName=full_name, label=spec.label, inlineHelpText=spec.help or None, type=mdapi.FieldType(kind), **own
    )


def value_set(mdapi: Any, values: Sequence[Any]) -> Any:
    """The options of a picklist, and no others."""
    definition = mdapi.ValueSetValuesDefinition(sorted=False, value=values)
    return mdapi.ValueSet(restricted=True, valueSetDefinition=definition)


def option(mdapi: Any, value: str, label: str) -> Any:
    """One option of a picklist."""
    return mdapi.CustomValue(fullName=value, label=label, default=False)
