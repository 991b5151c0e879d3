"""A selection: what can really be asked for of an object today, and how its rows become records."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from connectors.columns import records
from connectors.hubspot.definitions import Definition
from connectors.hubspot.names import property_name
from connectors.protocol import ObjectQuery, Page
from scoring.records import Link, Problem, Record, Value

MERGED = ("hs_merged_object_ids", "hs_calculated_merged_vids")  # HR11

Row: TypeAlias = Mapping[str, Any]
Links: TypeAlias = tuple[Link, ...]


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


def page_of(
    selection: Selection, rows: Sequence[Row], modified: Sequence[Value], ends: Mapping[str, Mapping[str, Links]]
) -> Page:
    """Rows, each with those that were merged into it before it, and the links of each; a column at a time.

    A row without a readable date is a problem.
    """
    undated = [at for at, instant in enumerate(modified) if not isinstance(instant, datetime)]
    if undated:
        bad = [
            Problem(selection.object, str(rows[at]["id"]), selection.stamp, "is no date and time", "look at the record")
            for at in undated
        ]
        left = [at for at in range(len(rows)) if at not in set(undated)]
        good = page_of(selection, [rows[at] for at in left], [modified[at] for at in left], ends)
        return Page(good.records, tuple(bad))
    ids = [str(row["id"]) for row in rows]
    properties = [row.get("properties") or {} for row in rows]
    found = records(
        selection.object,
        ids,
        modified,
        _values(selection.asked, properties),
        ours=_values(selection.ours, properties),
        links=[{to: of.get(id_, ()) for to, of in ends.items()} for id_ in ids] if ends else None,
    )
    if any(one.get(name) for name in selection.merged for one in properties):
        found = [one for record, row in zip(found, properties, strict=True) for one in (*absorbed(record, row), record)]
    return Page(tuple(found))


def _values(known: Mapping[str, Definition], properties: Sequence[Row]) -> Mapping[str, Sequence[Value]]:
    return {name: one.values([row.get(one.name) for row in properties]) for name, one in known.items()}
