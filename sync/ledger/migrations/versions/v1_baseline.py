"""The ledger as it was first released: programmes, contacts, signals, standings, writes."""

from alembic import op
from sqlalchemy import JSON, Boolean, Column, Date, DateTime, ForeignKey, Integer, String, Text, UniqueConstraint

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make every table of version 1."""
    op.create_table(
        "programmes",
        Column("id", Integer, primary_key=True),
        Column("name", String(80), nullable=False, unique=True),
        Column("version", Integer, nullable=False),
        Column("time_zone", String(64)),
        Column("opened", Date),
        Column("horizon", Date),
    )
    op.create_table(
        "connections",
        Column("id", Integer, primary_key=True),
        Column("programme", Integer, ForeignKey("programmes.id"), nullable=False),
        Column("name", String(80), nullable=False),
        Column("crm", String(40), nullable=False),
        Column("account", String(64), nullable=False),
        Column("language", String(2), nullable=False),
        Column("mapping", String(64)),
        Column("filled", DateTime(timezone=True)),
        UniqueConstraint("programme", "name"),
    )
    op.create_table(
        "runs",
        Column("id", Integer, primary_key=True),
        Column("programme", Integer, ForeignKey("programmes.id"), nullable=False),
        Column("started", DateTime(timezone=True), nullable=False),
        Column("ended", DateTime(timezone=True)),
        Column("state", String(12), nullable=False),
        Column("rules", String(120), nullable=False),
        Column("report", JSON, nullable=False),
    )
    op.create_table(
        "cursors",
        Column("connection", Integer, ForeignKey("connections.id"), primary_key=True),
        Column("object", String(80), primary_key=True),
        Column("until", DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "contacts",
        Column("id", Integer, primary_key=True),
        Column("connection", Integer, ForeignKey("connections.id"), nullable=False),
        Column("record", String(40), nullable=False),
        Column("subject", Integer, nullable=False),
        Column("email", String(64)),
        Column("cross_id", String(40)),
        Column("cross_crm", String(40)),
        Column("gone", Boolean, nullable=False),
        Column("merged_into", String(40)),
        Column("written", JSON),
        Column("shown", Integer),
        UniqueConstraint("connection", "record"),
    )
    op.create_index("contacts_subject", "contacts", ["subject"])
    op.create_index("contacts_email", "contacts", ["email"])
    op.create_index("contacts_cross", "contacts", ["cross_id"])
    op.create_table(
        "identities",
        Column("id", Integer, primary_key=True),
        Column("run", Integer, ForeignKey("runs.id"), nullable=False),
        Column("recorded", DateTime(timezone=True), nullable=False),
        Column("contact", Integer, ForeignKey("contacts.id"), nullable=False),
        Column("subject", Integer, nullable=False),
    )
    op.create_index("identities_contact", "identities", ["contact"])
    op.create_index("identities_subject", "identities", ["subject"])
    op.create_table(
        "signals",
        Column("id", Integer, primary_key=True),
        Column("run", Integer, ForeignKey("runs.id"), nullable=False),
        Column("recorded", DateTime(timezone=True), nullable=False),
        Column("initial", Boolean, nullable=False),
        Column("withdrawn", Boolean, nullable=False),
        Column("connection", Integer, ForeignKey("connections.id"), nullable=False),
        Column("contact", String(40), nullable=False),
        Column("object", String(80), nullable=False),
        Column("record", String(40), nullable=False),
        Column("name", String(80), nullable=False),
        Column("on_day", Date, nullable=False),
        Column("liability", String(8), nullable=False),
        Column("amount", String(40)),
        Column("currency", String(3)),
        Column("reference", String(255), nullable=False),
        Column("days", Integer),
        Column("original", String(40), nullable=False),
        Column("key", String(80), nullable=False),
    )
    op.create_index("signals_contact", "signals", ["connection", "contact"])
    op.create_index("signals_source", "signals", ["connection", "object", "record"])
    op.create_table(
        "standings",
        Column("id", Integer, primary_key=True),
        Column("run", Integer, ForeignKey("runs.id"), nullable=False),
        Column("recorded", DateTime(timezone=True), nullable=False),
        Column("subject", Integer, nullable=False),
        Column("day", Date, nullable=False),
        Column("coefficient", Integer, nullable=False),
        Column("expected", Integer, nullable=False),
        Column("points", Integer, nullable=False),
        Column("tier", String(40), nullable=False),
        Column("status", String(20), nullable=False),
        Column("rules", String(120), nullable=False),
        Column("breakdown", JSON, nullable=False),
    )
    op.create_index("standings_subject", "standings", ["subject"])
    op.create_table(
        "current",
        Column("subject", Integer, primary_key=True),
        Column("programme", Integer, ForeignKey("programmes.id"), nullable=False),
        Column("standing", Integer, ForeignKey("standings.id")),
        Column("rules", String(120)),
        Column("due", Date),
    )
    op.create_index("ix_current_due", "current", ["due"])
    op.create_table(
        "writes",
        Column("id", Integer, primary_key=True),
        Column("run", Integer, ForeignKey("runs.id"), nullable=False),
        Column("recorded", DateTime(timezone=True), nullable=False),
        Column("contact", Integer, ForeignKey("contacts.id"), nullable=False),
        Column("outcome", String(10), nullable=False),
        Column("code", String(120), nullable=False),
        Column("reason", Text, nullable=False),
        Column("before", JSON),
        Column("after", JSON),
    )
    op.create_index("writes_run", "writes", ["run"])
    op.create_index("writes_contact", "writes", ["contact"])
    op.create_table(
        "problems",
        Column("id", Integer, primary_key=True),
        Column("run", Integer, ForeignKey("runs.id"), nullable=False),
        Column("connection", Integer, ForeignKey("connections.id"), nullable=False),
        Column("object", String(80), nullable=False),
        Column("record", String(40), nullable=False),
        Column("field", String(120), nullable=False),
        Column("what", Text, nullable=False),
        Column("cure", Text, nullable=False),
    )
    op.create_index("problems_run", "problems", ["run"])
