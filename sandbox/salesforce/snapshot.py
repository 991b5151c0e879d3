"""An org's rows, recycle bin and assignments at one moment, for a call that is all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sandbox.salesforce.access import PermissionSet
    from sandbox.salesforce.bin import Deletion
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.table import Kept


class Snapshot(NamedTuple):
    """Rows by object and id, deletions by id, assignments by user."""

    rows: dict[str, dict[str, Kept]]
    deletions: dict[str, Deletion]
    assigned: dict[str, dict[str, PermissionSet]]

    @classmethod
    def of(cls, org: Org) -> Snapshot:
        """As they are now."""
        return cls(
            {name: dict(table.rows) for name, table in org.records.tables.items()},
            dict(org.bin.deletions),
            {user.id: dict(user.assigned) for user in org.users},
        )

    def restore(self, org: Org) -> None:
        """Go back to what was."""
        org.bin.deletions = self.deletions
        for name, table in org.records.tables.items():
            table.rows = self.rows[name]
        for user in org.users:
            user.assigned = self.assigned[user.id]
