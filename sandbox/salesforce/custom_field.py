"""Custom fields as the Metadata API has them."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.salesforce.metadata import Component, Kind, refused
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject, make_field

_MAX_NAME = 40
_FIELD_TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Date": "date",
    "DateTime": "datetime",
    "Checkbox": "boolean",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "Lookup": "reference",
}
_MUST = {
    "Text": ("length",),
    "LongTextArea": ("length", "visibleLines"),
    "Number": ("precision", "scale"),
    "Currency": ("precision", "scale"),
    "Percent": ("precision", "scale"),
    "Checkbox": ("defaultValue",),
    "Picklist": ("valueSet",),
    "MultiselectPicklist": ("valueSet", "visibleLines"),
    "Lookup": ("referenceTo", "relationshipName"),
}
_ONLY = {
    "length": {"Text", "LongTextArea"},
    "visibleLines": {"LongTextArea", "MultiselectPicklist"},
    "precision": {"Number", "Currency", "Percent"},
    "scale": {"Number", "Currency", "Percent"},
    "valueSet": {"Picklist", "MultiselectPicklist"},
    "referenceTo": {"Lookup"},
    "required": set(_FIELD_TYPES) - {"Checkbox", "LongTextArea"},
    "unique": {"Text", "Number", "Email"},
    "externalId": {"Text", "Number", "Email"},
}
_LENGTHS = {"Text": (1, 255), "LongTextArea": (256, 131_072)}
_MAX_PRECISION = 18


def _locate(org: Org, full_name: str) -> tuple[SObject, Field] | None:
    sobject = org.schema.find(full_name.partition(".")[0])
    found = sobject.by_lower.get(full_name.partition(".")[2].lower()) if sobject else None
    return (sobject, found) if sobject and found and found.custom else None


def _prepare_field(org: Org, component: Component) -> Callable[[], None]:
    parent, _, name = str(component.get("fullName") or "").partition(".")
    sobject = org.schema.find(parent)
    if sobject is None:
        raise refused("INVALID_CROSS_REFERENCE_KEY", f"In field: CustomObject - no CustomObject named {parent} found")
    new = _field(org, name, component)
    old = sobject.fields.get(name)
    if old is not None and old.type != new.type:  # SW13: a field of the same name and another type is not ours to alter
        raise refused("FIELD_INTEGRITY_EXCEPTION", f"Cannot change the type of {name} from {old.type} to {new.type}")
    return lambda: org.add_field(sobject, new)


def _field(org: Org, name: str, component: Component) -> Field:
    kind = str(component.get("type") or "")
    _check_field(name, kind, component)
    spec: dict[str, Any] = {
        "label": component["label"],
        "help": component.get("inlineHelpText"),
        "description": component.get("description"),
        "required": component.get("required") == "true",
        "unique": component.get("unique") == "true",
        "external_id": component.get("externalId") == "true",
    }
    if kind in _LENGTHS:
        spec["length"] = _bounded(component, "length", kind, *_LENGTHS[kind])
    elif kind == "TextArea":
        spec["length"] = 255
    if kind in _ONLY["precision"]:
        spec["precision"] = _bounded(component, "precision", kind, 1, _MAX_PRECISION)
        spec["scale"] = _bounded(component, "scale", kind, 0, spec["precision"])
    if kind == "Checkbox":
        spec["default"] = component["defaultValue"] == "true"
    if kind in _ONLY["valueSet"]:
        spec |= _value_set(component["valueSet"])
    if kind == "Lookup":
        spec |= _lookup(org, component)
    return make_field(name, type=_FIELD_TYPES[kind], **spec)


def _check_field(name: str, kind: str, component: Component) -> None:
    if kind not in _FIELD_TYPES:
        raise refused("FIELD_INTEGRITY_EXCEPTION", f"Unsupported CustomField type: {kind or 'none given'}")
    if re.fullmatch(r"[A-Za-z](_?[A-Za-z0-9])*__c", name) is None:
        message = f"Invalid fullName {name}: a custom field name has letters, digits and single underscores, then __c"
        raise refused("FIELD_INTEGRITY_EXCEPTION", message)
    if len(name) - len("__c") > _MAX_NAME:
        raise refused("STRING_TOO_LONG", f"Name: data value too large: {name} (max length={_MAX_NAME})", "Name")
    if not component.get("label"):
        raise refused("FIELD_INTEGRITY_EXCEPTION", "Must specify a non-empty label for the CustomField")
    for option in _MUST.get(kind, ()):
        if component.get(option) is None:
            raise refused("FIELD_INTEGRITY_EXCEPTION", f"Must specify '{option}' for a CustomField of type {kind}")
    for option, kinds in _ONLY.items():
        if component.get(option) is not None and kind not in kinds:
            raise refused("FIELD_INTEGRITY_EXCEPTION", f"Can not specify '{option}' for a CustomField of type {kind}")


def _lookup(org: Org, component: Component) -> dict[str, Any]:
    target = org.schema.find(str(component["referenceTo"]))
    if target is None:
        message = f"referenceTo value of '{component['referenceTo']}' does not resolve to a valid sObject type"
        raise refused("FIELD_INTEGRITY_EXCEPTION", message)
    return {"refers_to": [target.name], "children": f"{component['relationshipName']}__r"}


def _bounded(component: Component, option: str, kind: str, least: int, most: int) -> int:
    given = str(component[option])
    number = int(given) if given.isdigit() else -1
    if not least <= number <= most:
        message = f"{option} of a CustomField of type {kind} must be between {least} and {most}, not {given}"
        raise refused("FIELD_INTEGRITY_EXCEPTION", message)
    return number


def _value_set(value_set: Component) -> dict[str, Any]:
    values = value_set.get("valueSetDefinition", {}).get("value", [])
    if not values:
        raise refused("FIELD_INTEGRITY_EXCEPTION", "Must specify at least one value for a picklist")
    names = [str(value.get("fullName") or "") for value in values]
    if len({name.lower() for name in names}) != len(names):
        raise refused("DUPLICATE_VALUE", "Duplicate label or value in the picklist")
    default = next((value["fullName"] for value in values if value.get("default") == "true"), None)
    return {
        "values": names,
        "labels": [str(value.get("label") or value["fullName"]) for value in values],
        "restricted": value_set.get("restricted") == "true",
        "default": default,
        "defaulted": default is not None,
    }


def _read_field(org: Org, name: str) -> Component:
    located = _locate(org, name)
    if located is None:
        raise AssertionError("asked for a field that was just found")
    sobject, found = located
    kinds = [kind for kind, of in _FIELD_TYPES.items() if of == found.type]
    kind = kinds[0] if found.type != "textarea" else "LongTextArea" if found.long_text else "TextArea"
    component: Component = {
        "fullName": f"{sobject.name}.{found.name}",
        "description": found.description,
        "externalId": str(found.external_id).lower(),
        "inlineHelpText": found.help,
        "label": found.label,
        "type": kind,
    }
    if kind in _LENGTHS:
        component["length"] = found.length
    if kind in _ONLY["precision"]:
        component |= {"precision": found.precision, "scale": found.scale}
    if kind in _ONLY["required"]:
        component["required"] = str(found.required).lower()
    if kind in _ONLY["unique"]:
        component["unique"] = str(found.unique).lower()
    if kind == "LongTextArea":
        component["visibleLines"] = 3
    if kind == "Checkbox":
        component["defaultValue"] = str(bool(found.default)).lower()
    if kind == "Lookup":
        relationship = (found.children or "").removesuffix("__r")
        component |= {"referenceTo": found.refers_to[0], "relationshipName": relationship}
    if kind in _ONLY["valueSet"]:
        labels = found.labels or found.values
        component["valueSet"] = {
            "restricted": str(found.restricted).lower(),
            "valueSetDefinition": {
                "sorted": "false",
                "value": [
                    {"fullName": value, "default": str(value == found.default).lower(), "label": label}
                    for value, label in zip(found.values, labels, strict=True)
                ],
            },
        }
    return component


def _delete_field(org: Org, name: str) -> None:
    located = _locate(org, name)
    if located is None:
        raise refused("INVALID_CROSS_REFERENCE_KEY", FIELD.missing)
    org.remove_field(located[0], located[1].name)


def _field_names(org: Org) -> list[str]:
    objects = org.schema.objects.values()
    return [f"{sobject.name}.{found.name}" for sobject in objects for found in sobject.fields.values() if found.custom]


FIELD = Kind(
    exists=lambda org, name: _locate(org, name) is not None,
    prepare=_prepare_field,
    read=_read_field,
    delete=_delete_field,
    names=_field_names,
    missing="This custom field does not exist or is not accessible",
)
