"""An ingest job: the CSV it was given, worked off in chunks of 200 rows, and what became of each row."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sandbox.salesforce.bulk.cells import quoted
from sandbox.salesforce.bulk.job import OPEN, Job
from sandbox.salesforce.errors import RowError, RowRefusal

OPERATIONS = frozenset({"insert", "update", "upsert", "delete"})
CHUNK = 200  # rows that the service saves in one transaction
PER_BATCH = 10_000  # rows in one batch, as the daily allowance counts them
MOST_BYTES = 150_000_000  # after the service has turned the upload into base64
_NULL = "#N/A"
_LONGEST_CELL = 1 << 30

Values = dict[str, Any]
Save = Callable[[Sequence[Values]], list[tuple[str, bool] | RowError]]
"""Saves a chunk: for each row its id and whether it is new, or why it was refused."""
Check = Callable[[Sequence[str]], str | None]
"""What is wrong with the columns, if anything."""


@dataclass(slots=True, kw_only=True)
class IngestJob(Job):
    """`save` and `check` know the org and the user; the results are kept as the CSV they will be asked for in."""

    save: Save = field(repr=False)
    check: Check = field(repr=False)
    key: str | None = None
    body: bytes | None = field(default=None, repr=False)
    processed: int = 0
    failed: int = 0
    header: list[str] = field(default_factory=list)
    successful_rows: list[bytes] = field(default_factory=list, repr=False)
    failed_rows: list[bytes] = field(default_factory=list, repr=False)
    _rows: Iterator[list[str]] | None = field(default=None, repr=False)

    def entry(self) -> dict[str, Any]:
        """The entry, with the place for the upload while it is open."""
        entry = Job.entry(self)
        if self.key is not None:
            entry["externalIdFieldName"] = self.key
        if self.state == OPEN:
            entry["contentUrl"] = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        return entry

    def details(self) -> dict[str, Any]:
        """How many rows were worked off, and how many of them failed."""
        times = {"apiActiveProcessingTime": 0, "apexProcessingTime": 0}
        counts = {"numberRecordsProcessed": self.processed, "numberRecordsFailed": self.failed}
        return {"jobType": "V2Ingest", **Job.details(self), **times, **counts}

    def begin(self) -> int:
        """Read the upload, which is complete: `error` says what is wrong; how many batches of the day it takes."""
        text, self.error = _text(self.body or b"", self.form.line_ending)
        if self.error is not None:
            return 1
        csv.field_size_limit(_LONGEST_CELL)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=self.form.comma)
        self.header = next(rows, [])
        self.error = self.check(self.header)
        self._rows = (row for row in rows if row)  # empty lines say nothing
        return max(1, -(-text.count("\n") // PER_BATCH))

    def work(self, rows: int) -> bool:
        """Chunks end in any order, and so do their results: here the last one comes first (SW17)."""
        if self.error is not None or self._rows is None:
            return True
        successful: list[bytes] = []
        failed: list[bytes] = []
        done = False
        for _ in range(max(1, rows // CHUNK)):
            try:
                chunk = list(islice(self._rows, CHUNK))
            except csv.Error as error:
                self.error = f"InvalidBatch : Failed to parse CSV: {error}"
                return True
            if not chunk:
                done = True
                break
            good, bad = self._save(chunk)
            successful.append(good)
            failed.append(bad)
        self.successful_rows.extend(part for part in reversed(successful) if part)
        self.failed_rows.extend(part for part in reversed(failed) if part)
        return done

    def unprocessed(self) -> Iterator[bytes]:
        """The rows that were not worked off, as they were sent."""
        yield _plain([self.header], self.form.comma, self.form.newline)
        rows, self._rows = list(self._rows or ()), None
        self._rows = iter(rows)
        yield _plain(rows, self.form.comma, self.form.newline)

    def titles(self, *own: str) -> bytes:
        """The first line of results: the service's columns are quoted, yours come back as sent."""
        marks = self.form.comma.join(f'"{name}"' for name in own)
        line = _plain([self.header], self.form.comma, self.form.newline)
        return marks.encode() + self.form.comma.encode() + line if self.header else marks.encode()

    def _save(self, chunk: list[list[str]]) -> tuple[bytes, bytes]:
        good: list[list[str]] = []
        bad: list[list[str]] = []
        whole = [row for row in chunk if len(row) == len(self.header)]
        outcomes = iter(self.save([self._values(row) for row in whole]))
        for row in chunk:
            wrong = RowError("INVALID_CSV", f"{len(row)} cells in a row of {len(self.header)} columns")
            outcome = next(outcomes) if len(row) == len(self.header) else wrong
            if isinstance(outcome, RowError):
                bad.append([self._sent_id(row), _told(outcome), *row])
            else:
                good.append([outcome[0], "true" if outcome[1] else "false", *row])
        self.processed += len(chunk)
        self.failed += len(bad)
        return quoted(good, self.form), quoted(bad, self.form)

    def _values(self, row: list[str]) -> Values:
        """SW06: an empty cell says nothing, `#N/A` says null."""
        return {name: None if value == _NULL else value for name, value in zip(self.header, row, strict=True) if value}

    def _sent_id(self, row: list[str]) -> str:
        return next((value for name, value in zip(self.header, row, strict=False) if name.lower() == "id"), "")


def outcome_of(save: Callable[[Values], tuple[str, bool]], values: Values) -> tuple[str, bool] | RowError:
    """What became of one row."""
    try:
        return save(values)
    except RowRefusal as refused:
        return refused.error


def _text(body: bytes, line_ending: str) -> tuple[str, str | None]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "", "InvalidBatch : Failed to parse CSV: the data are not UTF-8"
    if not text.strip():
        return "", "InvalidBatch : Failed to parse CSV: no header row"
    first = text.split("\n", 1)
    if len(first) > 1 and first[0].endswith("\r") != (line_ending == "CRLF"):
        return "", f"InvalidBatch : LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
    return text, None


def _told(error: RowError) -> str:
    fields = f"{','.join(error.fields)} " if error.fields else ""
    return f"{error.code}:{error.message}:{fields}--"


def _plain(rows: Sequence[Sequence[str]], comma: str, newline: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=comma, lineterminator=newline).writerows(rows)
    return text.getvalue().encode()
