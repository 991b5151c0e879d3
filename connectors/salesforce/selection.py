"""A selection: what can really be selected for a query today, and how its rows become records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from connectors.http import Refused
from connectors.protocol import ObjectQuery
from connectors.salesforce.ids import id18
from connectors.salesforce.names import field_name
from connectors.salesforce.schema import Child, Column, Schema
from connectors.values import as_instant
from scoring.records import Link, Problem, Record, Value

# Where an administrator gives rights on objects and fields.
OBJECTS = "Setup > Permission Sets > its own > Object Settings"
_NAMES = frozenset({"Id", "Name", "Type", "FirstName", "LastName", "Email"})  # what every target of a lookup may answer

FromRow: TypeAlias = Callable[[Mapping[str, Any]], Record | Problem]
FromCells: TypeAlias = Callable[[Sequence[str], Mapping[str, tuple[Link, ...]]], Record | Problem]


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

    def from_rows(self, children: Callable[[Any], Sequence[Mapping[str, Any]]]) -> FromRow:
        """How to make a record of a row; `children` reads a sub-query to its end."""
        object_, stamp = self.schema.object, self.schema.stamp
        # (path, relationship, field, how to type it); no relationship: a field of the row itself.
        asked = [
            (path, *(path.split(".", 1) if "." in path else ("", path)), column.json())
            for path, column in self.paths.items()
        ]
        own = [(name, column.name, column.json()) for name, column in self.ours.items()]
        junctions = [(junction.name, junction.child.relationship, junction.links) for junction in self.junctions]

        def record(row: Mapping[str, Any]) -> Record | Problem:
            id_ = id18(str(row["Id"]))
            modified = as_instant(str(row.get(stamp)))
            if not isinstance(modified, datetime):
                return Problem(object_, id_, stamp, f"is {row.get(stamp)!r}", "")
            values: dict[str, Value] = {}
            for path, relationship, name, read in asked:
                found = row.get(relationship) if relationship else row
                raw = found.get(name) if isinstance(found, Mapping) else None
                values[path] = None if raw is None else read(raw)
            master = row.get("MasterRecordId")
            return Record(
                object_,
                id_,
                modified,
                values,
                {name: links(children(row.get(relationship))) for name, relationship, links in junctions},
                {name: None if (raw := row.get(field)) is None else read(raw) for name, field, read in own},
                row.get("IsDeleted") is True,
                id18(str(master)) if master else None,
            )

        return record

    def from_cells(self, header: Sequence[str]) -> FromCells:
        """How to make a record of a row of cells and its links, for rows under this header."""
        place = {name: index for index, name in enumerate(header)}
        object_, stamp = self.schema.object, place[self.schema.stamp]
        id_at, deleted_at, master_at = place["Id"], place.get("IsDeleted"), place.get("MasterRecordId")
        asked = [(path, place[path], column.text()) for path, column in self.paths.items()]
        own = [(name, place[column.name], column.text()) for name, column in self.ours.items()]

        def record(row: Sequence[str], links: Mapping[str, tuple[Link, ...]]) -> Record | Problem:
            id_ = id18(row[id_at])
            modified = as_instant(row[stamp])
            if not isinstance(modified, datetime):
                return Problem(object_, id_, self.schema.stamp, f"is {row[stamp]!r}", "")
            master = row[master_at] if master_at is not None else ""
            return Record(
                object_,
                id_,
                modified,
                {path: read(text) if (text := row[at]) else None for path, at, read in asked},
                links,
                {name: read(text) if (text := row[at]) else None for name, at, read in own},
                deleted_at is not None and row[deleted_at] == "true",
                id18(master) if master else None,
            )

        return record

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
