"""What can be wrong with a ledger: the one line that says why and what to do now.

::

    LedgerError         a person must act: settings, permissions, disk, another version
    └── LedgerBusy      nothing to do: the next run goes on where this one stopped
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError


class LedgerError(Exception):
    """The ledger cannot be used; the one line says why and what to do."""


class LedgerBusy(LedgerError):
    """The ledger cannot be used just now; the next run finds everything as the last whole step left it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a database says and what it means: `code` begins SQLite's error name or PostgreSQL's SQLSTATE."""

    code: str
    what: str
    cure: str
    passes: bool = False


TROUBLES = (
    Trouble("SQLITE_FULL", "the disk is full", "make room and run again"),
    Trouble("SQLITE_BUSY", "another process has been writing it for 30 seconds", "run again when it has ended", True),
    Trouble("SQLITE_LOCKED", "another process has been writing it", "run again when it has ended", True),
    Trouble("SQLITE_READONLY", "it may not be written", "let this user write the file and its folder"),
    Trouble("SQLITE_CANTOPEN", "it cannot be opened", "correct the path, or let this user write there"),
    Trouble("SQLITE_NOTADB", "the file is no SQLite database", "correct the path, or put a backup back"),
    Trouble("SQLITE_CORRUPT", "the file is damaged", "put a backup back; nothing but the ledger is lost with it"),
    Trouble("SQLITE_IOERR", "the disk fails or is full", "look after the disk, then run again"),
    Trouble("53100", "the server's disk is full", "make room there and run again"),
    Trouble("53", "the server is short of connections or memory", "run again later", True),
    Trouble("55P03", "somebody else holds a lock on it", "run again when they have ended", True),
    Trouble("40", "the server broke a deadlock at our cost", "run again", True),
    Trouble("57P", "the server is going down or coming up", "run again when it answers", True),
    Trouble("08", "the server does not answer any more", "run again when it answers", True),
    Trouble("25006", "this server is a read-only copy", "name the primary server in the settings"),
    Trouble("28", "the server refuses this user or password", "correct the URL in the settings"),
    Trouble("3D000", "the server has no such database", "create it: createdb NAME"),
    Trouble("42501", "this user may not do that there", "grant it CREATE, TEMPORARY and its tables there"),
)  # fmt: skip
# What ADBC's drivers, and a server that refuses to connect, say without a code.
PHRASES = (
    ("database or disk is full", "SQLITE_FULL"),
    ("database is locked", "SQLITE_BUSY"),
    ("readonly database", "SQLITE_READONLY"),
    ("Could not decode to UTF-8", "SQLITE_CORRUPT"),
    ("password authentication failed", "28P01"),
    ("no pg_hba.conf entry", "28000"),
    ("permission denied for database", "42501"),
    ("too many clients", "53300"),
    ("connection slots are reserved", "53300"),
    ("not currently accepting connections", "57P03"),
    ('FATAL:  role "', "28000"),
    ('FATAL:  database "', "3D000"),
)
GONE = Trouble("", "the server does not answer", "run again when it answers; correct the URL if it never did", True)


@contextmanager
def told(place: str) -> Iterator[None]:
    """Turn what a database driver raises into one line about the ledger at `place`.

    Raises:
        LedgerError: whatever went wrong, with its cure; nothing of the step was kept.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise explain(place, error) from error


def explain(place: str, error: Exception) -> LedgerError:
    """The one line for what a driver raised; what the table does not know is told in the driver's own words."""
    cause = getattr(error, "orig", None) or error
    code = _code(cause)
    trouble = next((each for each in TROUBLES if code.startswith(each.code)), None)
    if trouble is None and not code and type(cause).__module__.startswith("psycopg") and _lost(error, cause):
        trouble = GONE
    kept = "nothing of this step was kept"
    if trouble is None:
        said = str(cause).strip().splitlines() or [type(cause).__name__]
        return LedgerError(f"ledger {place}: {said[0]}; {kept}")
    kind = LedgerBusy if trouble.passes else LedgerError
    return kind(f"ledger {place}: {trouble.what}; {trouble.cure}; {kept} ({code or type(cause).__name__})")


def _code(cause: object) -> str:
    given = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return given or next((code for phrase, code in PHRASES if phrase in str(cause)), "")


def _lost(error: Exception, cause: object) -> bool:
    """A psycopg error without SQLSTATE came from no server: it could not be reached, or went away."""
    return getattr(error, "connection_invalidated", False) or type(cause).__name__ == "OperationalError"
