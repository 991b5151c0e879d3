"""The recycle bin: what is deleted and brought back, and what a merge leaves of the rows that lost."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sandbox.salesforce.access import DELETE, Access
from sandbox.salesforce.errors import RowError, RowRefusal
from sandbox.salesforce.moment import stamp
from sandbox.salesforce.records import Records
from sandbox.salesforce.schema import Field, SObject

KEPT = timedelta(days=15)


@dataclass(slots=True)
class Deletion:
    """A row in the recycle bin: since when, what went with it, and which look-ups were cleared."""

    sobject: SObject
    since: datetime
    cascaded: list[tuple[SObject, str]] = field(default_factory=list)
    cleared: list[tuple[SObject, str, str]] = field(default_factory=list)


class Bin:
    """Deletes, undeletes and merges the rows of an org."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._tables = records.tables
        self._schema = records.schema
        self._clock = records.clock
        self.deletions: dict[str, Deletion] = {}

    def delete(self, sobject: SObject, row_id: str, *, by: str, access: Access | None = None) -> None:
        """Move a row to the recycle bin, with what belongs to it; rows of the Setup area go for good."""
        row = self._records.get(sobject, row_id)
        if row.get("IsDeleted"):
            raise RowRefusal(RowError("ENTITY_IS_DELETED", "entity is deleted"), status=404)
        if access is not None and not (sobject.deletable and access.may(DELETE, sobject)):
            message = "insufficient access rights on object id"
            raise RowRefusal(RowError("INSUFFICIENT_ACCESS_OR_READONLY", message), status=403)
        if sobject.setup:
            self._tables[sobject.name].drop(row["Id"])
            return
        deletion = Deletion(sobject, self._clock.now())
        self.deletions[row["Id"]] = deletion
        now = stamp(deletion.since)
        for child, link, holder_id in self._referring(sobject, row["Id"]):
            holder = self._tables[child.name].rows[holder_id]
            if link.cascade:
                deletion.cascaded.append((child, holder_id))
                self._records.save(child, holder | {"IsDeleted": True}, holder, by=by, now=now)
            else:  # a look-up is cleared without a new stamp on the row that had it
                deletion.cleared.append((child, holder_id, link.name))
                self._tables[child.name].keep(holder | {link.name: None})
        self._records.save(sobject, row | {"IsDeleted": True}, row, by=by, now=now)

    def undelete(self, sobject: SObject, row_id: str, *, by: str) -> None:
        """Bring a row back from the recycle bin, with what went with it; the stamp moves."""
        row = self._records.get(sobject, row_id)
        self.purge()
        deletion = self.deletions.get(row["Id"])
        if not row.get("IsDeleted") or deletion is None or not sobject.undeletable:
            message = "entity is not in the recycle bin"
            raise RowRefusal(RowError("UNDELETE_FAILED", message))
        del self.deletions[row["Id"]]
        now = stamp(self._clock.now())
        back = {"IsDeleted": False} | ({"MasterRecordId": None} if row.get("MasterRecordId") else {})
        self._records.save(sobject, row | back, row, by=by, now=now)
        for child, child_id in deletion.cascaded:
            gone = self._tables[child.name].rows[child_id]
            self._records.save(child, gone | {"IsDeleted": False}, gone, by=by, now=now)
        for child, child_id, name in deletion.cleared:
            holder = self._tables[child.name].rows.get(child_id)
            if holder is not None and holder[name] is None:
                self._tables[child.name].keep(holder | {name: row["Id"]})

    def merge(self, sobject: SObject, master_id: str, losers: list[str], *, by: str) -> None:
        """Make up to three rows one: losers are deleted and name their master, what hung on them hangs on it (SR07)."""
        if not sobject.mergeable:
            raise RowRefusal(RowError("INVALID_OPERATION", f"entity type cannot be merged: {sobject.label}"))
        if not 1 <= len(losers) <= 2:  # noqa: PLR2004 - a merge takes three rows, the master included
            raise RowRefusal(RowError("INVALID_NUM_ARGUMENTS", "a merge takes one or two records besides the master"))
        rows = [self._records.get(sobject, row_id) for row_id in (master_id, *losers)]
        if any(row["IsDeleted"] for row in rows):
            raise RowRefusal(RowError("ENTITY_IS_DELETED", "entity is deleted"), status=404)
        master, *gone = rows
        if len({row["Id"] for row in rows}) != len(rows):
            raise RowRefusal(RowError("INVALID_ID_FIELD", "a record cannot be merged with itself"))
        now = stamp(self._clock.now())
        for loser in gone:
            for child, link, holder_id in self._referring(sobject, loser["Id"]):
                holder = self._tables[child.name].rows[holder_id]
                self._records.save(child, holder | {link.name: master["Id"]}, holder, by=by, now=now)
            self.deletions[loser["Id"]] = Deletion(sobject, self._clock.now())
            self._records.save(
                sobject, loser | {"IsDeleted": True, "MasterRecordId": master["Id"]}, loser, by=by, now=now
            )
        self._records.save(sobject, dict(master), master, by=by, now=now)

    def empty(self) -> None:
        """Forget everything in the recycle bin at once: no queryAll will ever show it (SR08)."""
        for deletion in self.deletions.values():
            deletion.since -= KEPT
        self.purge()

    def purge(self) -> None:
        """Forget what has been in the recycle bin for 15 days (SR08)."""
        limit = self._clock.now() - KEPT
        while self.deletions:
            row_id, deletion = next(iter(self.deletions.items()))  # the bin is in order of deletion
            if deletion.since > limit:
                return
            for child, child_id in deletion.cascaded:
                self._tables[child.name].drop(child_id)
            self._tables[deletion.sobject.name].drop(row_id)
            del self.deletions[row_id]

    def _referring(self, sobject: SObject, row_id: str) -> list[tuple[SObject, Field, str]]:
        """Rows not deleted that point to a row; a full look through its children, as deletes and merges are rare."""
        return [
            (child, link, row["Id"])
            for child, link in self._schema.children(sobject.name)
            if not child.setup and link.name != "MasterRecordId"
            for row in self._tables[child.name].rows.values()
            if row.get(link.name) == row_id and not row["IsDeleted"]
        ]
