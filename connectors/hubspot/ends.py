"""Ends: what HubSpot answers about the associations of many records, decoded into slots."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from connectors.body import reader


class Kind(Struct, gc=False):
    """In which role a record stands at an end."""

    label: Any = None


class End(Struct, gc=False):
    """The other record of one association."""

    id: Any = field(name="toObjectId")
    kinds: list[Kind] | None = field(name="associationTypes", default=None)


class Start(Struct, gc=False):
    """The record whose associations were asked for."""

    id: Any


class Result(Struct, gc=False):
    """Associations of one record; a long list of them has a cursor of its own."""

    start: Start = field(name="from")
    to: list[End] | None = None
    paging: Any = None


class Ends(Struct, gc=False):
    """One answer."""

    results: list[Result] | None = None
    errors: list[Any] | None = None


read_ends: Callable[[bytes], Ends] = reader(Ends)
