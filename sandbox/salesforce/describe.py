"""Describe: what an object and its fields are, to one user. The keys are those of recorded describes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.salesforce.access import CREATE, DELETE, EDIT, Access
from sandbox.salesforce.schema import Field, Schema, SObject

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
_NOT_GROUPABLE = frozenset({"datetime", "double", "currency", "percent", "combobox", "multipicklist", "address"})
# What every object has, and all that one without record types has.
_MASTER: Mapping[str, Any] = {"Id": "012000000000000AAA", "DeveloperName": "Master", "Name": "Master", "IsActive": True}
_BYTES_PER_CHARACTER = 3
_INT_DIGITS = 8


def describe_global(access: Access, base: str) -> dict[str, Any]:
    """Every object the user can see."""
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [summary(found, access, base) for found in access.sobjects()],
    }


def summary(sobject: SObject, access: Access, base: str) -> dict[str, Any]:
    """An object in one entry, as the global describe has it."""
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": sobject.createable and access.may(CREATE, sobject),
        "custom": sobject.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": sobject.deletable and access.may(DELETE, sobject),
        "deprecatedAndHidden": False,
        "feedEnabled": False,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": not sobject.setup,
        "mergeable": sobject.mergeable,
        "mruEnabled": not sobject.setup,
        "name": sobject.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": not sobject.setup,
        "triggerable": not sobject.setup,
        "undeletable": sobject.undeletable,
        "updateable": sobject.updateable and access.may(EDIT, sobject),
        "urls": {
            "rowTemplate": f"{base}/sobjects/{sobject.name}/{{ID}}",
            "describe": f"{base}/sobjects/{sobject.name}/describe",
            "layouts": f"{base}/sobjects/{sobject.name}/describe/layouts",
            "sobject": f"{base}/sobjects/{sobject.name}",
        },
    }


def describe(
    sobject: SObject, schema: Schema, access: Access, base: str, record_types: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """An object in full. A field the user cannot read is absent; `updateable` heeds field-level security."""
    return summary(sobject, access, base) | {
        "actionOverrides": [],
        "childRelationships": _children(sobject, schema, access),
        "compactLayoutable": not sobject.setup,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [describe_field(sobject, found, access) for found in access.fields(sobject).values()],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [_record_type(row, sobject, base) for row in (*record_types, _MASTER)],
        "searchLayoutable": not sobject.setup,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {sobject.plural.lower()}", "name": "everything"}],
    }


def _record_type(row: Mapping[str, Any], sobject: SObject, base: str) -> dict[str, Any]:
    master = row is _MASTER
    return {
        "active": row["IsActive"],
        "available": row["IsActive"],
        "defaultRecordTypeMapping": master,
        "developerName": row["DeveloperName"],
        "master": master,
        "name": row["Name"],
        "recordTypeId": row["Id"],
        "urls": {"layout": f"{base}/sobjects/{sobject.name}/describe/layouts/{row['Id']}"},
    }


def _children(sobject: SObject, schema: Schema, access: Access) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": link.cascade,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": link.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": link.children,
            "restrictedDelete": False,
        }
        for child, link in schema.children(sobject.name)
        if access.sobject(child.name) is child and link.name.lower() in access.fields(child)
    ]


def describe_field(sobject: SObject, found: Field, access: Access) -> dict[str, Any]:
    """A field, in the order of keys the service keeps."""
    editable = access.editable(sobject, found)
    polymorphic = len(found.refers_to) > 1
    filterable = not found.long_text
    return {
        "aggregatable": found.type not in {"boolean", "multipicklist", "address"} and filterable,
        "aiPredictionField": False,
        "autoNumber": found.auto_number is not None,
        "byteLength": _byte_length(found),
        "calculated": False,
        "calculatedFormula": None,
        "cascadeDelete": found.cascade and found.custom,
        "caseSensitive": False,
        "compoundFieldName": found.compound,
        "controllerName": None,
        "createable": found.createable and editable,
        "custom": found.custom,
        "defaultValue": found.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": found.defaulted,
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": _INT_DIGITS if found.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": found.external_id,
        "extraTypeInfo": _extra(found),
        "filterable": filterable,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": found.type not in _NOT_GROUPABLE and filterable and found.auto_number is None,
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": found.type == "id" or found.id_lookup or found.external_id,
        "inlineHelpText": found.help,
        "label": found.label,
        "length": found.length,
        "mask": None,
        "maskType": None,
        "name": found.name,
        "nameField": found.name_field,
        "namePointing": polymorphic,
        "nillable": _nillable(found),
        "permissionable": found.permissionable,
        "picklistValues": _picklist(found),
        "polymorphicForeignKey": polymorphic,
        "precision": found.precision,
        "queryByDistance": found.type == "address",
        "referenceTargetField": None,
        "referenceTo": list(found.refers_to),
        "relationshipName": found.relationship,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": found.restricted,
        "scale": found.scale,
        "searchPrefilterable": found.type == "reference" and not polymorphic,
        "soapType": _SOAP.get(found.type, "xsd:string"),
        "sortable": filterable and found.type not in {"multipicklist", "address"},
        "type": found.type,
        "unique": found.unique,
        "updateable": found.updateable and editable,
        "writeRequiresMasterRead": False,
    }


def _byte_length(found: Field) -> int:
    if found.type in {"id", "reference", "multipicklist"}:
        return found.length
    return found.length * _BYTES_PER_CHARACTER


def _nillable(found: Field) -> bool:
    if found.required or found.type in {"id", "boolean"} or found.name == "OwnerId":
        return False
    # What the service itself fills in, in every row.
    return not (
        found.name.startswith(("Created", "LastModified", "System")) or (found.name_field and not found.createable)
    )


def _extra(found: Field) -> str | None:
    if found.type == "textarea":
        return "plaintextarea"
    return "personname" if found.compound == "Name" else None


def _picklist(found: Field) -> list[dict[str, Any]]:
    labels = found.labels or found.values
    return [
        {"active": True, "defaultValue": value == found.default, "label": label, "validFor": None, "value": value}
        for value, label in zip(found.values, labels, strict=True)
    ]
