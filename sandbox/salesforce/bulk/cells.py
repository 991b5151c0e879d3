"""Rows as CSV, the way Bulk writes them: every cell quoted, dates ending in `.000Z`, doubles as Java prints them."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from sandbox.salesforce.bulk.job import Form
from sandbox.salesforce.schema import Field
from sandbox.salesforce.table import Row

_ROWS_AT_ONCE = 2_000
_PLAIN = (1e-3, 1e7)  # between these Java prints a double without an exponent
Cell = Callable[[Row], Any]


def cell(found: Field, get: Callable[[Row], Any]) -> Cell:
    """How a field of a row is written; None is an empty cell."""
    write = _WRITERS.get(found.type)
    if write is None:
        return get
    return lambda row: None if (value := get(row)) is None else write(value)


def double(number: float) -> str:
    """`41.0`, `0.05`, `1.39E8`."""
    if not number:
        return "0.0"
    if _PLAIN[0] <= abs(number) < _PLAIN[1]:
        return repr(float(number))
    sign, digits, _ = Decimal(repr(number)).normalize().as_tuple()
    exponent = Decimal(repr(number)).adjusted()
    first, *rest = map(str, digits)
    return f"{'-' if sign else ''}{first}.{''.join(rest) or '0'}E{exponent}"


def quoted(rows: Iterable[Sequence[Any]], form: Form) -> bytes:
    """Lines of which every cell is in quotes."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=form.comma, lineterminator=form.newline, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


async def lines(rows: Sequence[Row], names: Sequence[str], cells: Sequence[Cell], form: Form) -> AsyncIterator[bytes]:
    """A header and the rows, some thousand at a time, so that no answer is ever whole in memory."""
    yield quoted([names], form)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        yield quoted(([get(row) for get in cells] for row in rows[start : start + _ROWS_AT_ONCE]), form)


_WRITERS: dict[str, Callable[[Any], str]] = {
    "boolean": lambda value: "true" if value else "false",
    "datetime": lambda value: value.removesuffix("+0000") + "Z",  # SR32: REST ends these in +0000
    **dict.fromkeys(("double", "currency", "percent"), double),
}
