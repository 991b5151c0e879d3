"""The version of a ledger: read when it is opened, brought up to the present one, refused if it is newer."""

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select, text

from sync.ledger import schema

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 0xB0105  # any number that no other program takes in this database

_versions = Table("alembic_version", MetaData(), Column("version_num", String(32)))


class NewerError(Exception):
    """The ledger was made by a later version of this program."""


class ForeignError(Exception):
    """The database is another program's."""


def version(tx: Connection) -> int:
    """The ledger's version; 0 for a database without one, 1 for one from before versions were kept.

    Raises:
        ForeignError: another program keeps its own versions there, or a table that is called as one of ours.
    """
    known = inspect(tx)
    if known.has_table(_versions.name):
        found = tx.execute(select(_versions.c.version_num)).scalars().first()
        if found is not None:
            if not found.isdecimal():
                raise ForeignError(f"another program keeps its versions there ({found})")
            return int(found)
    if known.has_table(schema.programmes.name):
        return 1
    if taken := sorted(schema.metadata.tables.keys() & set(known.get_table_names())):
        raise ForeignError(f"another program has a table called {taken[0]} there")
    return 0


def upgrade(tx: Connection, to: int = schema.VERSION) -> int:
    """Bring the ledger up to a version, in this transaction, one process at a time; the version it had.

    Raises:
        NewerError: it is beyond `to` already.
        ForeignError: it is no ledger.
    """
    if tx.dialect.name == "postgresql":  # SQLite's transaction began with the one write lock there is
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    found = version(tx)
    if found > to:
        raise NewerError(f"it has version {found}, this program knows {to}")
    if found < to:
        _run(tx, found, to)
    return found


def _run(tx: Connection, found: int, to: int) -> None:
    # Imported here, because a ledger is migrated once and opened every few minutes.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = tx
    if found == 1 and not inspect(tx).has_table(_versions.name):
        command.stamp(config, "1")
    command.upgrade(config, str(to))
