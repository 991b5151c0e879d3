"""Rows: what REST answers to a query, decoded into slots; `attributes`, and what was not asked for, is passed over."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from msgspec import Struct, defstruct, field
from msgspec.structs import astuple

from connectors.body import reader

R = TypeVar("R")


class Answer(Struct, Generic[R], gc=False):
    """A page of rows, and where the next one is."""

    records: list[R]
    done: bool
    total: int = field(name="totalSize", default=0)
    following: str = field(name="nextRecordsUrl", default="")


read_children: Callable[[bytes], Answer[dict[str, Any]]] = reader(Answer[dict[str, Any]])


@cache
def rows_of(names: tuple[str, ...]) -> Callable[[bytes], Answer[Struct]]:
    """How to read rows of these names, each None where a row does not have it; names of look-ups hold dictionaries."""
    row = defstruct("Row", [(name, Any, None) for name in names], gc=False)
    return reader(Answer[row])  # type: ignore[valid-type] # made above


def columns_of(rows: Sequence[Struct]) -> Mapping[str, Sequence[Any]]:
    """Rows, of which there is one at least, by column."""
    return dict(zip(rows[0].__struct_fields__, zip(*map(astuple, rows), strict=True), strict=True))
