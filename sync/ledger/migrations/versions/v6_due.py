"""What every standing paid for and nobody used: the index of who is due, and the key from `current` to `standings`.

Who is due is found by going through everybody, and a check of that key would do so for each standing that is deleted.
"""

from alembic import op
from sqlalchemy import Column, Date, ForeignKey, Integer, String

revision = "6"
down_revision = "5"


def upgrade() -> None:
    """Drop what version 1 made; in SQLite, which cannot, by making the table anew."""
    op.drop_index("ix_current_due", "current")
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("current_standing_fkey", "current")
        return
    op.create_table(
        "current_6",
        Column("subject", Integer, primary_key=True),
        Column("programme", Integer, ForeignKey("programmes.id"), nullable=False),
        Column("standing", Integer),
        Column("rules", String(120)),
        Column("due", Date),
    )
    op.execute("INSERT INTO current_6 SELECT subject, programme, standing, rules, due FROM current")
    op.drop_table("current")
    op.rename_table("current_6", "current")
