"""The tables of the present version; `migrations` leads older ledgers here.

Zones, signals, rates, identities, standings, writes, problems, decisions and erasures are append-only: a correction is
a counter-entry, so that any past day can be recomputed as it was known then. `contacts`, `current`, `woken` and
`outlooks` are the present, derived from them or from the last run, and may be rebuilt; so are the tables of the
operation (`sync.ledger.operation`), which `metadata` has too.

Two clocks: `on_day` is the civil day a fact is about, `recorded` the instant at which the ledger learnt it. Its day
is that of the zone that was in force then (`sync.ledger.zones`).
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from sync.ledger import operation
from sync.ledger.instant import Instant

VERSION = 13  # the newest of `migrations/versions`
OTHERWISE = 0  # no standing's number: a record shows one, but not as it is to be shown

metadata = operation.metadata  # of all tables: those of the operation are in it already

programmes = Table(
    "programmes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("dated_in_utc", Instant),  # up to when what was recorded is, as all was before version 12; None: nothing is
    Column("opened", Date),  # the day of the first fill
    Column("horizon", Date),  # signals before it are recorded nowhere: the first fill says how far it read back
)

zones = Table(
    "zones",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("programme", ForeignKey("programmes.id"), nullable=False),
    Column("since", Instant, nullable=False),  # the first one counts from the beginning
    Column("time_zone", String(64), nullable=False),  # the org's or portal's at first contact, then as the settings say
)

connections = Table(
    "connections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("programme", ForeignKey("programmes.id"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("crm", String(40), nullable=False),
    Column("account", String(64), nullable=False),  # org or portal id: refused if it changes (AU04)
    Column("language", String(2), nullable=False),
    Column("prefix", String(40), nullable=False, server_default="bonus malus"),  # of our fields there
    Column("mapping", String(64)),  # digest of the mapping that its signals were judged by
    Column("filled", Instant),  # when its first fill was complete
    Column("key", String(32)),  # of the marks in `withheld`; drawn at the first erasure
    Column("held", Integer),  # the undo that put it on hold: read and scored, not written; None: it is not
    UniqueConstraint("programme", "name"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("programme", ForeignKey("programmes.id"), nullable=False),
    Column("started", Instant, nullable=False),
    Column("ended", Instant),
    Column("kind", String(12), nullable=False, server_default="sync"),  # sync, undo, resume, erase, purge, reconcile
    Column("state", String(12), nullable=False),  # running, done, failed, try later, ... (ADR 9)
    Column("rules", String(120), nullable=False),
    Column("report", JSON, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection", ForeignKey("connections.id"), nullable=False),
    Column("record", String(40), nullable=False),
    Column("subject", Integer, nullable=False),
    Column("email", String(64)),  # SHA-256 of the trimmed, lower-cased address: enough to link, useless to write to
    Column("cross_id", String(40)),
    Column("cross_crm", String(40)),
    Column("gone", Boolean, nullable=False),
    Column("merged_into", String(40)),
    Column("written", JSON),  # our fields as last written or found, by neutral name
    Column("shown", Integer),  # the standing that `written` shows, OTHERWISE, or None: nothing of ours stands there
    UniqueConstraint("connection", "record"),
    Index("contacts_subject", "subject"),
    Index("contacts_email", "email"),
    Index("contacts_cross", "cross_id"),
    # Few records were merged; whether one of a page was, is asked of every page.
    Index(
        "contacts_merged",
        "merged_into",
        sqlite_where=text("merged_into IS NOT NULL"),
        postgresql_where=text("merged_into IS NOT NULL"),
    ),
)

identities = Table(
    "identities",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("contact", ForeignKey("contacts.id"), nullable=False),
    Column("subject", Integer, nullable=False),
    Index("identities_contact", "contact"),
    Index("identities_subject", "subject"),
)

signals = Table(
    "signals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("initial", Boolean, nullable=False),  # brought by the first fill: known from the beginning
    Column("withdrawn", Boolean, nullable=False),  # the counter-entry
    Column("replaces", Integer),  # the entry that this one puts out of force
    Column("connection", ForeignKey("connections.id"), nullable=False),
    Column("contact", String(40), nullable=False),  # the CRM's record id
    Column("object", String(80), nullable=False),
    Column("record", String(40), nullable=False),
    Column("name", String(80), nullable=False),
    Column("on_day", Date, nullable=False),
    Column("liability", String(8), nullable=False),
    Column("amount", String(40)),  # exact decimal text
    Column("currency", String(3)),
    Column("reference", String(255), nullable=False),
    Column("days", Integer),
    Column("original", String(40), nullable=False),
    Column("key", String(80), nullable=False),
    Column("until", Date),  # of a contract: the day after its last one
    Column("carried", JSON(none_as_null=True)),  # of an opening: what it brings
    # What a first fill brought lies apart, and as it was written: an entry that comes later is put beside other late
    # ones instead of into a full page of old ones, which SQLite would have to part. `facts.about` is how it is used.
    Index("signals_contact", "connection", "initial", "contact"),
    Index("signals_source", "connection", "object", "record"),
    # Few entries replace another one: what is in force is found by looking these few up.
    Index(
        "signals_replaces",
        "replaces",
        sqlite_where=text("replaces IS NOT NULL"),
        postgresql_where=text("replaces IS NOT NULL"),
    ),
)

rates = Table(
    "rates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("programme", ForeignKey("programmes.id"), nullable=False),
    Column("base", String(3), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("on_day", Date, nullable=False),
    Column("rate", String(40), nullable=False),  # exact decimal text; the entry of the highest id holds
    Index("rates_currency", "programme", "currency", "on_day"),
)

standings = Table(
    "standings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, nullable=False),  # no key: PostgreSQL would look it up for each of a million rows
    Column("recorded", Instant, nullable=False),
    Column("subject", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("coefficient", Integer, nullable=False),  # hundredths
    Column("expected", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    Column("tier", String(40), nullable=False),
    Column("status", String(20), nullable=False),
    Column("rules", String(120), nullable=False),
    Column("breakdown", JSON, nullable=False),
    Index("standings_subject", "subject"),
)

current = Table(
    "current",
    metadata,
    Column("subject", Integer, primary_key=True),
    Column("programme", ForeignKey("programmes.id"), nullable=False),
    Column("standing", Integer),  # no key: to delete a standing would go through everybody
    Column("rules", String(120)),
    Column("due", Date),  # the next day on which something changes by itself; None: never
)

woken = Table(
    "woken",
    metadata,
    Column("subject", Integer, primary_key=True),  # something of theirs changed since they were scored
)

outlooks = Table(
    "outlooks",
    metadata,
    Column("subject", Integer, primary_key=True),
    Column("says", Text, nullable=False),  # what the calendar alone brings next (`sync.ledger.outlook`)
)

writes = Table(
    "writes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("recorded", Instant, nullable=False),
    Column("contact", ForeignKey("contacts.id"), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("code", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("before", JSON),  # what undo puts back
    Column("after", JSON),
    Index("writes_run", "run"),
    Index("writes_contact", "contact"),
)

problems = Table(
    "problems",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id"), nullable=False),
    Column("connection", ForeignKey("connections.id"), nullable=False),
    Column("object", String(80), nullable=False),
    Column("record", String(40), nullable=False),
    Column("field", String(120), nullable=False),
    Column("what", Text, nullable=False),
    Column("cure", Text, nullable=False),
    Index("problems_run", "run"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id")),
    Column("recorded", Instant, nullable=False),
    Column("programme", ForeignKey("programmes.id"), nullable=False),
    Column("contact", ForeignKey("contacts.id"), nullable=False),  # it goes with the person, as signals do
    Column("kind", String(20), nullable=False),  # contest_open, contest_accept, contest_reject, adjust, freeze, ...
    Column("connection", ForeignKey("connections.id")),  # with object, record and name: the signal that is contested
    Column("object", String(80)),
    Column("record", String(40)),
    Column("name", String(80)),
    Column("made_of", JSON(none_as_null=True)),  # of a derived signal: [connection, object, record] of each
    Column("on_day", Date, nullable=False),
    Column("coefficient", Integer),  # hundredths
    Column("points", Integer),
    Column("until", Date),
    Column("why", Text, nullable=False),
    Column("by", String(80), nullable=False),  # an opaque id of the person who decided
    Index("decisions_contact", "contact"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("runs.id")),
    Column("recorded", Instant, nullable=False),
    Column("programme", ForeignKey("programmes.id"), nullable=False),
    Column("connections", JSON, nullable=False),  # how many records were in each
    Column("rows", JSON, nullable=False),  # how many of which table; nothing about whom
)

withheld = Table(
    "withheld",
    metadata,
    Column("connection", ForeignKey("connections.id"), primary_key=True),
    Column("mark", String(64), primary_key=True),  # of a record that was erased: a keyed digest of its id
    Column("run", ForeignKey("runs.id"), nullable=False),  # the erasure: one person
)
