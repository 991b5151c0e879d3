"""A selection: what can really be asked for of an object today, and how its rows become records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from connectors.hubspot.definitions import Definition
from connectors.hubspot.names import property_name
from connectors.protocol import ObjectQuery
from scoring.records import Link, Problem, Record

MERGED = ("hs_merged_object_ids", "hs_calculated_merged_vids")  # HR11

Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Selection:
    """Properties of one object that can be read today, our own among them, and what is missing."""

    object: str
    stamp: str
    asked: Mapping[str, Definition]
    ours: Mapping[str, Definition]
    merged: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Everything to ask for."""
        own = [definition.name for definition in self.ours.values()]
        return list(dict.fromkeys([self.stamp, *self.merged, *self.asked, *own]))

    def problems(self) -> tuple[Problem, ...]:
        """One per property that was asked for and is not there: HubSpot would silently leave it out (HR22)."""
        return tuple(
            Problem(
                self.object,
                "",
                name,
                "does not exist in this portal, or the token may not read it",
                "create it, or take it out of the mapping",
            )
            for name in self.missing
        )


def select(query: ObjectQuery, known: Mapping[str, Definition]) -> Selection:
    """Compare a query with the properties that the portal has."""
    stamp = "lastmodifieddate" if query.object in ("contacts", "0-1") else "hs_lastmodifieddate"  # HR09
    return Selection(
        object=query.object,
        stamp=stamp,
        asked={name: known[name] for name in query.fields if name in known},
        ours={
            spec.name: known[name]
            for spec in (query.ours.fields if query.ours else ())
            if query.ours and (name := property_name(query.ours.prefix, spec.name)) in known
        },
        merged=tuple(name for name in MERGED if name in known),
        missing=tuple(name for name in query.fields if name not in known),
    )


def absorbed(survivor: Record, properties: Mapping[str, Any]) -> Iterator[Record]:
    """The records that were merged into this one (HR11): `12;15`, or `12:1669000000000;15:…` for contacts."""
    ids = {part.partition(":")[0].strip() for name in MERGED for part in str(properties.get(name) or "").split(";")}
    for id_ in sorted(ids - {"", survivor.id}, key=lambda text: (len(text), text)):
        yield Record(survivor.object, id_, survivor.modified, deleted=True, merged_into=survivor.id)


def record_of(selection: Selection, row: Row, ends: Mapping[str, tuple[Link, ...]]) -> Record | Problem:
    """A row and its links as a record; one without a readable date is a problem."""
    properties = row.get("properties") or {}
    modified = modified_of(selection, row)
    if not isinstance(modified, datetime):
        return Problem(selection.object, str(row["id"]), selection.stamp, "is no date and time", "look at the record")
    return Record(
        object=selection.object,
        id=str(row["id"]),
        modified=modified,
        values={name: definition.value(properties.get(name)) for name, definition in selection.asked.items()},
        links=ends,
        ours={name: definition.value(properties.get(definition.name)) for name, definition in selection.ours.items()},
    )


def modified_of(selection: Selection, row: Row) -> Any:
    """When a row was last changed; `Malformed` or None where it does not say."""
    text = (row.get("properties") or {}).get(selection.stamp) or row.get("updatedAt") or ""
    return Definition(selection.stamp, "datetime").value(text)
