"""A Salesforce org in memory: its rows, users, permission sets, sessions and limits, on the sandbox clock."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.salesforce import holding
from sandbox.salesforce.access import Access, PermissionSet, User
from sandbox.salesforce.bin import Bin
from sandbox.salesforce.bulk.jobs import Jobs
from sandbox.salesforce.conversion import convert
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import RowRefusal
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.records import Records
from sandbox.salesforce.rules import Manner, Rule
from sandbox.salesforce.schema import Field, SObject, load, make_field
from sandbox.salesforce.sessions import Client, Sessions
from sandbox.salesforce.shared_activities import SharedActivities
from sandbox.salesforce.usage import Usage
from sandbox.salesforce.user import make_user

RECORD_TYPE = "RecordTypeId"
_ALONE = Manner()


class Org:
    """The plain org.

    What the API does goes through `create`, `change`, `remove`, which raise `RowRefusal`; loaders and the control API
    use `insert`, `update`, `delete`, `undelete`, `merge`, which raise `ValueError` with one line.

    `client_id` and `client_secret` are the integration user's; `admin_client_id` and its secret are those of a person
    who administers the org, for edits that are not ours. `daily_calls` is the allowance of 24 hours.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        org_id: str = "00DSb0000000001",
        name: str = "Sandbox Trading Company",
        instance_url: str | None = None,
        time_zone: str = "Europe/Paris",
        language: str = "en_US",
        client_id: str = "sandbox-client",
        client_secret: str = "sandbox-secret",  # noqa: S107 - public and fixed: it opens nothing but this sandbox
        admin_client_id: str = "admin-client",
        admin_client_secret: str = "admin-secret",  # noqa: S107 - the same
        daily_calls: int = 100_000,
    ) -> None:
        found = long_id(org_id)
        if found is None:
            raise ValueError(f"{org_id} is no organization id: 15 or 18 letters and digits, beginning with 00D")
        self.clock = clock
        self.id = found
        self.instance_url = instance_url
        self.schema = load()
        self.records = Records(clock, self.schema)
        self.bin = Bin(self.records)
        self.usage = Usage(clock, daily_calls)
        self.cursors = Cursors(clock)
        self.bulk = Jobs(clock)
        self.permission_sets: dict[str, PermissionSet] = {}
        locale = {"TimeZoneSidKey": time_zone, "LanguageLocaleKey": language}
        self.admin = make_user(
            self.records, self.schema, ("System", "Administrator", "admin"), locale, by=found, edit=True
        )
        self.integration_user = make_user(
            self.records, self.schema, ("Integration", "User", "integration"), locale, by=found, edit=False
        )
        self.users = [self.admin, self.integration_user]
        self.shared_activities = SharedActivities(self)
        self.sessions = Sessions(
            clock,
            self.id,
            {
                client_id: Client(client_id, client_secret, self.integration_user),
                admin_client_id: Client(admin_client_id, admin_client_secret, self.admin),
            },
        )
        self.insert(
            "Organization",
            locale
            | {"Name": name, "DefaultLocaleSidKey": language, "Country": "FR", "OrganizationType": "Enterprise Edition"}
            | {"InstanceName": "SBX1", "IsSandbox": True, "IsReadOnly": False},
            id=self.id,
        )

    @property
    def rules(self) -> list[Rule]:
        """What the API has to obey on a write: validation and duplicate rules, slow triggers, locks."""
        return self.records.rules

    # For loaders and the control API

    def insert(
        self,
        object: str,  # noqa: A002 - the service's own words
        values: Mapping[str, Any],
        *,
        id: str | None = None,  # noqa: A002 - as above
        at: datetime | None = None,
    ) -> str:
        """Insert a row; its id. `at` is when: CreatedDate and SystemModstamp, now by default."""
        with _one_line(object, id):
            return self.create(self._sobject(object), values, user=self.admin, row_id=id, at=at)

    def update(self, object: str, id: str, values: Mapping[str, Any], *, at: datetime | None = None) -> None:  # noqa: A002 - as above
        """Change a row, as a person in the company does."""
        with _one_line(object, id):
            self.change(self._sobject(object), id, values, user=self.admin, at=at)

    def delete(self, object: str, id: str) -> None:  # noqa: A002 - as above
        """Move a row to the recycle bin."""
        with _one_line(object, id):
            self.remove(self._sobject(object), id, user=self.admin)

    def undelete(self, object: str, id: str) -> None:  # noqa: A002 - as above
        """Bring a row back from the recycle bin."""
        with _one_line(object, id):
            self.bin.undelete(self._sobject(object), id, by=self.admin.id)

    def merge(self, object: str, master: str, losers: Iterable[str]) -> None:  # noqa: A002 - as above
        """Merge one or two rows into a master."""
        with _one_line(object, master):
            self.bin.merge(self._sobject(object), master, list(losers), by=self.admin.id)

    def archive(self, object: str, id: str) -> None:  # noqa: A002 - as above
        """Archive a task or an event."""
        with _one_line(object, id):
            self.records.archive(self._sobject(object), id)

    def alter(self, object: str, id: str, values: Mapping[str, Any]) -> None:  # noqa: A002 - as above
        """Other values and no new stamp, as formulas and roll-ups change (SR10)."""
        with _one_line(object, id):
            self.records.alter(self._sobject(object), id, values)

    def convert(self, id: str, *, contact: str | None = None, account: str | None = None) -> str:  # noqa: A002 - as above
        """Convert a lead into a contact, a new one unless told which; the contact's id (SR36)."""
        with _one_line("Lead", id):
            return convert(self, id, contact=contact, account=account)

    def hide_field(self, object: str, field: str) -> None:  # noqa: A002 - as above
        """Take the integration user's right to see a field (SR11)."""
        sobject = self._sobject(object)
        key = f"{sobject.name}.{self._field(sobject, field).name}"
        self.integration_user.readable.discard(key)
        self.integration_user.editable.discard(key)
        for held in self.integration_user.assigned.values():
            held.fields.pop(key, None)

    def drop_field(self, object: str, field: str) -> None:  # noqa: A002 - as above
        """Delete a custom field (SR12)."""
        sobject = self._sobject(object)
        found = self._field(sobject, field)
        if not found.custom:
            raise ValueError(f"{sobject.name}.{found.name} is a standard field: it can be hidden, not removed")
        self.remove_field(sobject, found.name)

    def add_record_type(self, object: str, developer_name: str, name: str) -> str:  # noqa: A002 - as above
        """A record type of an object; its id. With the first one every row gets a field for it."""
        sobject = self._sobject(object)
        values = {"SobjectType": sobject.name, "DeveloperName": developer_name, "Name": name, "IsActive": True}
        row_id = self.insert("RecordType", values)
        if RECORD_TYPE not in sobject.fields:
            kind = make_field(RECORD_TYPE, type="reference", label="Record Type ID", refers_to=["RecordType"])
            sobject.add(replace(kind, permissionable=False))
        return row_id

    def record_types(self, sobject: SObject) -> list[dict[str, Any]]:
        """The record types of an object, as rows."""
        return [row for row in self.rows("RecordType") if row["SobjectType"] == sobject.name]

    def withdraw(self, object: str) -> None:  # noqa: A002 - as above
        """Take every right of the integration user on an object."""
        name = self._sobject(object).name
        self.integration_user.objects[name] = frozenset()
        for held in self.integration_user.assigned.values():
            held.objects.pop(name, None)

    def get(self, object: str, id: str) -> dict[str, Any]:  # noqa: A002 - as above
        """A copy of a row, deleted or not."""
        with _one_line(object, id):
            sobject = self._sobject(object)
            return dict.fromkeys(sobject.fields) | self.records.get(sobject, id)

    def rows(self, object: str) -> Iterator[dict[str, Any]]:  # noqa: A002 - as above
        """Every row of an object, deleted ones too until they are purged."""
        self.bin.purge()
        sobject = self._sobject(object)
        blank = dict.fromkeys(sobject.fields)
        return (blank | row for row in self.records.tables[sobject.name].rows.values())

    # For the API

    def access(self, user: User) -> Access:
        """What a user may do now."""
        return Access(user, self.schema)

    def create(
        self,
        sobject: SObject,
        values: Mapping[str, Any],
        *,
        user: User,
        access: Access | None = None,
        row_id: str | None = None,
        at: datetime | None = None,
        manner: Manner = _ALONE,
    ) -> str:
        """Insert a row for a user, under the rules of `access` if given."""
        if sobject.name == holding.ASSIGNMENT:
            holding.refuse_second(self, values)
        new = self.records.create(sobject, values, by=user.id, access=access, row_id=row_id, at=at, manner=manner)
        if sobject.name == holding.ASSIGNMENT:
            holding.assign(self, new)
        self.shared_activities.keep(sobject, new)
        return new

    def change(
        self,
        sobject: SObject,
        row_id: str,
        values: Mapping[str, Any],
        *,
        user: User,
        access: Access | None = None,
        at: datetime | None = None,
        manner: Manner = _ALONE,
    ) -> None:
        """Update a row for a user."""
        self.records.change(sobject, row_id, values, by=user.id, access=access, at=at, manner=manner)
        self.shared_activities.keep(sobject, long_id(row_id) or row_id)

    def remove(self, sobject: SObject, row_id: str, *, user: User, access: Access | None = None) -> None:
        """Delete a row for a user."""
        self.bin.delete(sobject, row_id, by=user.id, access=access)
        if sobject.name == holding.ASSIGNMENT:
            holding.withdraw(self, long_id(row_id) or row_id)

    def add_field(self, sobject: SObject, found: Field) -> None:
        """Take in a custom field, or its changed definition. Nobody sees a new one until a grant says so (SW12)."""
        if found.name not in sobject.fields:
            self.records.give_default(sobject, found)
        sobject.add(found)

    def remove_field(self, sobject: SObject, name: str) -> None:
        """Delete a custom field, its values and every grant on it."""
        sobject.remove(name)
        self.records.forget_field(sobject, name)
        key = f"{sobject.name}.{name}"
        for user in self.users:
            user.readable.discard(key)
            user.editable.discard(key)
        for held in self.permission_sets.values():
            held.fields.pop(key, None)

    def _sobject(self, name: str) -> SObject:
        found = self.schema.find(name)
        if found is None:
            raise ValueError(f"no object {name} in this org; there are {', '.join(self.schema.objects)}")
        return found

    @staticmethod
    def _field(sobject: SObject, name: str) -> Field:
        found = sobject.by_lower.get(name.lower())
        if found is None:
            raise ValueError(f"no field {name} on {sobject.name}")
        return found


@contextmanager
def _one_line(name: str, row_id: str | None) -> Iterator[None]:
    try:
        yield
    except RowRefusal as refused:
        where = f"{name} {row_id}" if row_id else name
        raise ValueError(f"{where}: {refused.error.message} ({refused.error.code})") from None
