"""Shared Activities: a task or an event with several people, each of them in a row of its own (SR29)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.salesforce.access import READ

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.schema import SObject

RELATIONS = {"Task": "TaskRelation", "Event": "EventRelation"}


class SharedActivities:
    """Off in a new org: the relations do not exist for anybody. Once on, it stays on."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._on = False
        self._kept: set[tuple[str, str]] = set()
        for user in org.users:
            for relation in RELATIONS.values():
                del user.objects[relation]

    def switch_on(self) -> None:
        """As an administrator does: there is a relation for every person named so far, and for those to come."""
        self._on = True
        org = self._org
        for user in org.users:
            user.objects |= {relation: frozenset({READ}) for relation in RELATIONS.values()}
        for activity in RELATIONS:
            for row in list(org.records.tables[activity].rows.values()):
                if not row["IsDeleted"]:
                    self.keep(org.schema.objects[activity], row["Id"])

    def keep(self, sobject: SObject, row_id: str) -> None:
        """Let the relations of an activity have the person that it names itself."""
        if not self._on or sobject.name not in RELATIONS:
            return
        who = self._org.records.tables[sobject.name].rows[row_id]["WhoId"]
        if who is None or (row_id, who) in self._kept:
            return
        self._kept.add((row_id, who))
        relation = self._org.schema.objects[RELATIONS[sobject.name]]
        values = {f"{sobject.name}Id": row_id, "RelationId": who}
        self._org.records.create(relation, values, by=self._org.admin.id)
