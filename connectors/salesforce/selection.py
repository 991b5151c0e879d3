"""A selection: what can really be selected for a query today."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.http import Refused
from connectors.protocol import ObjectQuery
from connectors.salesforce.ids import id18
from connectors.salesforce.names import field_name
from connectors.salesforce.schema import Child, Column, Schema
from scoring.records import Link, Problem

# Where an administrator gives rights on objects and fields.
OBJECTS = "Setup > Permission Sets > its own > Object Settings"
_NAMES = frozenset({"Id", "Name", "Type", "FirstName", "LastName", "Email"})  # what every target of a lookup may answer


@dataclass(frozen=True, slots=True)
class Junction:
    """A junction object hanging on the object we read, selected as a sub-query."""

    name: str
    child: Child
    schema: Schema
    ends: tuple[Column, ...]

    @property
    def soql(self) -> str:
        """The sub-query; under queryAll it returns deleted rows as well, hence IsDeleted."""
        return f"(SELECT {', '.join(self.columns)} FROM {self.child.relationship})"  # noqa: S608 - SOQL of names that a describe gave us

    @property
    def columns(self) -> list[str]:
        """What links are made of."""
        columns = ["Id", *(column for column in ("IsDeleted", "Role", "IsPrimary") if column in self.schema.columns)]
        for end in self.ends:
            columns += [end.name, *([f"{end.relationship}.Type"] if len(end.refers_to) > 1 else [])]
        return columns

    @property
    def soql_alone(self) -> str:
        """All live rows by themselves, with their parents, for the Bulk API, which knows no sub-queries."""
        return f"SELECT {', '.join([self.child.field, *self.columns])} FROM {self.name}"  # noqa: S608 - SOQL of names that a describe gave us

    def links(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Link, ...]:
        """The links that the live rows stand for."""
        return tuple(
            Link(
                object=_target(end, row),
                id=id18(str(row[end.name])),
                labels=(str(row["Role"]),) if row.get("Role") else (),
                primary=row.get("IsPrimary") is True,
            )
            for row in rows
            if row.get("IsDeleted") is not True
            for end in self.ends
            if row.get(end.name)
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """Columns of one object by the path they are asked with, its junctions, our own fields, and what is missing."""

    schema: Schema
    paths: Mapping[str, Column]
    junctions: tuple[Junction, ...]
    ours: Mapping[str, Column]
    missing: tuple[str, ...]

    @property
    def select(self) -> str:
        """`SELECT … FROM …`, without a condition."""
        columns = [*self._columns, *(junction.soql for junction in self.junctions)]
        return f"SELECT {', '.join(columns)} FROM {self.schema.object}"  # noqa: S608 - SOQL of names that a describe gave us

    @property
    def select_cells(self) -> str:
        """`SELECT … FROM …` without junctions, for the Bulk API."""
        return f"SELECT {', '.join(self._columns)} FROM {self.schema.object}"  # noqa: S608 - SOQL of names that a describe gave us

    @property
    def fits_cells(self) -> bool:
        """Whether the Bulk API can answer every column (SR16)."""
        return all(column.has_cells for column in self.paths.values())

    @property
    def members(self) -> tuple[str, ...]:
        """What a row of REST consists of: fields, records that look-ups point to, and sub-queries."""
        paths = (path.partition(".")[0] for path in self._columns)
        return tuple(
            dict.fromkeys(
                ["Id", self.schema.stamp, *paths, *(junction.child.relationship for junction in self.junctions)]
            )
        )

    @property
    def _columns(self) -> list[str]:
        system = [name for name in ("Id", self.schema.stamp, "IsDeleted", "MasterRecordId") if self._has(name)]
        return list(dict.fromkeys([*system, *self.paths, *(column.name for column in self.ours.values())]))

    def problems(self) -> tuple[Problem, ...]:
        """One per thing that was asked for and cannot be read: loud, never silent (SR11, SR12)."""
        return tuple(
            Problem(
                self.schema.object,
                "",
                name,
                "does not exist in this org, or the integration user may not read it",
                f"give the integration user read access to it ({OBJECTS}), or take it out of the mapping",
            )
            for name in self.missing
        )

    def _has(self, name: str) -> bool:
        return name in self.schema.columns


def resolve(query: ObjectQuery, describe: Callable[[str], Schema]) -> Selection:
    """Compare a query with what this user may see; raises `Refused` when the object itself is not there."""
    schema = describe(query.object)
    paths: dict[str, Column] = {}
    junctions: list[Junction] = []
    missing: list[str] = []
    for path in query.fields:
        column = schema.columns.get(path) or _through(schema, path, describe)
        if column:
            paths[path] = column
        else:
            missing.append(path)
    for name in query.links:
        junction = _junction(schema, name, describe)
        if junction:
            junctions.append(junction)
        else:
            missing.append(name)
    ours = {
        spec.name: schema.columns[api_name]
        for spec in (query.ours.fields if query.ours else ())
        if query.ours and (api_name := field_name(query.ours.prefix, spec.name)) in schema.columns
    }
    return Selection(schema, paths, tuple(junctions), ours, tuple(missing))


def _through(schema: Schema, path: str, describe: Callable[[str], Schema]) -> Column | None:
    """A field of the record that a lookup points to: `Who.Type` (SR29), `Account.Industry`."""
    relationship, dot, name = path.partition(".")
    lookup = schema.related(relationship) if dot else None
    if lookup is None:
        return None
    if len(lookup.refers_to) == 1:
        return _described(lookup.refers_to[0], describe, name)
    return Column(name, "string", False, 0, 0, 0, (), "", ()) if name in _NAMES else None


def _described(sobject: str, describe: Callable[[str], Schema], name: str) -> Column | None:
    try:
        return describe(sobject).columns.get(name)
    except Refused:
        return None


def _junction(schema: Schema, name: str, describe: Callable[[str], Schema]) -> Junction | None:
    child = schema.child(name)
    if child is None:
        return None
    try:
        junction = describe(name)
    except Refused:
        return None
    ends = junction.ends(child.field)
    return Junction(name, child, junction, ends) if ends else None


def _target(end: Column, row: Mapping[str, Any]) -> str:
    if len(end.refers_to) == 1:
        return end.refers_to[0]
    related = row.get(end.relationship)
    return str(related.get("Type") or "") if isinstance(related, Mapping) else ""
