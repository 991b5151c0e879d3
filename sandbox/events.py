"""Something that happens in a CRM, told as plain JSON: how time brings orders, decisions and merges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.clock import instant

if TYPE_CHECKING:
    from sandbox.app import World

Happening = Callable[["World", "_Told"], object]


def apply(world: World, event: object) -> str:
    """Let one event happen; the id of its record (of the survivor after a merge).

    An event is `{"crm": …, "do": …, "object": …, "id": …, "values": {…}, "at": …}`; which of them an act needs stands
    in the table below. Raises ValueError with one line that says what is wrong.
    """
    told = _Told(event)
    crm = told.word("crm")
    if crm not in _ACTS:
        raise ValueError(f'"crm" is one of {", ".join(_ACTS)}, not {crm!r}')
    do = told.word("do")
    if do not in _ACTS[crm]:
        raise ValueError(f"{crm} knows {', '.join(_ACTS[crm])}, not {do!r}")
    needs, act = _ACTS[crm][do]
    told.refuse_unknown({"crm", "do", *needs})
    try:
        done = act(world, told)
    except LookupError as error:
        raise ValueError(f"there is no {error}") from error
    return done if isinstance(done, str) else told.word("id")


class _Told:
    """The members of one event, asked for by type."""

    def __init__(self, event: object) -> None:
        if not isinstance(event, Mapping):
            raise ValueError(f"an event is a JSON object, not {event!r}")
        self._event: Mapping[str, Any] = event

    def refuse_unknown(self, known: set[str]) -> None:
        unknown = sorted(set(self._event) - known)
        if unknown:
            raise ValueError(
                f"nothing is known of {', '.join(map(repr, unknown))}; it takes {', '.join(sorted(known))}"
            )

    def word(self, name: str) -> str:
        value = self._event.get(name)
        if not isinstance(value, str) or not value:
            raise ValueError(f'"{name}" must be a text')
        return value

    def word_or_none(self, name: str) -> str | None:
        return None if self._event.get(name) is None else self.word(name)

    def words(self, name: str) -> list[str]:
        value = self._event.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise ValueError(f'"{name}" must be a list of texts')
        return value

    def values(self) -> dict[str, Any]:
        value = self._event.get("values")
        if not isinstance(value, dict):
            raise ValueError('"values" must be an object of field names and values')
        return value

    def at(self) -> datetime | None:
        return None if self._event.get("at") is None else instant(self._event["at"], "at")


_Acts = Mapping[str, tuple[tuple[str, ...], Happening]]

_SALESFORCE: _Acts = {
    "insert": (
        ("object", "values", "id", "at"),
        lambda world, told: world.org.insert(
            told.word("object"), told.values(), id=told.word_or_none("id"), at=told.at()
        ),
    ),
    "update": (
        ("object", "id", "values", "at"),
        lambda world, told: world.org.update(told.word("object"), told.word("id"), told.values(), at=told.at()),
    ),
    "delete": (("object", "id"), lambda world, told: world.org.delete(told.word("object"), told.word("id"))),
    "undelete": (("object", "id"), lambda world, told: world.org.undelete(told.word("object"), told.word("id"))),
    "merge": (
        ("object", "id", "losers"),
        lambda world, told: world.org.merge(told.word("object"), told.word("id"), told.words("losers")),
    ),
}
_HUBSPOT: _Acts = {
    "create": (
        ("object", "values", "id", "at"),
        lambda world, told: world.portal.create(
            told.word("object"), told.values(), id=told.word_or_none("id"), at=told.at()
        ),
    ),
    "update": (
        ("object", "id", "values", "at"),
        lambda world, told: world.portal.update(told.word("object"), told.word("id"), told.values(), at=told.at()),
    ),
    "archive": (("object", "id"), lambda world, told: world.portal.archive(told.word("object"), told.word("id"))),
    "restore": (("object", "id"), lambda world, told: world.portal.restore(told.word("object"), told.word("id"))),
    "merge": (
        ("object", "id", "other"),
        lambda world, told: world.portal.merge(told.word("object"), told.word("id"), told.word("other")),
    ),
    "associate": (
        ("object", "id", "to_object", "to_id", "label"),
        lambda world, told: world.portal.associate(
            told.word("object"),
            told.word("id"),
            told.word("to_object"),
            told.word("to_id"),
            label=told.word_or_none("label"),
        ),
    ),
    "gdpr_delete": (("id",), lambda world, told: world.portal.gdpr_delete(told.word("id"))),
}
_ACTS: Mapping[str, _Acts] = {"salesforce": _SALESFORCE, "hubspot": _HUBSPOT}
