"""Bulk API 2.0 query jobs: a result of any size, page by page, taken up again after a restart (SR18, SR19)."""

import csv
import json
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from connectors.clock import Time
from connectors.columns import PIECE
from connectors.errors import CrmError, NotPermitted, OutOfTime, Unreachable
from connectors.http import Action, Answer, Refused, Transient, Verdict
from connectors.protocol import Progress
from connectors.salesforce.answers import judge
from connectors.salesforce.session import CSV, Session
from connectors.salesforce.sheet import read_sheet

PAGE = 25_000  # rows of one result page, held in memory as they came
CHUNK = 1_000  # rows handed over at a time: with all that is made of them, what fits the processor's cache
_KEPT = timedelta(days=6)  # results live seven days
_WAIT = 4 * 3600.0  # seconds of one run that a job may take; the next run goes on waiting for the same job
_TRIES = 3  # for a page with fewer rows than it says

Rows = Sequence[list[str]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """A query job as it is kept between runs: which, made when and with which API version, and how far it was read."""

    id: str
    version: str  # a locator answers 409 to any other
    made: str
    end: str  # of the window it reads
    locator: str = ""
    read: int = 0

    @classmethod
    def parse(cls, text: str) -> "Job | None":
        """A job as it was kept; None for what is none."""
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError):
            return None

    def text(self) -> str:
        """To be kept."""
        return json.dumps(asdict(self))


class BulkQuery:
    """Runs query jobs; `Progress` keeps the one that is under way for each key."""

    def __init__(self, session: Session, progress: Progress, *, time: Time, version: str) -> None:
        self._session = session
        self._progress = progress
        self._time = time
        self._version = version

    def held(self, key: str) -> Job | None:
        """The job under way for `key`, if the org still has it."""
        job = Job.parse(self._progress.get(key) or "")
        if job is None or self._time.now() - datetime.fromisoformat(job.made) > _KEPT:
            return None
        try:
            state = self._state(job)
        except Refused:  # deleted, or another org
            return None
        return None if state["state"] in ("Failed", "Aborted") else job

    def create(self, key: str, soql: str, *, end: str, deleted: bool = True) -> Job:
        """A new job; raises `Refused` for a query that the Bulk API does not take (SR16)."""
        body = json.dumps({"operation": "queryAll" if deleted else "query", "query": soql}).encode()
        made = self._session.ask("POST", "jobs/query", body=body)
        job = Job(str(made["id"]), self._version, self._time.now().isoformat(), end)
        self._progress.put(key, job.text())
        return job

    def pages(self, key: str, job: Job, read: Callable[[list[str], Rows], T]) -> Iterator[Sequence[T]]:
        """What `read` makes of header and some rows, from where the job was left, some pieces at a time.

        The place is kept when the caller comes back for more.

        Raises:
            Refused: the query itself failed in the org (a field gone, or too slow).
            OutOfTime: the job still runs; the next run finds it.
            Unreachable: fewer rows came than the org says there are.
        """
        total = self._finished(key, job)
        while job.locator != "null":
            job = yield from self._page(job, read)
            self._progress.put(key, job.text())
        if total is not None and job.read != total:
            self._progress.put(key, None)
            raise Unreachable(
                f"Salesforce, query job {job.id}: {job.read} rows came of {total}; the next run reads this window again"
            )
        self._forget(key, job)

    def _page(self, job: Job, read: Callable[[list[str], Rows], T]) -> Generator[Sequence[T], None, Job]:
        params = {"maxRecords": str(PAGE)} | ({"locator": job.locator} if job.locator else {})
        for attempt in range(_TRIES):
            answer = self._session.send(
                "GET", f"jobs/query/{job.id}/results", params=params, accept=CSV, version=job.version
            )
            said = answer.headers.get("Sforce-NumberOfRecords", "")
            count, whole = 0, True
            try:
                rows = read_sheet(answer.content)
                header = next(rows, [])
                made: list[T] = []
                for piece in _pieces(rows, len(header)):
                    count += len(piece)
                    made.append(read(header, piece))
                    if len(made) * PIECE >= CHUNK:
                        yield made
                        made = []
                if made:
                    yield made
            except (UnicodeDecodeError, csv.Error):  # cut in the middle of a letter or of a cell
                whole = False
            if whole and (not said.isdecimal() or int(said) == count):
                following = answer.headers.get("Sforce-Locator", "null")
                if following == job.locator:
                    raise Unreachable(f"Salesforce, query job {job.id}: the same locator came twice")
                return replace(job, locator=following or "null", read=job.read + count)
            self._time.sleep(2.0**attempt)
        raise Unreachable(f"Salesforce, query job {job.id}: a page of {said} rows came with {count}, {_TRIES} times")

    def _finished(self, key: str, job: Job) -> int | None:
        """Wait for the end of the job; how many rows it has, None where it does not say."""
        waited, wait = 0.0, 1.0
        while True:
            state = self._state(job)
            match state["state"]:
                case "JobComplete":
                    total = state.get("numberRecordsProcessed")
                    return None if total is None else int(total)
                case "Failed" | "Aborted":
                    self._progress.put(key, None)
                    raise _failure(job, str(state.get("errorMessage") or state["state"]))
            if waited + wait > _WAIT:
                raise OutOfTime(
                    f"Salesforce, query job {job.id}: not ready in {waited / 3600:.1f} h; the next run goes on with it"
                )
            self._time.sleep(wait)
            waited, wait = waited + wait, min(wait * 1.5, 60.0)

    def _state(self, job: Job) -> dict[str, Any]:
        state: dict[str, Any] = self._session.ask("GET", f"jobs/query/{job.id}", version=job.version)
        return state

    def _forget(self, key: str, job: Job) -> None:
        self._progress.put(key, None)
        try:
            self._session.send("DELETE", f"jobs/query/{job.id}", version=job.version)
        except CrmError:  # it deletes itself after seven days; what was read is read
            return


def _pieces(rows: Iterator[list[str]], width: int) -> Iterator[list[list[str]]]:
    """Rows some at a time; raises `csv.Error` where one is wider or narrower than the header."""
    while piece := list(islice(rows, PIECE)):
        if len(piece[-1]) != width:  # cut in the middle of the row
            piece.pop()
        if set(map(len, piece)) - {width}:
            raise csv.Error("a row is not as wide as the header")
        yield piece


def _failure(job: Job, message: str) -> CrmError:
    """A failed job's words as the error that a call with these words would be."""
    code = next((word for word in _CODES if word in message.replace(" ", "_").upper()), "")
    answer = Answer(400, code, message)
    verdict = judge(answer)
    where = f"Salesforce, query job {job.id}: {verdict.sentence} [{message}]"
    if verdict.action is Action.NOT_PERMITTED:
        return NotPermitted(where)
    if verdict.action is Action.RETRY or not code:
        return Transient(where)
    return Refused(where, answer, Verdict(verdict.action, verdict.sentence))


_CODES = ("INVALID_FIELD", "QUERY_TIMEOUT", "OPERATION_TOO_LARGE", "TXN_SECURITY_METERING_ERROR")
