"""A selection: what can really be asked for of an object today, and how its rows become records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any, TypeAlias

from connectors.columns import fields, records, words
from connectors.hubspot.definitions import Definition
from connectors.hubspot.names import property_name
from connectors.protocol import ObjectQuery, Page
from scoring.records import Problem, Record, Value

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


def modified_of(selection: Selection, rows: Sequence[Row]) -> Sequence[Value]:
    """When each row was last changed; `Malformed` or None where it does not say."""
    stamps = [(row.get("properties") or {}).get(selection.stamp) or row.get("updatedAt") for row in rows]
    return Definition(selection.stamp, "datetime").values(stamps)


def page_of(selection: Selection, rows: Sequence[Row], *, before: datetime | None = None, linked: bool = False) -> Page:
    """Rows as records, each behind those that were merged into it; a column at a time.

    With `linked`, each living record has a dictionary of its own for its links. Rows changed from `before` on are left
    out. A row without a readable date is a problem.
    """
    modified = modified_of(selection, rows)
    problems: tuple[Problem, ...] = ()
    if set(map(type, modified)) - {datetime}:
        problems = tuple(
            Problem(selection.object, str(row["id"]), selection.stamp, "is no date and time", "look at the record")
            for row, instant in zip(rows, modified, strict=True)
            if not isinstance(instant, datetime)
        )
    kept = [isinstance(instant, datetime) and (before is None or instant < before) for instant in modified]
    if not all(kept):
        rows, modified = list(compress(rows, kept)), list(compress(modified, kept))
    properties = [row.get("properties") or {} for row in rows]
    found = records(
        selection.object,
        words(fields(rows, "id")),
        modified,
        _values(selection.asked, properties),
        ours=_values(selection.ours, properties),
        links=[{} for _ in rows] if linked else None,
    )
    if any(any(fields(properties, name)) for name in selection.merged):
        found = [one for record, row in zip(found, properties, strict=True) for one in (*absorbed(record, row), record)]
    return Page(tuple(found), problems)


def _values(known: Mapping[str, Definition], properties: Sequence[Row]) -> Mapping[str, Sequence[Value]]:
    return {name: one.values(fields(properties, one.name)) for name, one in known.items()}
