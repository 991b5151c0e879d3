"""Bulk API 2.0 ingest jobs: updates at volume, each matched with its own result (SW15, SW16, SW17)."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO, Any

from connectors.clock import Time
from connectors.errors import Fatal, OutOfTime, Unreachable
from connectors.http import Refused
from connectors.protocol import FieldSet, Outcome, OutcomeKind, Progress, Update
from connectors.redaction import Redactor
from connectors.salesforce.answers import judge_row
from connectors.salesforce.ids import id18, identify
from connectors.salesforce.names import field_name
from connectors.salesforce.outbox import Outbox
from connectors.salesforce.session import CSV, Session
from connectors.salesforce.sheet import cell, read_sheet, write_rows
from connectors.salesforce.volume import Volume
from connectors.validity import invalid

MOST_BYTES = 100_000_000  # of one job: 150 MB after base64 is the service's own limit
_ROWS = 500  # written to the file at a time
_ARRANGE_FROM = 20_000  # rows from which it pays to ask who hangs on which account: two batches of a job and more
_WAIT = 4 * 3600.0  # seconds that a job may take
_DUPLICATE = "DUPLICATES_DETECTED"
_RUNNING = ("Open", "UploadComplete", "InProgress")

Resend = Callable[[Sequence[Update]], Iterator[Outcome]]


class BulkWriter:
    """Writes by ingest jobs. Memory holds a piece of a job; the rest is on the disk."""

    def __init__(
        self,
        session: Session,
        progress: Progress,
        volume: Volume,
        *,
        time: Time,
        most_bytes: int = MOST_BYTES,
        save_duplicates: bool = False,
    ) -> None:
        self._session = session
        self._progress = progress
        self._volume = volume
        self._time = time
        self._most = most_bytes
        self._again = {_DUPLICATE} if save_duplicates else set()  # SW07: REST can save them
        self._redact = Redactor(())

    def write(
        self, fields: FieldSet, updates: Iterable[Update], resend: Resend, *, parent: str | None
    ) -> Iterator[Outcome]:
        """One outcome per update. `resend` writes in small batches what may fare better there (SW03, SW08).

        `parent` is the look-up whose target our update locks, where there is one.
        """
        self._await_earlier(fields.object)
        with Outbox() as outbox:
            count = 0
            for update in updates:
                id_ = identify(update.id)
                if id_ is None:
                    reason = "This cannot be a record id; nothing was sent."
                    yield Outcome(update.id, OutcomeKind.INVALID, "INVALID_ID", reason)
                elif refusal := invalid(fields, update):
                    yield refusal
                elif replaced := outbox.put(id_, update):
                    yield replaced
                else:
                    count += 1
            if parent and count >= _ARRANGE_FROM:
                outbox.near(self._parents(fields.object, parent))
            outbox.arrange()
            place = 1
            while True:
                with tempfile.TemporaryFile() as file:
                    following = self._fill(file, fields, outbox, place)
                    if following == place:
                        return
                    job, state = self._run(fields.object, file)
                yield from self._outcomes(job, outbox, resend)
                yield from self._left(job, state, outbox, (place, following), resend)
                self._progress.put(_key(fields.object), None)
                place = following

    def _parents(self, sobject: str, parent: str) -> Iterator[tuple[str, str]]:
        soql = f"SELECT Id, {parent} FROM {sobject}"  # noqa: S608 - names that a describe gave us
        for header, rows in self._volume.rows(soql):
            id_at, parent_at = header.index("Id"), header.index(parent)
            yield from ((id18(row[id_at]), row[parent_at]) for row in rows if row[parent_at])

    def _fill(self, file: IO[bytes], fields: FieldSet, outbox: Outbox, place: int) -> int:
        """Write rows from `place` on until the job is full; the place after the last."""
        names = [spec.name for spec in fields.fields]
        file.write(write_rows([["Id", *(field_name(fields.prefix, name) for name in names)]]))
        rows: list[list[str]] = []
        for waiting in outbox.waiting(place):
            values = waiting.update.values
            # SW06: an empty cell leaves the field alone, `#N/A` clears it.
            rows.append([waiting.id, *(cell(values[name]) if name in values else "" for name in names)])
            place = waiting.place + 1
            if len(rows) == _ROWS:
                file.write(write_rows(rows))
                rows = []
                if file.tell() > self._most - 4_000_000:  # less than the next rows could need
                    break
        file.write(write_rows(rows))
        return place

    def _run(self, sobject: str, file: IO[bytes]) -> tuple[str, str]:
        """One job to its end: its id and last state."""
        body = json.dumps({"object": sobject, "operation": "update", "contentType": "CSV", "lineEnding": "LF"})
        job = str(self._session.ask("POST", "jobs/ingest", body=body.encode())["id"])
        self._progress.put(_key(sobject), job)  # SW16: before anything is uploaded
        with suppress(Refused):  # sent twice after a timeout: the first one counts, and its results will say so
            self._session.send("PUT", f"jobs/ingest/{job}/batches", body=file, content=CSV)
        with suppress(Refused):  # likewise
            self._session.send("PATCH", f"jobs/ingest/{job}", body=b'{"state": "UploadComplete"}')
        state = self._end(job)
        if state["state"] == "Failed" and "InvalidBatch" in str(state.get("errorMessage")):
            said = self._redact(str(state["errorMessage"]))
            raise Fatal(f"Salesforce, ingest job {job}: {said}; run `bonus-malus fields apply`")
        return job, str(state["state"])

    def _end(self, job: str) -> dict[str, Any]:
        """Ask until the job is over (SW15: a blip while asking is a retry of the question, nothing else)."""
        waited, wait = 0.0, 1.0
        while True:
            state: dict[str, Any] = self._session.ask("GET", f"jobs/ingest/{job}")
            if state["state"] == "Open":
                raise Unreachable(f"Salesforce, ingest job {job}: the upload was not taken; the next run writes again")
            if state["state"] not in _RUNNING:
                return state
            if waited + wait > _WAIT:
                raise OutOfTime(f"Salesforce, ingest job {job}: not done in {waited / 3600:.1f} h")
            self._time.sleep(wait)
            waited, wait = waited + wait, min(wait * 1.5, 60.0)

    def _outcomes(self, job: str, outbox: Outbox, resend: Resend) -> Iterator[Outcome]:
        """What the results say, row by row, in whatever order they come (SW17)."""
        for row in self._results(job, "successfulResults"):
            if update := outbox.settle(id18(row["sf__Id"])):
                yield Outcome(update.id, OutcomeKind.WRITTEN)
        again: list[Update] = []
        for row in self._results(job, "failedResults"):
            update = outbox.settle(id18(row.get("Id") or row.get("sf__Id") or ""))
            if update is None:
                continue
            code, _, message = row["sf__Error"].partition(":")
            kind, sentence, shrink = judge_row(code)
            if shrink or code in self._again:
                again.append(update)
            else:
                yield Outcome(update.id, kind, code, f"{sentence} [{self._redact(message)}]")
            if len(again) == _ROWS:
                yield from resend(again)
                again = []
        yield from resend(again)

    def _left(self, job: str, state: str, outbox: Outbox, places: tuple[int, int], resend: Resend) -> Iterator[Outcome]:
        """Rows that no result names, and those the job did not come to: never silently written (SW17)."""
        again: list[Update] = []
        for waiting in outbox.waiting(*places):
            if state == "Aborted":
                reason = f"Somebody aborted the job {job} in the org; the next run writes it."
                yield Outcome(waiting.update.id, OutcomeKind.RETRY, "ABORTED", reason)
                continue
            again.append(waiting.update)
            if len(again) == _ROWS:
                yield from resend(again)
                again = []
        yield from resend(again)

    def _results(self, job: str, kind: str) -> Iterator[dict[str, str]]:
        with tempfile.TemporaryFile() as file:
            self._session.send("GET", f"jobs/ingest/{job}/{kind}", accept=CSV, into=file)
            rows = read_sheet(file)
            header = next(rows, [])
            for row in rows:
                yield dict(zip(header, row, strict=False))

    def _await_earlier(self, sobject: str) -> None:
        """A job of a run that died may still be writing: it must not come after ours with older values (SW16, SW20)."""
        job = self._progress.get(_key(sobject))
        if job is None:
            return
        with suppress(Refused):  # gone after seven days
            state = self._session.ask("GET", f"jobs/ingest/{job}")
            if state["state"] == "Open":
                self._session.send("PATCH", f"jobs/ingest/{job}", body=b'{"state": "Aborted"}')
            elif state["state"] in _RUNNING:
                self._end(job)
        self._progress.put(_key(sobject), None)


def _key(sobject: str) -> str:
    return f"salesforce/ingest/{sobject}"
