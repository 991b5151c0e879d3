"""How long a contract runs, what somebody brings from elsewhere, rates of exchange."""

from alembic import op
from sqlalchemy import JSON, Column, Date, DateTime, ForeignKey, Integer, String

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add the columns and the table of version 3."""
    op.add_column("signals", Column("until", Date))
    op.add_column("signals", Column("carried", JSON))
    op.create_table(
        "rates",
        Column("id", Integer, primary_key=True),
        Column("run", Integer, ForeignKey("runs.id"), nullable=False),
        Column("recorded", DateTime(timezone=True), nullable=False),
        Column("programme", Integer, ForeignKey("programmes.id"), nullable=False),
        Column("base", String(3), nullable=False),
        Column("currency", String(3), nullable=False),
        Column("on_day", Date, nullable=False),
        Column("rate", String(40), nullable=False),
    )
    op.create_index("rates_currency", "rates", ["programme", "currency", "on_day"])
