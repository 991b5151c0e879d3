"""The index of whom an entry is about tells those of a first fill from those that came later."""

from alembic import op

revision = "13"
down_revision = "12"


def upgrade() -> None:
    """Make it anew."""
    op.drop_index("signals_contact", "signals")
    op.create_index("signals_contact", "signals", ["connection", "initial", "contact"])
