"""Who was erased and does not come back by itself, as marks that say nothing of whom they mean."""

from alembic import op
from sqlalchemy import Column, ForeignKey, Integer, String

revision = "9"
down_revision = "8"


def upgrade() -> None:
    """Add the key of each connection's marks, and their table."""
    op.add_column("connections", Column("key", String(32)))
    op.create_table(
        "withheld",
        Column("connection", Integer, ForeignKey("connections.id"), primary_key=True),
        Column("mark", String(64), primary_key=True),
        Column("run", Integer, ForeignKey("runs.id"), nullable=False),
    )
