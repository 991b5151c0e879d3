"""Links between the rows of exports: a junction file, or a column of ids."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from connectors.files.table import Table, tables
from scoring.records import Link

_PEOPLE = ("Id", "OwnerId", "CreatedById", "LastModifiedById")
_ID = re.compile(r"(\w+?)Id")


class Links:
    """Who is tied to whom by one link of one object, in memory: ids alone."""

    def __init__(self, ends: Mapping[str, Sequence[Link]]) -> None:
        self._ends = ends

    def of(self, ids: Sequence[str]) -> Mapping[str, tuple[Link, ...]]:
        """The links of each of these that has any."""
        return {id_: tuple(dict.fromkeys(self._ends[id_])) for id_ in ids if id_ in self._ends}

    @classmethod
    def find(cls, folder: Path, object_: str, name: str, table: Table) -> "Links | None":
        """Look for a link: `OpportunityContactRole.csv`, `deals_contacts.csv`, or a column «Associated Contact IDs»."""
        files = tables(folder)
        if name in files:
            return cls._junction(Table(files[name]), f"{object_}Id")
        if path := files.get(f"{object_}_{name}"):
            return cls._pairs(Table(path), object_, name)
        place = table.place(f"Associated {name.removesuffix('s')} IDs", name)
        return None if place is None else cls._column(table, place, name)

    @classmethod
    def _junction(cls, table: Table, parent: str) -> "Links | None":
        parent_at = table.place(parent)
        if parent_at is None:
            return None
        role, primary, deleted = table.place("Role"), table.place("IsPrimary"), table.place("IsDeleted")
        ends = [
            (place, found[1])
            for place, column in enumerate(table.header)
            if (found := _ID.fullmatch(column)) and column not in (*_PEOPLE, parent)
        ]
        held: dict[str, list[Link]] = {}
        for row in table.rows():
            if deleted is not None and row[deleted].lower() in ("true", "1"):
                continue
            labels = (row[role],) if role is not None and row[role] else ()
            first = primary is not None and row[primary].lower() in ("true", "1")
            made = [Link(object_, row[place], labels, primary=first) for place, object_ in ends if row[place]]
            held.setdefault(row[parent_at], []).extend(made)
        return cls(held)

    @classmethod
    def _pairs(cls, table: Table, object_: str, name: str) -> "Links | None":
        from_at, to_at, label_at = table.place(object_), table.place(name), table.place("label")
        if from_at is None or to_at is None:
            return None
        held: dict[str, list[Link]] = {}
        for row in table.rows():
            labels = (row[label_at],) if label_at is not None and row[label_at] else ()
            held.setdefault(row[from_at], []).append(Link(name, row[to_at], labels, primary="Primary" in labels))
        return cls(held)

    @classmethod
    def _column(cls, table: Table, place: int, name: str) -> "Links":
        id_at = table.place("Id", "Record ID", "hs_object_id")
        return cls(
            {
                row[id_at or 0]: [Link(name, part.strip()) for part in row[place].split(";") if part.strip()]
                for row in table.rows()
                if row[place]
            }
        )
