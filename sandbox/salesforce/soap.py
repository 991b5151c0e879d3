"""The Metadata API over SOAP: envelopes in, envelopes out, as metadata.wsdl has them."""

from collections.abc import Awaitable, Callable
from typing import Any

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.custom_field import FIELD
from sandbox.salesforce.errors import Refusal, RowError, RowRefusal
from sandbox.salesforce.http import VERSIONS, sign_in, spend
from sandbox.salesforce.metadata import Component, Kind, save
from sandbox.salesforce.moment import stamp
from sandbox.salesforce.org import Org
from sandbox.salesforce.permission_set import PERMISSION_SET

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MD = "http://soap.sforce.com/2006/04/metadata"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
MAX_COMPONENTS = 10
KINDS = {"CustomField": FIELD, "PermissionSet": PERMISSION_SET}
# Elements the WSDL lets repeat: always read as lists.
_LISTS = frozenset({"fieldPermissions", "objectPermissions", "value"})
_ROLLED_BACK = RowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Rolled back because another component failed")
# lxml-stubs know no default namespace.
_DEFAULT: Any = {None: MD}
Result = dict[str, Any]


def metadata_endpoint(org: Org) -> Callable[[Request], Awaitable[Response]]:
    """POST /services/Soap/m/XX.X, for one org."""

    async def endpoint(request: Request) -> Response:
        try:
            envelope = etree.fromstring(await request.body(), etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError:
            return _fault("soapenv:Client", "The request could not be read as XML")
        try:
            return _answer(_serve(org, envelope, str(request.path_params["version"])))
        except Refusal as refused:
            return _fault(f"sf:{refused.code}", f"{refused.code}: {refused.message}")

    return endpoint


def _serve(org: Org, envelope: etree._Element, version: str) -> etree._Element:
    token = envelope.findtext(f"{{{SOAP}}}Header/{{{MD}}}SessionHeader/{{{MD}}}sessionId", "")
    if org.sessions.check(token) is None:
        message = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found"
        raise Refusal(500, "INVALID_SESSION_ID", message)
    user = sign_in(org, token)
    spend(org)
    if version not in VERSIONS:
        raise Refusal(500, "UNSUPPORTED_API_VERSION", f"Invalid Api version specified on URL: {version}")
    if not user.permissions & {"ModifyMetadata", "ModifyAllData"}:
        message = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
        raise Refusal(500, "INSUFFICIENT_ACCESS", message)
    body = envelope.find(f"{{{SOAP}}}Body")
    call = next(iter(body), None) if body is not None else None
    operation = etree.QName(call).localname if call is not None else ""
    handler = _OPERATIONS.get(operation)
    if call is None or handler is None:
        raise Refusal(500, "INVALID_OPERATION", f"No operation available for request {operation}")
    all_or_none = envelope.findtext(f"{{{SOAP}}}Header/{{{MD}}}AllOrNoneHeader/{{{MD}}}allOrNone") == "true"
    response = etree.Element(f"{{{MD}}}{operation}Response", nsmap=_DEFAULT)
    for result in handler(org, call, all_or_none):
        _write(response, "result", result)
    return response


# Operations: each yields the `result` elements of its response


def _create(org: Org, call: etree._Element, all_or_none: bool) -> list[Result]:  # noqa: FBT001 - one signature for all
    return _save(org, call, create=True, update=False, all_or_none=all_or_none)


def _update(org: Org, call: etree._Element, all_or_none: bool) -> list[Result]:  # noqa: FBT001 - as above
    return _save(org, call, create=False, update=True, all_or_none=all_or_none)


def _upsert(org: Org, call: etree._Element, all_or_none: bool) -> list[Result]:  # noqa: FBT001 - as above
    return _save(org, call, create=True, update=True, all_or_none=all_or_none)


def _save(org: Org, call: etree._Element, *, create: bool, update: bool, all_or_none: bool) -> list[Result]:
    elements = _limited(call.findall(f"{{{MD}}}metadata"))
    types = {(element.get(f"{{{XSI}}}type") or "").rpartition(":")[2] for element in elements}
    if len(types) > 1:
        raise Refusal(500, "INVALID_TYPE", "a call takes components of one type only")
    kind = _kind(next(iter(types), ""))
    results: list[Result] = []
    waiting: list[Callable[[], None]] = []
    seen: set[str] = set()
    for element in elements:
        component = _read(element)
        name = str(component.get("fullName") or "")
        try:
            if name in seen:
                raise RowRefusal(RowError("DUPLICATE_VALUE", f"{name} is in this call twice"))  # noqa: TRY301 - joins the others
            seen.add(name)
            new, apply = save(org, kind, component, create=create, update=update)
        except RowRefusal as refused:
            results.append(_failed(name, refused.error, upsert=create and update))
            continue
        waiting.append(apply)
        results.append(_done(name, new, upsert=create and update))
    if all_or_none and len(waiting) < len(elements):
        return [
            _failed(result["fullName"], _ROLLED_BACK, upsert=create and update)
            if result["success"] == "true"
            else result
            for result in results
        ]
    for apply in waiting:
        apply()
    return results


def _read_metadata(org: Org, call: etree._Element, _all_or_none: bool) -> list[Result]:  # noqa: FBT001 - as above
    name = call.findtext(f"{{{MD}}}type", "")
    kind = _kind(name)
    names = [element.text or "" for element in _limited(call.findall(f"{{{MD}}}fullNames"))]
    found = [kind.read(org, full) if kind.exists(org, full) else None for full in names]
    # One `result` with a record for each name, null where there is no such component.
    return [{"records": [None if one is None else {"xsi:type": name} | one for one in found]}]


def _delete(org: Org, call: etree._Element, _all_or_none: bool) -> list[Result]:  # noqa: FBT001 - as above
    kind = _kind(call.findtext(f"{{{MD}}}type", ""))
    results: list[Result] = []
    for element in _limited(call.findall(f"{{{MD}}}fullNames")):
        name = element.text or ""
        try:
            kind.delete(org, name)
        except RowRefusal as refused:
            results.append(_failed(name, refused.error, upsert=False))
        else:
            results.append({"fullName": name, "success": "true"})
    return results


def _describe(_org: Org, _call: etree._Element, _all_or_none: bool) -> list[Result]:  # noqa: FBT001 - as above
    shared = {"inFolder": "false", "metaFile": "false"}
    return [
        {
            "metadataObjects": [
                {
                    "childXmlNames": ["CustomField"],
                    "directoryName": "objects",
                    "suffix": "object",
                    "xmlName": "CustomObject",
                }
                | shared,
                {"directoryName": "permissionsets", "suffix": "permissionset", "xmlName": "PermissionSet"} | shared,
            ],
            "organizationNamespace": "",
            "partialSaveAllowed": "true",
            "testRequired": "false",
        }
    ]


def _list(org: Org, call: etree._Element, _all_or_none: bool) -> list[Result]:  # noqa: FBT001 - as above
    results: list[Result] = []
    for query in call.findall(f"{{{MD}}}queries"):
        name = query.findtext(f"{{{MD}}}type", "")
        for full in _kind(name).names(org):
            held = org.permission_sets.get(full) if name == "PermissionSet" else None
            by = {"Id": org.admin.id, "Name": org.get("User", org.admin.id)["Name"]}
            results.append(
                {f"createdBy{key}": value for key, value in by.items()}
                | {f"lastModifiedBy{key}": value for key, value in by.items()}
                | {
                    "createdDate": stamp(org.clock.now()).replace("+0000", "Z"),
                    "lastModifiedDate": stamp(org.clock.now()).replace("+0000", "Z"),
                    "fileName": f"permissionsets/{full}.permissionset"
                    if held
                    else f"objects/{full.split('.')[0]}.object",
                    "fullName": full,
                    "id": held.id if held else "",
                    "type": name,
                }
            )
    return results


_OPERATIONS: dict[str, Callable[[Org, etree._Element, bool], list[Result]]] = {
    "createMetadata": _create,
    "updateMetadata": _update,
    "upsertMetadata": _upsert,
    "readMetadata": _read_metadata,
    "deleteMetadata": _delete,
    "describeMetadata": _describe,
    "listMetadata": _list,
}


def _kind(name: str) -> Kind:
    found = KINDS.get(name)
    if found is None:
        raise Refusal(500, "INVALID_TYPE", f"This type of metadata is not available for this organization: {name}")
    return found


def _limited(elements: list[etree._Element]) -> list[etree._Element]:
    if len(elements) > MAX_COMPONENTS:
        message = f"record limit reached. cannot submit more than {MAX_COMPONENTS} records in this operation"
        raise Refusal(500, "EXCEEDED_ID_LIMIT", message)
    return elements


def _done(name: str, new: bool, *, upsert: bool) -> Result:  # noqa: FBT001 - the one thing the result says
    result = {"fullName": name, "success": "true"}
    return {"created": str(new).lower()} | result if upsert else result


def _failed(name: str, error: RowError, *, upsert: bool) -> Result:
    detail: Result = {"message": error.message, "statusCode": error.code}
    if error.fields:
        detail["fields"] = list(error.fields)
    result: Result = {"errors": [detail], "fullName": name, "success": "false"}
    return {"created": "false"} | result if upsert else result


# XML


def _read(element: etree._Element) -> Component:
    """An element's children as values: text, or a dict where there are children of their own."""
    found: Component = {}
    for child in element:
        if not isinstance(child.tag, str) or child.get(f"{{{XSI}}}nil") == "true":
            continue
        name = etree.QName(child).localname
        value = _read(child) if len(child) else (child.text or "").strip()
        if name in _LISTS:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    return found


def _write(parent: etree._Element, name: str, value: Any) -> None:
    """A value as elements: the full name first, the others by their names, as the WSDL orders them."""
    if isinstance(value, list):
        for one in value:
            _write_one(parent, name, one)
    elif value is not None:
        _write_one(parent, name, value)


def _write_one(parent: etree._Element, name: str, value: Any) -> None:
    element = etree.SubElement(parent, f"{{{MD}}}{name}")
    if value is None:
        element.set(f"{{{XSI}}}nil", "true")
    elif isinstance(value, dict):
        if "xsi:type" in value:
            element.set(f"{{{XSI}}}type", value["xsi:type"])
        first = {"fullName": value["fullName"]} if value.get("xsi:type") or "default" in value else {}
        rest = {key: value[key] for key in sorted(value) if key not in first and key != "xsi:type"}
        for key, part in (first | rest).items():
            _write(element, key, part)
    else:
        element.text = str(value)


def _envelope(content: etree._Element, **prefixes: str) -> bytes:
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soapenv": SOAP, "xsi": XSI} | prefixes)
    etree.SubElement(envelope, f"{{{SOAP}}}Body").append(content)
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


def _answer(response: etree._Element) -> Response:
    return Response(_envelope(response), media_type="text/xml;charset=UTF-8")


def _fault(code: str, message: str) -> Response:
    fault = etree.Element(f"{{{SOAP}}}Fault")
    etree.SubElement(fault, "faultcode").text = code
    # What was sent may be repeated here, and not all of it can stand in XML.
    etree.SubElement(fault, "faultstring").text = "".join(each if each.isprintable() else " " for each in message)
    return Response(_envelope(fault, sf=MD), 500, media_type="text/xml;charset=UTF-8")
