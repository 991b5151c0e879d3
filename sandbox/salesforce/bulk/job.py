"""What query jobs and ingest jobs have in common: states, options of the CSV, the entry in a list of jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.moment import stamp

OPEN, UPLOADED, WORKING = "Open", "UploadComplete", "InProgress"
COMPLETE, ABORTED, FAILED = "JobComplete", "Aborted", "Failed"
ENDED = frozenset({COMPLETE, ABORTED, FAILED})
DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


@dataclass(frozen=True, slots=True)
class Form:
    """How the CSV of a job is written."""

    delimiter: str = "COMMA"
    line_ending: str = "LF"

    @property
    def comma(self) -> str:
        """What parts the cells."""
        return DELIMITERS[self.delimiter]

    @property
    def newline(self) -> str:
        """What ends a row."""
        return LINE_ENDINGS[self.line_ending]

    @classmethod
    def told(cls, body: Mapping[str, Any]) -> "Form":
        """From the body that creates a job; refused where the service knows no such option."""
        delimiter, line_ending = str(body.get("columnDelimiter", "COMMA")), str(body.get("lineEnding", "LF"))
        if body.get("contentType", "CSV") != "CSV":
            raise wrong("ContentType must be CSV")
        if delimiter not in DELIMITERS:
            raise wrong(f"ColumnDelimiter is invalid: {delimiter}")
        if line_ending not in LINE_ENDINGS:
            raise wrong(f"LineEnding is invalid: {line_ending}")
        return cls(delimiter, line_ending)


@dataclass(slots=True, kw_only=True)
class Job:
    """A job of either kind. `looks` counts the questions about it since its data were complete."""

    id: str
    operation: str
    object: str
    user_id: str
    version: str
    form: Form
    created: datetime
    state: str
    modified: datetime = field(init=False)
    uploaded: datetime | None = None
    looks: int = 0
    error: str | None = None

    def __post_init__(self) -> None:
        self.modified = self.created

    def turn(self, state: str, now: datetime) -> None:
        """Into another state."""
        self.state, self.modified = state, now
        if state == UPLOADED:
            self.uploaded = now

    def entry(self) -> dict[str, Any]:
        """The keys that every answer about a job has."""
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.user_id,
            "createdDate": stamp(self.created),
            "systemModstamp": stamp(self.modified),
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.form.line_ending,
            "columnDelimiter": self.form.delimiter,
        }

    def details(self) -> dict[str, Any]:
        """What a question about the job is answered beside the entry."""
        milliseconds = int((self.modified - (self.uploaded or self.created)).total_seconds() * 1000)
        details: dict[str, Any] = {"retries": 0, "totalProcessingTime": milliseconds}
        return details if self.error is None else details | {"errorMessage": self.error}

    def work(self, rows: int) -> bool:
        """Do some of it, `rows` at most; whether it is done."""
        raise NotImplementedError


def wrong(message: str) -> Refusal:
    """400 for what is wrong with a job as it was told."""
    return Refusal(400, "INVALIDJOB", message)


def wrong_state(message: str) -> Refusal:
    """400 for what cannot be done with a job as it stands."""
    return Refusal(400, "INVALIDJOBSTATE", message)
