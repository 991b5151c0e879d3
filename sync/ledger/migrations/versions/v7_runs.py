"""What PostgreSQL looked up for each standing: whether the run that made it is there. No run is ever deleted."""

from alembic import op
from sqlalchemy import text

revision = "7"
down_revision = "6"

# SQLite would have to copy all standings for it; this is how it takes a key from a table that stays as it is
# (sqlite.org/lang_altertable.html, 8).
KEY = "PRIMARY KEY (id), \n\tFOREIGN KEY(run) REFERENCES runs (id)\n"
WITHOUT = text(
    "UPDATE sqlite_master SET sql = replace(sql, :key, 'PRIMARY KEY (id)' || char(10)) "
    "WHERE type = 'table' AND name = 'standings'"
).bindparams(key=KEY)


def upgrade() -> None:
    """Drop what version 1 made."""
    tx = op.get_bind()
    if tx.dialect.name == "postgresql":
        op.drop_constraint("standings_run_fkey", "standings")
        return
    known = tx.exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    op.execute(WITHOUT)
    op.execute(f"PRAGMA schema_version = {known + 1}")
    op.execute("PRAGMA writable_schema = RESET")
