"""Who was merged into whom is found by an index, not by going through everybody."""

from alembic import op
from sqlalchemy import text

revision = "5"
down_revision = "4"


def upgrade() -> None:
    """Add the index of version 5."""
    only = text("merged_into IS NOT NULL")
    op.create_index("contacts_merged", "contacts", ["merged_into"], sqlite_where=only, postgresql_where=only)
