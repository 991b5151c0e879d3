"""The words that our fields begin with, so that several programmes may write to one account."""

from alembic import op
from sqlalchemy import Column, String

revision = "10"
down_revision = "9"


def upgrade() -> None:
    """Add what every connection had until now."""
    op.add_column("connections", Column("prefix", String(40), nullable=False, server_default="bonus malus"))
