"""A backup of the ledger while it is being written."""

import sqlite3
from contextlib import closing
from pathlib import Path
from shlex import quote

from sync.ledger.database import Ledger
from sync.ledger.engines import for_its_owner, without_password
from sync.ledger.errors import LedgerError, told

PAGES = 4096  # copied at once, so that a sync is never kept waiting for long


def backup(ledger: Ledger, file: Path) -> int:
    """A consistent copy of a SQLite ledger; its size in bytes. A backup is put back by copying it to the old place.

    Raises:
        LedgerError: it is not a SQLite file, the target is there already, or cannot be written.
    """
    if ledger.engine.dialect.name != "sqlite":
        url = without_password(ledger.engine).render_as_string()
        raise LedgerError(
            "the ledger is in PostgreSQL, which has its own backup, consistent while syncs run: "
            f"pg_dump --format=custom --file={quote(str(file))} {quote(url)}"
        )
    if file.exists():
        raise LedgerError(f"{file} is there already: name a new file")
    if not file.parent.is_dir():
        raise LedgerError(f"{file}: there is no folder {file.parent}; nothing was copied")
    half = file.with_name(f"{file.name}.part")
    with told(str(half)):
        for_its_owner(half)
        try:
            with closing(ledger.engine.raw_connection()) as source, closing(sqlite3.connect(half)) as target:
                here = source.driver_connection
                assert isinstance(here, sqlite3.Connection)  # noqa: S101 - the driver of a SQLite ledger
                here.backup(target, pages=PAGES)
                # One file is easier to carry than one with a log beside it.
                target.execute("PRAGMA journal_mode=DELETE")
                _refuse_damage(target, ledger.place)
        except (sqlite3.Error, LedgerError):
            for left in (half, half.with_name(f"{half.name}-journal")):
                left.unlink(missing_ok=True)
            raise
    half.rename(file)
    return file.stat().st_size


def _refuse_damage(copy: sqlite3.Connection, place: str) -> None:
    """A copy takes damage along without a word, and the backup that it replaces may be sound."""
    (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        why = " ".join(said.split())
        raise LedgerError(f"ledger {place}: the file is damaged, and was not copied ({why}); put an older backup back")
