"""The tables of the operation: how far reading came, who runs, what a CRM refused, and which alerts are raised.

They are the present, and may be rebuilt. `sync.ledger.schema` adds all others to `metadata`.
"""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, MetaData, String, Table, Text

from sync.ledger.instant import Instant

metadata = MetaData()

cursors = Table(
    "cursors",
    metadata,
    Column("connection", ForeignKey("connections.id"), primary_key=True),
    Column("object", String(80), primary_key=True),
    Column("until", Instant, nullable=False),  # the end of the last window read whole (SR02)
)

progress = Table(
    "progress",
    metadata,
    Column("connection", ForeignKey("connections.id"), primary_key=True),
    Column("key", String(200), primary_key=True),  # the connector's own word
    Column("value", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("connection", ForeignKey("connections.id"), primary_key=True),
    Column("owner", String(120), nullable=False),
    Column("run", ForeignKey("runs.id")),  # that holds it; None: nobody does
    Column("token", Integer, nullable=False),  # grows at every taking, and fences off whoever had it before (OP06)
    Column("since", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
)

rejects = Table(
    "rejects",
    metadata,
    Column("contact", ForeignKey("contacts.id"), primary_key=True),
    Column("standing", ForeignKey("standings.id"), nullable=False),  # another standing is another try
    Column("outcome", String(10), nullable=False),
    Column("code", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("first", Instant, nullable=False),
    Column("last", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("again", Instant),  # the next try
    Column("parked", Boolean, nullable=False),  # no more tries until the standing or the record changes
)

alerts = Table(
    "alerts",
    metadata,
    Column("programme", ForeignKey("programmes.id"), primary_key=True),
    Column("name", String(120), primary_key=True),
    Column("raised", Boolean, nullable=False),
    Column("since", Instant, nullable=False),  # of the present state
    Column("detail", Text, nullable=False),
)
