"""The time zones of a programme, each from an instant on.

Until now the day on which something was recorded was UTC's. What was recorded so keeps it, and with it what was judged.
"""

from alembic import op
from sqlalchemy import Column, DateTime, ForeignKey, Integer, String

revision = "12"
down_revision = "11"

ZONES = """
INSERT INTO zones (programme, since, time_zone)
SELECT id, '1970-01-01 00:00:00', time_zone FROM programmes WHERE time_zone IS NOT NULL
"""
# An entry bears the beginning of its run.
DATED = """
UPDATE programmes SET dated_in_utc = (
    SELECT max(at) FROM (
        SELECT started AS at FROM runs WHERE programme = programmes.id
        UNION ALL SELECT recorded AS at FROM decisions WHERE programme = programmes.id
    ) AS instants
) WHERE time_zone <> 'UTC'
"""


def upgrade() -> None:
    """Add the table, and move there what each programme says of itself."""
    op.create_table(
        "zones",
        Column("id", Integer, primary_key=True),
        Column("programme", Integer, ForeignKey("programmes.id"), nullable=False),
        Column("since", DateTime(timezone=True), nullable=False),
        Column("time_zone", String(64), nullable=False),
    )
    op.add_column("programmes", Column("dated_in_utc", DateTime(timezone=True)))
    op.execute(ZONES)
    op.execute(DATED)
    op.drop_column("programmes", "time_zone")
