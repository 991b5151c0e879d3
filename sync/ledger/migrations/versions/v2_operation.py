"""What running for years needs: leases, decisions, rejects, erasures, alerts; which entry replaces which."""

from alembic import op
from sqlalchemy import JSON, Boolean, Column, Date, DateTime, ForeignKey, Integer, String, Text, text

revision = "2"
down_revision = "1"

# A change or a withdrawal replaces the entry before it of the same signal under the same contact.
REPLACES = """
UPDATE signals SET replaces = linked.before FROM (
    SELECT id, lag(id) OVER (PARTITION BY connection, contact, object, record, name ORDER BY id) AS before FROM signals
) AS linked WHERE linked.id = signals.id AND linked.before IS NOT NULL
"""


def upgrade() -> None:
    """Add the tables and columns of version 2; the version itself is alembic's to keep."""
    op.drop_column("programmes", "version")
    op.add_column("connections", Column("held", Integer))
    op.add_column("runs", Column("kind", String(12), nullable=False, server_default="sync"))
    op.add_column("signals", Column("replaces", Integer))
    op.execute(REPLACES)
    only = text("replaces IS NOT NULL")
    op.create_index("signals_replaces", "signals", ["replaces"], sqlite_where=only, postgresql_where=only)
    _present()
    _entries()


def _present() -> None:
    op.create_table(
        "leases",
        Column("connection", Integer, ForeignKey("connections.id"), primary_key=True),
        Column("owner", String(120), nullable=False),
        Column("run", Integer, ForeignKey("runs.id")),
        Column("token", Integer, nullable=False),
        Column("since", DateTime(timezone=True), nullable=False),
        Column("expires", DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "rejects",
        Column("contact", Integer, ForeignKey("contacts.id"), primary_key=True),
        Column("standing", Integer, ForeignKey("standings.id"), nullable=False),
        Column("outcome", String(10), nullable=False),
        Column("code", String(120), nullable=False),
        Column("reason", Text, nullable=False),
        Column("first", DateTime(timezone=True), nullable=False),
        Column("last", DateTime(timezone=True), nullable=False),
        Column("tries", Integer, nullable=False),
        Column("again", DateTime(timezone=True)),
        Column("parked", Boolean, nullable=False),
    )
    op.create_table(
        "alerts",
        Column("programme", Integer, ForeignKey("programmes.id"), primary_key=True),
        Column("name", String(120), primary_key=True),
        Column("raised", Boolean, nullable=False),
        Column("since", DateTime(timezone=True), nullable=False),
        Column("detail", Text, nullable=False),
    )


def _entries() -> None:
    op.create_table(
        "decisions",
        Column("id", Integer, primary_key=True),
        Column("run", Integer, ForeignKey("runs.id")),
        Column("recorded", DateTime(timezone=True), nullable=False),
        Column("programme", Integer, ForeignKey("programmes.id"), nullable=False),
        Column("contact", Integer, ForeignKey("contacts.id"), nullable=False),
        Column("kind", String(20), nullable=False),
        Column("connection", Integer, ForeignKey("connections.id")),
        Column("object", String(80)),
        Column("record", String(40)),
        Column("name", String(80)),
        Column("on_day", Date, nullable=False),
        Column("coefficient", Integer),
        Column("points", Integer),
        Column("until", Date),
        Column("why", Text, nullable=False),
        Column("by", String(80), nullable=False),
    )
    op.create_index("decisions_contact", "decisions", ["contact"])
    op.create_table(
        "erasures",
        Column("id", Integer, primary_key=True),
        Column("run", Integer, ForeignKey("runs.id")),
        Column("recorded", DateTime(timezone=True), nullable=False),
        Column("programme", Integer, ForeignKey("programmes.id"), nullable=False),
        Column("connections", JSON, nullable=False),
        Column("rows", JSON, nullable=False),
    )
