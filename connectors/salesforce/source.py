"""Our fields as source files of Salesforce's own deployment tool: field definitions, permission sets, translations.

The same components that `fields apply` makes through the API, for those who deploy from a repository. Element order is
the WSDL's; every text is written by lxml, so that nothing needs escaping by hand.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lxml import etree

from connectors.protocol import FieldKind, FieldSet, FieldSpec
from connectors.salesforce.names import field_name, permission_set, read_set
from connectors.validity import room

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_MAIN = "main/default"
_NAMESPACES: dict[Any, str] = {None: NAMESPACE}  # the stubs know no default namespace

# A permission set has one description for all languages (ADR 0013).
_READERS = (
    "For those who read scores: sees the fields, edits none. / "
    "Pour celles et ceux qui lisent les notes : voit les champs, n'en modifie aucun."
)
_WRITER = (
    "For the integration user alone: reads and edits the fields, nothing else. / "
    "Pour le seul utilisateur d'intégration : lit et modifie les champs, rien d'autre."
)

Content = str | Sequence[Any]  # a text, or (element, content) pairs


def source(fields: FieldSet) -> Iterator[tuple[str, str]]:
    """Path below `force-app` and text of each component: one per field, and two permission sets."""
    for spec in fields.fields:
        name = field_name(fields.prefix, spec.name)
        yield f"{_MAIN}/objects/{fields.object}/fields/{name}.field-meta.xml", _xml("CustomField", _field(name, spec))
    sync, sync_label = permission_set(fields)
    read, read_label = read_set(fields)
    for name, label, editable, whose in (
        (read, read_label, False, _READERS),
        (sync, sync_label, True, _WRITER),
    ):
        grants: list[tuple[str, Content]] = [
            (
                "fieldPermissions",
                (
                    ("editable", _bool(value=editable)),
                    ("field", f"{fields.object}.{field_name(fields.prefix, spec.name)}"),
                    ("readable", "true"),
                ),
            )
            for spec in sorted(fields.fields, key=lambda spec: field_name(fields.prefix, spec.name))
        ]
        content: list[tuple[str, Content]] = [("description", whose), *grants]
        content += [("hasActivationRequired", "false"), ("label", label)]
        yield f"{_MAIN}/permissionsets/{name}.permissionset-meta.xml", _xml("PermissionSet", content)


def translation(fields: FieldSet, into: FieldSet, language: str) -> Iterator[tuple[str, str]]:
    """Path below the language's own folder and text: labels, help texts and picklist labels of `fields` in `into`."""
    folder = f"{_MAIN}/objectTranslations/{fields.object}-{language}"
    yield f"{folder}/{fields.object}-{language}.objectTranslation-meta.xml", _xml("CustomObjectTranslation", ())
    for spec, other in zip(fields.fields, into.fields, strict=True):
        name = field_name(fields.prefix, spec.name)
        labels = dict(other.options)
        options: list[tuple[str, Content]] = [
            ("picklistValues", (("masterLabel", label), ("translation", labels[value])))
            for value, label in spec.options
        ]
        content: list[tuple[str, Content]] = [("help", other.help), ("label", other.label), ("name", name), *options]
        yield f"{folder}/{name}.fieldTranslation-meta.xml", _xml("CustomFieldTranslation", content)


def _field(name: str, spec: FieldSpec) -> Iterable[tuple[str, Content]]:
    yield "fullName", name
    yield "inlineHelpText", spec.help
    yield "label", spec.label
    match spec.kind:
        case FieldKind.DECIMAL | FieldKind.INTEGER:
            yield "precision", "18"
            yield "scale", "2" if spec.kind is FieldKind.DECIMAL else "0"
            yield "type", "Number"
        case FieldKind.TEXT:
            yield "length", str(room(spec))
            yield "type", "Text"
        case FieldKind.LONG_TEXT:
            yield "length", str(room(spec))
            yield "type", "LongTextArea"
            yield "visibleLines", "4"
        case FieldKind.DATE:
            yield "type", "Date"
        case FieldKind.DATETIME:
            yield "type", "DateTime"
        case FieldKind.PICKLIST:
            values = [
                ("value", (("fullName", value), ("default", "false"), ("label", label)))
                for value, label in spec.options
            ]
            yield "type", "Picklist"
            yield "valueSet", (("restricted", "true"), ("valueSetDefinition", (("sorted", "false"), *values)))


def _xml(root: str, content: Iterable[tuple[str, Content]]) -> str:
    made = etree.Element(f"{{{NAMESPACE}}}{root}", nsmap=_NAMESPACES)
    _fill(made, content)
    etree.indent(made, "    ")
    text = etree.tostring(made, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _fill(parent: Any, content: Iterable[Any]) -> None:
    for name, value in content:
        child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        if isinstance(value, str):
            child.text = value
        else:
            _fill(child, value)


def _bool(*, value: bool) -> str:
    return "true" if value else "false"
