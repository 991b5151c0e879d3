"""What the control API is told, as JSON: members of an object, asked for by type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox import text
from sandbox.clock import LAST_YEAR

_FAR = 1e18
FIRST_YEAR = 1970


class ToldError(ValueError):
    """What was told does not say what it must: one line with what is wrong and how it is written."""


class Told:
    """A JSON object, member by member."""

    def __init__(self, members: object) -> None:
        if not isinstance(members, Mapping):
            raise ToldError(f"this must be a JSON object, not {members!r}")
        self._members: Mapping[str, Any] = members

    def only(self, known: Iterable[str]) -> None:
        """Refuse members that mean nothing here: a slip of the pen must not pass for an omission."""
        unknown = sorted(self._members.keys() - set(known))
        if unknown:
            raise ToldError(f"{unknown[0]!r} means nothing here; known are {', '.join(known)}")

    def word(self, name: str) -> str:
        """A text that is not empty."""
        value = self._members.get(name)
        if not isinstance(value, str) or not value:
            raise ToldError(f'"{name}" must be a text')
        return value

    def word_or_none(self, name: str) -> str | None:
        """The same, where it may be left out."""
        return None if self._members.get(name) is None else self.word(name)

    def words(self, name: str) -> list[str]:
        """A list of texts, at least one."""
        value = self._members.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
            raise ToldError(f'"{name}" must be a list of texts')
        return value

    def number(self, name: str) -> float:
        """A number."""
        value = self._members.get(name)
        # The JSON of Python knows NaN as well, and a whole number too large for a float.
        if isinstance(value, bool) or not isinstance(value, int | float) or not -_FAR < value < _FAR:
            raise ToldError(f'"{name}" must be a number, such as {{"{name}": 86400}}')
        return value

    def values(self) -> dict[str, Any]:
        """Under `values`: names of fields and their values."""
        value = self._members.get("values")
        if not isinstance(value, dict):
            raise ToldError('"values" must be an object of field names and values')
        return value

    def texts(self) -> dict[str, str]:
        """The same where every value is a text."""
        values = self.values()
        for name, value in values.items():
            if not isinstance(value, str):
                raise ToldError(f'"{name}" must be a text, as every value in HubSpot is, not {value!r}')
        return values

    def instant(self, name: str) -> datetime:
        """A time with its zone, ISO 8601."""
        example = "such as 2026-11-22T08:00:00Z"
        value = self._members.get(name)
        if not isinstance(value, str | datetime):
            raise ToldError(f'"{name}" must be a time with its zone, {example}')
        try:
            # TOML has times of its own.
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError as error:
            raise ToldError(f'"{name}" is not a time: {value!r}; write it {example}') from error
        if moment.tzinfo is None:
            raise ToldError(f'"{name}" has no zone: {value!r}; write it {example}')
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ToldError(f'"{name}" is not between {FIRST_YEAR} and {LAST_YEAR}: {value!r}')
        return moment

    def instant_or_none(self, name: str) -> datetime | None:
        """The same, where it may be left out."""
        return None if self._members.get(name) is None else self.instant(name)


def parsed(body: bytes) -> Any:
    """The JSON of a request's body."""
    try:
        return text.loads(body)
    except ValueError as error:
        raise ToldError(f"the body is not JSON: {error}") from error
