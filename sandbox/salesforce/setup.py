"""The Setup area as queries see it: rules and automations of administrators, and what the asking user may do."""

import re
from collections.abc import Callable, Iterator

from sandbox.salesforce.access import User
from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.org import Org
from sandbox.salesforce.rules import Duplicates, Flow, Trigger, Validation
from sandbox.salesforce.table import Row

_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_TOOLING = "ValidationRule"
_PERMISSIONS = "UserPermissionAccess"


def refresh(org: Org, user: User, text: str, *, tooling: bool) -> None:
    """Make the rows that a query of the Setup area is about. Raises `Refusal` for an object of the other API."""
    found = _FROM.search(text)
    sobject = org.schema.find(found[1]) if found else None
    if sobject is None or sobject.name not in _ROWS:
        return
    if tooling is not (sobject.name == _TOOLING):
        raise Refusal(400, "INVALID_TYPE", f"sObject type '{sobject.name}' is not supported.")
    table = org.records.tables[sobject.name]
    table.rows.clear()
    for number, values in enumerate(_ROWS[sobject.name](org, user), 1):
        table.keep({"Id": f"{sobject.prefix}{number:012d}AAA"} | values)


def _validations(org: Org, _user: User) -> Iterator[Row]:
    for rule in org.rules:
        if isinstance(rule, Validation):
            name = f"{rule.field.removesuffix('__c')}_Check"
            yield {"ValidationName": name, "ErrorMessage": rule.message} | _on(
                "EntityDefinitionId", rule.object, "Active"
            )


def _duplicates(org: Org, _user: User) -> Iterator[Row]:
    for rule in org.rules:
        if isinstance(rule, Duplicates):
            yield {"MasterLabel": f"{rule.object} with the same {rule.field}"} | _on(
                "SobjectType", rule.object, "IsActive"
            )


def _triggers(org: Org, _user: User) -> Iterator[Row]:
    for rule in org.rules:
        if isinstance(rule, Trigger):
            yield {"Name": f"{rule.object}Trigger", "TableEnumOrId": rule.object, "Status": "Active"}


def _flows(org: Org, _user: User) -> Iterator[Row]:
    for rule in org.rules:
        if isinstance(rule, Flow):
            yield {"Label": rule.label} | _on("TriggerObjectOrEventId", rule.object, "IsActive")


def _permissions(org: Org, user: User) -> Iterator[Row]:
    fields = org.schema.objects[_PERMISSIONS].fields
    prefix = "Permissions"
    yield {name: name.removeprefix(prefix) in user.permissions for name in fields if name.startswith(prefix)}


def _on(key: str, sobject: str, flag: str) -> Row:
    return {key: sobject, flag: True}


_ROWS: dict[str, Callable[[Org, User], Iterator[Row]]] = {
    _TOOLING: _validations,
    "DuplicateRule": _duplicates,
    "ApexTrigger": _triggers,
    "FlowDefinitionView": _flows,
    _PERMISSIONS: _permissions,
}
