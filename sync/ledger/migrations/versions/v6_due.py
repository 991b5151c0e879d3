"""Who is due is found by going through everybody: an index that every standing has to move goes."""

from alembic import op

revision = "6"
down_revision = "5"


def upgrade() -> None:
    """Drop the index of version 1."""
    op.drop_index("ix_current_due", "current")
