"""Columns: one field of all rows of a page, typed at once; a value at a time costs several times as much.

What stands in one column is nearly always right as a whole, so it is tried as a whole, and one by one where that fails:
both ways give the same values. Pages are made in pieces that fit the processor's cache, which alone halves the time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from itertools import chain, repeat
from operator import attrgetter, itemgetter, methodcaller
from types import NoneType
from typing import Any, TypeAlias

from connectors.protocol import Page
from connectors.values import as_date, as_instant, as_number
from scoring.records import NOTHING, Record, Value

PIECE = 200  # rows

One: TypeAlias = Callable[[Any], Value]
Whole: TypeAlias = Callable[[Sequence[Any]], Sequence[Value]]

_TEXT = frozenset({str, NoneType})
_DATE = len("2026-11-22")
# `Record._make` without its Python frame, which would cost more than making the record.
_record: Callable[[Iterable[Any]], Record] = partial(tuple.__new__, Record)
_is_finite = methodcaller("is_finite")
_zone = attrgetter("tzinfo")


def fields(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    """One field of each row, None where a row does not have it."""
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [row.get(name) for row in rows]


def words(column: Sequence[Any]) -> Sequence[str]:
    """What are nearly always texts, as texts."""
    return column if set(map(type, column)) == {str} else list(map(str, column))


def numbers(texts: Sequence[str]) -> Sequence[Value]:
    """Numbers; raises `ArithmeticError` or `ValueError` where not all of them are."""
    found = list(map(Decimal, texts))
    if not all(map(_is_finite, found)):
        raise ValueError("not all are numbers")
    return found


def dates(texts: Sequence[str]) -> Sequence[Value]:
    """Civil dates; raises `ValueError` where not all of them are written `YYYY-MM-DD`."""
    # The other forms that Python reads are shorter, or have the W of a week.
    if set(map(len, texts)) != {_DATE} or "W" in "".join(texts):
        raise ValueError("not all are dates")
    return list(map(date.fromisoformat, texts))


def instants(texts: Sequence[str]) -> Sequence[Value]:
    """Instants; raises `ValueError` where not all of them are written in UTC."""
    found = list(map(datetime.fromisoformat, texts))
    if set(map(_zone, found)) != {UTC}:
        raise ValueError("not all are in UTC")
    return found


def texts(found: Sequence[Any]) -> Sequence[str]:
    """Texts as they are; raises `TypeError` where not all of them are."""
    if set(map(type, found)) != {str}:
        raise TypeError("not all are texts")
    return found


def choices(known: Mapping[Any, Value]) -> Whole:
    """A few texts and what each stands for; raises `LookupError` where another one comes."""
    return lambda found: list(map(known.__getitem__, found))


# How to type a whole column of what one of these types.
WHOLE: Mapping[One, Whole] = {as_number: numbers, as_date: dates, as_instant: instants}


def typed(column: Sequence[Any], one: One, whole: Whole | None) -> Sequence[Value]:
    """A column as `one` types each of its values; None stays None."""
    kinds = set(map(type, column))
    if one is str and kinds <= _TEXT:
        return column
    given = [raw for raw in column if raw is not None] if NoneType in kinds else column
    found: Sequence[Value]
    try:
        found = whole(given) if whole and given else list(map(one, given))
    except (ValueError, ArithmeticError, LookupError, TypeError):
        found = list(map(one, given))
    if len(given) == len(column):
        return found
    rest = iter(found)
    return [None if raw is None else next(rest) for raw in column]


def by_row(columns: Mapping[str, Sequence[Value]], count: int) -> Iterable[Mapping[str, Value]]:
    """The values of each of `count` rows by name."""
    if not columns:
        return repeat(NOTHING, count)
    # Copies of one blank form, filled in a column at a time, cost two thirds of dictionaries that grow.
    blank: dict[str, Value] = dict.fromkeys(columns)
    rows = [blank.copy() for _ in range(count)]
    for name, column in columns.items():
        for row, value in zip(rows, column, strict=True):
            row[name] = value
    return rows


def records(
    object_: str,
    ids: Sequence[str],
    modified: Sequence[Any],
    values: Mapping[str, Sequence[Value]],
    *,
    ours: Mapping[str, Sequence[Value]],
    links: Iterable[Mapping[str, Any]] | None = None,
    deleted: Iterable[bool] = repeat(False),
    merged: Iterable[str | None] = repeat(None),
) -> list[Record]:
    """One record per id, of columns as long as `ids`."""
    return list(
        map(
            _record,
            zip(
                repeat(object_, len(ids)),
                ids,
                modified,
                by_row(values, len(ids)),
                repeat(NOTHING) if links is None else links,
                by_row(ours, len(ids)),
                deleted,
                merged,
                strict=False,  # some repeat without end
            ),
        )
    )


def joined(pieces: Iterable[Page]) -> Page:
    """Pieces of a page as one."""
    held = list(pieces)
    if len(held) == 1:
        return held[0]
    return Page(
        tuple(chain.from_iterable(piece.records for piece in held)),
        tuple(chain.from_iterable(piece.problems for piece in held)),
    )
