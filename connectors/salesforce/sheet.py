"""Sheets: CSV as the Bulk API sends and takes it, cell by cell (SR17)."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO

from connectors.protocol import Clear
from connectors.values import instant_text, number_text
from scoring.records import Malformed, Value

CLEARED = "#N/A"  # SW06: an empty cell leaves the field alone


def read_sheet(body: bytes | IO[bytes]) -> Iterator[list[str]]:
    """Rows of cells, the header first; of bytes, or of a file from its beginning.

    Line breaks inside cells stay what they are, whatever Unicode calls a line is none, NUL bytes are dropped, and a
    cell may be as long as it likes. Raises `UnicodeDecodeError` and `csv.Error` where they are cut.
    """
    csv.field_size_limit(sys.maxsize)  # one setting of the whole process, and the one that refuses nothing
    if isinstance(body, bytes):
        body = io.BytesIO(body.replace(b"\0", b"") if b"\0" in body else body)
    body.seek(0)
    return csv.reader(io.TextIOWrapper(body, encoding="utf-8-sig", newline=""), strict=True)


def write_rows(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as UTF-8 CSV with LF, as an ingest job without `lineEnding` expects them."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def cell(value: Value | Clear) -> str:
    """A value as an ingest job takes it; `#N/A` clears (SW06, HW09: plain digits)."""
    if isinstance(value, Clear) or value is None:
        return CLEARED
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Malformed):
        raise TypeError("a malformed value is never written")
    return value
