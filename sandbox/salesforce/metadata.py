"""What the Metadata API keeps: components of a kind, each checked, applied, read back and deleted by its full name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.salesforce.errors import RowError, RowRefusal
from sandbox.salesforce.org import Org

Component = dict[str, Any]
"""A component as nested values: text, lists where the WSDL repeats an element, dicts."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of component: how one is checked (giving what would apply it), read, deleted and listed."""

    exists: Callable[[Org, str], bool]
    prepare: Callable[[Org, Component], Callable[[], None]]
    read: Callable[[Org, str], Component]
    delete: Callable[[Org, str], None]
    names: Callable[[Org], list[str]]
    missing: str


def save(org: Org, kind: Kind, component: Component, *, create: bool, update: bool) -> tuple[bool, Callable[[], None]]:
    """Check a component; whether it is new, and what applies it. Raises `RowRefusal`."""
    name = str(component.get("fullName") or "")
    there = kind.exists(org, name)
    if there and not update:
        raise _duplicate(name)
    if not there and not create:
        raise refused("INVALID_CROSS_REFERENCE_KEY", kind.missing)
    return not there, kind.prepare(org, component)


def _duplicate(name: str) -> RowRefusal:
    """The refusal to create what is there (SW13)."""
    parent, _, last = name.rpartition(".")
    if parent:
        return refused(
            "DUPLICATE_DEVELOPER_NAME", f"There is already a field named {last.removesuffix('__c')} on {parent}."
        )
    message = "The name you entered is already in use. Enter a unique name."
    return refused("DUPLICATE_DEVELOPER_NAME", message)


def refused(code: str, message: str, *fields: str) -> RowRefusal:
    """The refusal of one component."""
    return RowRefusal(RowError(code, message, fields))
