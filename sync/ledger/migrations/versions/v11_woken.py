"""Who was woken is written down apart from the day that moves them, and what that day will bring, if it is foreseen."""

from alembic import op
from sqlalchemy import Column, Integer, Text

revision = "11"
down_revision = "10"

AT_ONCE = "'0001-01-01'"  # the day that said so until then; whoever was never scored is due without it


def upgrade() -> None:
    """Add the tables of version 11."""
    op.create_table("woken", Column("subject", Integer, primary_key=True))
    op.create_table("outlooks", Column("subject", Integer, primary_key=True), Column("says", Text, nullable=False))
    op.execute(f"INSERT INTO woken SELECT subject FROM current WHERE due = {AT_ONCE} AND rules IS NOT NULL")  # noqa: S608 - our own day
    op.execute(f"UPDATE current SET due = NULL WHERE due = {AT_ONCE}")  # noqa: S608 - as above
