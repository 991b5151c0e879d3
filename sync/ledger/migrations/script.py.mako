"""${message}."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "${up_revision}"
down_revision = "${down_revision}"


def upgrade() -> None:
    """${message}."""
