"""A programme over one or two CRMs in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from config.rulefile import load_programme
from scoring.mapping import Condition, Mapping, Operator, SignalRule, SubjectPath, SubjectRule
from scoring.signal import Liability
from sync.job import Job, Source
from sync.ledger import Ledger
from sync.report import Report
from sync.run import run
from tests import postgres
from tests.sync.double import Clock, MemoryCrm

CONTACT = SubjectPath(link="contacts")
THEIRS = Condition("fault", Operator.IS, "theirs")
OURS = Condition("fault", Operator.IS, "ours")
PAID = Condition("state", Operator.IS, "paid")
RULES = (
    SignalRule("order_paid", "orders", (PAID,), "day", CONTACT, amount="amount", reference="number", key="key"),
    SignalRule("claim_at_fault", "cases", (THEIRS,), "day", CONTACT, liability=Liability.FULL, optional=True),
    SignalRule("claim_justified", "cases", (OURS,), "day", CONTACT, optional=True),
)


@dataclass
class World:
    """The CRMs, the ledger and the clock of a test."""

    ledger: Ledger
    clock: Clock
    crms: dict[str, MemoryCrm]
    mappings: dict[str, Mapping] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)

    def sync(self, **options: object) -> Report:
        """One run, some minutes after whatever happened last."""
        self.clock.advance(minutes=30)
        return run(self.job(**options))

    def job(self, **options: object) -> Job:
        """What a run at this moment is given."""
        sources = {
            name: Source(crm, name, self.mappings[name], str(hash(self.mappings[name])), crm.progress)
            for name, crm in self.crms.items()
        }
        job = Job(
            programme="customers",
            programme_at=lambda day: load_programme("customers", at=day),
            sources=sources,
            ledger=self.ledger,
            now=self.clock,
        )
        return replace(job, **{**self.options, **options})


def mapping(crm: str) -> Mapping:
    return Mapping(crm, SubjectRule("contacts", "email", "cross", "b" if crm == "a" else "a"), RULES)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """A PostgreSQL server with an empty ledger, `ledger`, to copy."""
    if why := postgres.missing():
        pytest.skip(why)
    with postgres.running() as running:
        Ledger.open(running.create("ledger")).close()
        yield running


@pytest.fixture
def sqlite_place(tmp_path: Path) -> str:
    """Where a new SQLite ledger may be."""
    return str(tmp_path / "ledger.db")


@pytest.fixture
def postgresql_place(server: postgres.Server) -> str:
    """Where a new PostgreSQL ledger is."""
    return server.create("test", template="ledger")


@pytest.fixture
def place(sqlite_place: str) -> str:
    """Where a test's ledger is; a module that must hold on both databases says so with `both`."""
    return sqlite_place


def both(request: pytest.FixtureRequest) -> str:
    """The place in the database that a fixture of two parameters names."""
    return request.getfixturevalue(f"{request.param}_place")


@pytest.fixture
def world(place: str, clock: Clock) -> Iterator[World]:
    """Two CRMs, `a` and `b`."""
    crms = {"a": MemoryCrm(clock), "b": MemoryCrm(clock, account_id="42")}
    ledger = Ledger.open(place)
    made = World(ledger, clock, crms, {name: mapping(name) for name in crms})
    yield made
    for each in (ledger, made.ledger):  # a test may have put another one in its place
        each.close()


def order(crm: MemoryCrm, id_: str, contact: str, day: date, **more: object) -> None:
    values = {"state": "paid", "day": day, "amount": Decimal(100), "number": id_, "contacts": [contact]}
    crm.put("orders", id_, **{**values, **more})
