"""The kinds of objects a portal has, read from `schema.toml`: names, scopes, groups and properties."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

from sandbox.hubspot.property import Definition, Option


@dataclass(frozen=True, slots=True)
class Group:
    """A property group: the heading under which properties stand on the record page."""

    name: str
    label: str
    display_order: int = -1


@dataclass(eq=False, slots=True)
class Kind:
    """One object type. `properties` and `groups` grow through the API; the rest is HubSpot's.

    `always` names the three properties that every answer has, asked for or not.
    """

    name: str
    singular: str
    type_id: str
    read_scope: str
    write_scope: str
    created: str
    modified: str
    default: tuple[str, ...]
    required: tuple[str, ...]
    always: tuple[str, ...]
    read_only: bool = False
    properties: dict[str, Definition] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def living(self, name: str) -> Definition | None:
        """The definition, unless there is none or it is archived."""
        definition = self.properties.get(name)
        return definition if definition is not None and definition.archived is None else None


def load(now: int) -> Mapping[str, Kind]:
    """The kinds of a new portal by plural name; `now` stamps the definitions."""
    tables = tomllib.loads(resources.files(__package__).joinpath("schema.toml").read_text(encoding="utf-8"))
    return {name: _kind(name, table, now) for name, table in tables.items()}


def spellings(kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """Every way in which a path may name a kind, in lower case: plural, singular, type id."""
    return {word: kind for kind in kinds.values() for word in (kind.name, kind.singular, kind.type_id)}


def _kind(name: str, table: Mapping[str, Any], now: int) -> Kind:
    groups = {each: Group(each, label) for each, label in table["groups"].items()}
    kind = Kind(
        name=name,
        singular=table["singular"],
        type_id=table["type_id"],
        read_scope=table["read"],
        write_scope=table["write"],
        created=table["created"],
        modified=table["modified"],
        default=tuple(table["default"]),
        required=tuple(table["required"]),
        always=(table["created"], table["modified"], "hs_object_id"),
        read_only=table.get("read_only", False),
        groups=groups,
    )
    system = next(iter(groups))
    for definition in (*_common(kind, system), *_own(table["properties"])):
        kind.properties[definition.name] = _stamped(definition, now)
    return kind


def _common(kind: Kind, group: str) -> Iterator[Definition]:
    for name, label, type_, field_type in (
        ("hs_object_id", "Record ID", "number", "number"),
        (kind.created, "Create date", "datetime", "date"),
        (kind.modified, "Last modified date", "datetime", "date"),
    ):
        yield Definition(name, label, type_, field_type, group, read_only=True, calculated=True, hubspot=True)
    yield Definition("hs_merged_object_ids", "Merged record IDs", "string", "text", group, read_only=True, hubspot=True)


def _own(table: Mapping[str, Mapping[str, Any]]) -> Iterator[Definition]:
    for name, row in table.items():
        yield Definition(
            name,
            row["label"],
            row["type"],
            row["field"],
            row["group"],
            options=tuple(
                Option(value, label, order) for order, (value, label) in enumerate(row.get("options", {}).items())
            ),
            currency=row.get("currency", False),
            calculated=row.get("calculated", False),
            read_only=row.get("read_only", False),
            hubspot=not row.get("custom", False),
        )


def _stamped(definition: Definition, now: int) -> Definition:
    return replace(definition, created=now, updated=now)
