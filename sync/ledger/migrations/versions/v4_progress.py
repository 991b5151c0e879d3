"""How far connectors came in work that outlives a run."""

from alembic import op
from sqlalchemy import Column, ForeignKey, Integer, String, Text

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """Add the table of version 4."""
    op.create_table(
        "progress",
        Column("connection", Integer, ForeignKey("connections.id"), primary_key=True),
        Column("key", String(200), primary_key=True),
        Column("value", Text, nullable=False),
    )
