"""What an administrator wants to know before the first write: who we are there, and what would refuse or watch us.

Nothing here is asked by a sync. What this user may not see is said as such: a rule that is hidden is not a rule that is
absent.
"""

from collections.abc import Iterator, Sequence

from simple_salesforce.format import format_soql

from connectors.errors import NotPermitted
from connectors.findings import clock, quota
from connectors.http import Refused
from connectors.protocol import FieldSet, Finding, Level, ObjectQuery
from connectors.salesforce.session import Session
from connectors.salesforce.settings import Settings

_READ_PAGE, _WRITE_PAGE = 2000, 200
_SUPPORTED = 9  # releases: Salesforce keeps a version for at least three years, three releases each
# What each permission is for; the second half is needed for `fields apply` and `fields remove` alone.
_PERMISSIONS = {
    "ApiEnabled": ("every call", Level.FAIL),
    "ViewSetup": ("seeing rules and automations here", Level.WARN),
    "ModifyMetadata": ("fields apply and remove", Level.WARN),
    "CustomizeApplication": ("fields apply and remove", Level.WARN),
    "AssignPermissionSets": ("fields apply, to give itself the permission set", Level.WARN),
}
_LABELS = {
    "ApiEnabled": "API Enabled",
    "ViewSetup": "View Setup and Configuration",
    "ModifyMetadata": "Modify Metadata Through Metadata API Functions",
    "CustomizeApplication": "Customize Application",
    "AssignPermissionSets": "Assign Permission Sets",
}
# What it is called, query for its name, whether through the Tooling API, what it does to us and the cure.
_WATCHERS = (
    (
        "validation rule",
        "SELECT ValidationName FROM ValidationRule WHERE EntityDefinitionId = {} AND Active = true",
        True,
        "it refuses our update of a record that breaks it already",
        "exempt the integration user in its formula, or correct those records",
    ),
    (
        "duplicate rule",
        "SELECT MasterLabel FROM DuplicateRule WHERE SobjectType = {} AND IsActive = true",
        False,
        "it may refuse our update of a record that has a twin",
        "let it report instead of block for the integration user, or merge the twins",
    ),
    (
        "Apex trigger",
        "SELECT Name FROM ApexTrigger WHERE TableEnumOrId = {} AND Status = 'Active'",
        False,
        "it runs on every record that we write",
        "tell its owner; let it skip updates that change our fields alone",
    ),
    (
        "flow",
        "SELECT Label FROM FlowDefinitionView WHERE TriggerObjectOrEventId = {} AND IsActive = true",
        False,
        "it runs on every record that we write",
        "tell its owner; give it entry conditions that do not name our fields",
    ),
)


class Inspector:
    """One org, looked at as the user that we are."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session = session
        self._settings = settings

    def findings(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Iterator[Finding]:
        """One finding a thing looked at."""
        yield from self._permissions()
        yield from self._version()
        yield clock(self._session.date, self._session.now())
        for what, soql, tooling, does, cure in _WATCHERS:
            yield from self._watchers(what, format_soql(soql, fields.object), does, cure, tooling=tooling)
        yield from self._required(fields)
        yield self._quota(queries, fields)

    def count(self, object_: str, field: str = "", value: str = "") -> int:
        """How many records there are, or how many of them hold a value."""
        where = f" WHERE {field} = {format_soql('{}', value)}" if field else ""
        return int(self._session.query(f"SELECT COUNT() FROM {object_}{where}")["totalSize"])  # noqa: S608 - API names from a describe, the value quoted

    def _permissions(self) -> Iterator[Finding]:
        names = ", ".join(f"Permissions{name}" for name in _PERMISSIONS)
        try:
            held = self._session.query(f"SELECT {names} FROM UserPermissionAccess")["records"][0]  # noqa: S608 - names from the table above
        except (Refused, NotPermitted) as error:
            yield Finding(Level.WARN, f"our own permissions cannot be seen: {error}", "look at them in Setup > Users")
            return
        for name, (purpose, level) in _PERMISSIONS.items():
            if held[f"Permissions{name}"]:
                yield Finding(Level.PASS, f"permission «{_LABELS[name]}»")
            else:
                cure = "put it into a permission set of the integration user" + (
                    "" if level is Level.FAIL else ", for as long as it is needed, or let an administrator do that step"
                )
                yield Finding(level, f"permission «{_LABELS[name]}» is missing; it is for {purpose}", cure)

    def _version(self) -> Iterator[Finding]:
        offered = sorted(float(each["version"]) for each in self._session.versions())
        ours = float(self._settings.api_version)
        if ours not in offered:
            cure = f"set api_version to one between {offered[0]} and {offered[-1]}"
            yield Finding(Level.FAIL, f"API version {ours} is not offered by this org", cure)
        elif ours < offered[-1] - _SUPPORTED:
            cure = "raise api_version, or take a newer bonus-malus"
            yield Finding(Level.WARN, f"API version {ours} is over three years old; the newest is {offered[-1]}", cure)
        else:
            yield Finding(Level.PASS, f"API version {ours}; the newest is {offered[-1]}")

    def _watchers(self, what: str, soql: str, does: str, cure: str, *, tooling: bool) -> Iterator[Finding]:
        try:
            rows = self._session.tooling(soql) if tooling else self._session.query(soql)["records"]
        except (Refused, NotPermitted):
            cure = "give the integration user View Setup and Configuration, or look yourself in Setup > Object Manager"
            yield Finding(Level.WARN, f"{what}s cannot be seen", cure)
            return
        if not rows:
            yield Finding(Level.PASS, f"no {what} on our object")
        for row in rows:
            name = next(str(value) for key, value in row.items() if key != "attributes")
            yield Finding(Level.WARN, f"{what} «{name}» is active: {does}", cure)

    def _required(self, fields: FieldSet) -> Iterator[Finding]:
        """Fields that must not be empty and are: an update of such a record is refused, whatever it changes."""
        for field in self._session.describe(fields.object)["fields"]:
            must = not field.get("nillable", True) and field.get("custom") and field.get("type") != "boolean"
            if must and (empty := self._empty(fields.object, str(field["name"]))):
                cure = "fill it in those records, or make it required on the page layout only"
                what = f"{field['name']} is required and empty in {empty} records: each of them refuses our update"
                yield Finding(Level.WARN, what, cure, fields.object, str(field["name"]))

    def _empty(self, object_: str, field: str) -> int:
        return int(self._session.query(f"SELECT COUNT() FROM {object_} WHERE {field} = null")["totalSize"])  # noqa: S608 - API names from a describe

    def _quota(self, queries: Sequence[ObjectQuery], fields: FieldSet) -> Finding:
        need = 0
        for query in queries:
            try:
                count = self.count(query.object)
            except (Refused, NotPermitted):  # an object of its own finding in `check`
                continue
            need += 2 + count // _READ_PAGE
            if query.object == fields.object:
                need += 1 + count // _WRITE_PAGE
        return quota(need, self._session.usage(), self._settings.share_of_day)
