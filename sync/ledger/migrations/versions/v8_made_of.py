"""What an incident was made of when it was contested: it is found again where its period has moved."""

from alembic import op
from sqlalchemy import JSON, Column

revision = "8"
down_revision = "7"


def upgrade() -> None:
    """Add what decisions of older versions do not say: they hold for the period that they name."""
    op.add_column("decisions", Column("made_of", JSON(none_as_null=True)))
