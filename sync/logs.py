"""Structured logs: what happened, in words that never change, with ids and numbers only; never a name or an address."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

PLAIN = "%(asctime)s %(levelname)s %(name)s %(message)s"
SCHEDULER = "apscheduler"  # of which errors alone are sent: that a job was skipped is told by `cli.schedule`
LOGGERS = ("sync", "connectors", "cli", SCHEDULER)  # of which a process sends its logs
OURS = ("run", "kind", "state", "connection", "job", "alert", "way", "records", "calls", "seconds")


class JsonLines(logging.Formatter):
    """One JSON object per record: time, level, logger, message, and what was given with it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        return json.dumps(said | _given(record), ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """The same as a line of text: what was given comes last."""

    def __init__(self) -> None:
        super().__init__(PLAIN)

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        record.message, record.asctime = record.getMessage(), self.formatTime(record)
        return " ".join([self.formatMessage(record), *(f"{name}={value}" for name, value in _given(record).items())])


def _given(record: logging.LogRecord) -> dict[str, Any]:
    """What of `OURS` was given as `extra`, and the kind of an error: a traceback may hold a customer's values."""
    given = {name: getattr(record, name) for name in OURS if hasattr(record, name)}
    if record.exc_info and record.exc_info[0] is not None:
        given["error"] = record.exc_info[0].__name__
    return given


def configure(*, as_json: bool, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send this process's logs to `stream` (default: standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    formatter = JsonLines() if as_json else PlainLines()
    handler.setFormatter(formatter)
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(logging.ERROR if name == SCHEDULER else level)
        logger.propagate = False
