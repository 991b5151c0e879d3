"""The sync against a naive model: whatever happens in two CRMs, in whatever order, and wherever a run dies.

The model keeps no history and no cursor. It looks at what the CRMs hold now, judges every record, links people by
definition and folds from the beginning.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from sqlalchemy import event

import sync.score
from config.rulefile import load_programme
from connectors.errors import Unreachable
from scoring.records import Record
from scoring.signals import judge
from scoring.standing import Standing, standing
from sync.ledger import Ledger
from sync.verify import verify
from tests import postgres
from tests.sync.conftest import World, mapping, order
from tests.sync.double import Clock, MemoryCrm

PARIS = ZoneInfo("Europe/Paris")
# Recent enough that no correction comes too late to count (art. 8): the model knows no instants.
FIRST, LAST = date(2025, 6, 1), date(2026, 12, 31)
END = date(2027, 5, 1)
DAYS = st.dates(FIRST, LAST)
CRMS = st.sampled_from("ab")
ADDRESSES = st.sampled_from(["one@example.com", "two@example.com", "three@example.com", None])
AMOUNTS = st.integers(1, 500).map(Decimal)


class KilledError(BaseException):
    """The process is gone: nothing of it runs any more."""


class TwoCrms(RuleBasedStateMachine):
    """What people do in two CRMs, and syncs in between."""

    contacts = Bundle("contacts")
    orders = Bundle("orders")
    cases = Bundle("cases")
    many = 10**9  # people who move, from whom on the engine scores them

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(sync.score, "MANY", self.many)
        clock = Clock()
        ledger = Ledger.open(self.place())
        crms = {"a": MemoryCrm(clock), "b": MemoryCrm(clock, account_id="42")}
        self.world = World(ledger, clock, crms, {name: mapping(name) for name in crms})
        self.number = 0
        self.synced = False

    def place(self) -> str:
        """Where a new ledger is."""
        return str(self.folder / "ledger.db")

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.settle()
            found = verify(self.world.ledger, "customers", lambda day: load_programme("customers", at=day))
            assert found.differences == []
        finally:
            self.world.ledger.close()
            shutil.rmtree(self.folder)
            self.patch.undo()

    def new(self) -> str:
        self.number += 1
        self.synced = False
        return str(self.number)

    def records(self, crm: str, object_: str) -> dict[str, Record]:
        return self.world.crms[crm]._records.get(object_, {})

    def living(self, crm: str, object_: str, id_: str) -> bool:
        return not self.records(crm, object_)[id_].deleted

    def owned(self, crm: str, object_: str, id_: str) -> bool:
        """Whether an activity has a living contact, of its own or after merges; no CRM lets one touch it otherwise."""
        return self.living(crm, "contacts", self.owner(crm, self.records(crm, object_)[id_]))

    def owner(self, crm: str, activity: Record) -> str:
        contacts = self.records(crm, "contacts")
        found = contacts[activity.links["contacts"][0].id]
        while found.merged_into:
            found = contacts[found.merged_into]
        return found.id

    def touch(self) -> None:
        self.synced = False
        self.world.clock.advance(minutes=1)

    # What people do.

    @rule(target=contacts, crm=CRMS, email=ADDRESSES)
    def make_contact(self, crm, email):
        self.touch()
        id_ = self.new()
        self.world.crms[crm].put("contacts", id_, email=email)
        return crm, id_

    @rule(target=orders, contact=contacts, day=DAYS, amount=AMOUNTS)
    def pay(self, contact, day, amount):
        crm, id_ = contact
        if not self.living(crm, "contacts", id_):
            return multiple()
        self.touch()
        number = self.new()
        order(self.world.crms[crm], number, id_, day, amount=amount)
        return crm, number

    @rule(target=cases, contact=contacts, day=DAYS, fault=st.sampled_from(["theirs", "ours"]))
    def complain(self, contact, day, fault):
        crm, id_ = contact
        if not self.living(crm, "contacts", id_):
            return multiple()
        self.touch()
        number = self.new()
        self.world.crms[crm].put("cases", number, fault=fault, day=day, contacts=[id_])
        return crm, number

    @rule(contact=contacts, email=ADDRESSES)
    def change_address(self, contact, email):
        self.touch()
        crm, id_ = contact
        if self.living(crm, "contacts", id_):
            self.world.crms[crm].put("contacts", id_, email=email)

    @rule(case=cases, fault=st.sampled_from(["theirs", "ours", "nobody's"]), day=DAYS)
    def settle_case(self, case, fault, day):
        if self.owned(case[0], "cases", case[1]):
            self.touch()
            self.world.crms[case[0]].put("cases", case[1], fault=fault, day=day)

    @rule(what=orders, amount=AMOUNTS, state=st.sampled_from(["paid", "open"]))
    def edit_order(self, what, amount, state):
        if self.owned(what[0], "orders", what[1]):
            self.touch()
            self.world.crms[what[0]].put("orders", what[1], amount=amount, state=state)

    @rule(what=orders, contact=contacts)
    def reassign(self, what, contact):
        if what[0] == contact[0] and self.living(*self.at(contact)):
            self.touch()
            self.world.crms[what[0]].put("orders", what[1], contacts=[contact[1]])

    @rule(what=st.one_of(orders.map(lambda o: ("orders", *o)), cases.map(lambda c: ("cases", *c))))
    def delete_or_undelete_activity(self, what):
        object_, crm, id_ = what
        if not self.owned(crm, object_, id_):
            return
        self.touch()
        if self.living(crm, object_, id_):
            self.world.crms[crm].delete(object_, id_)
        else:
            self.world.crms[crm].undelete(object_, id_)

    @rule(contact=contacts)
    def delete_contact(self, contact):
        """With its activities, as Salesforce does: whose they were else is a matter of history."""
        crm, id_ = contact
        if self.living(crm, "contacts", id_):
            self.touch()
            self.world.crms[crm].delete("contacts", id_)
            for object_ in ("orders", "cases"):
                for record in list(self.records(crm, object_).values()):
                    if self.owner(crm, record) == id_:
                        self.world.crms[crm].delete(object_, record.id)

    @rule(contact=contacts)
    def undelete_contact(self, contact):
        crm, id_ = contact
        found = self.records(crm, "contacts")[id_]
        if found.deleted and not found.merged_into:
            self.touch()
            self.world.crms[crm].undelete("contacts", id_)

    @rule(loser=contacts, survivor=contacts, carried=st.booleans())
    def merge(self, loser, survivor, carried):
        crm = loser[0]
        both = crm == survivor[0] and loser != survivor
        if both and self.living(*self.at(loser)) and self.living(*self.at(survivor)):
            self.touch()
            self.world.crms[crm].delete("contacts", loser[1], into=survivor[1])
            if carried:
                for object_ in ("orders", "cases"):
                    for record in list(self.records(crm, object_).values()):
                        if record.links["contacts"][0].id == loser[1] and not record.deleted:
                            self.world.crms[crm].put(object_, record.id, contacts=[survivor[1]])

    @staticmethod
    def at(contact):
        return contact[0], "contacts", contact[1]

    @rule(contact=contacts, tier=st.sampled_from(["Basic", "Platinum"]))
    def edit_ours(self, contact, tier):
        crm, id_ = contact
        if self.living(crm, "contacts", id_) and self.records(crm, "contacts")[id_].ours:
            self.touch()
            self.world.crms[crm].edit_ours(id_, tier=tier)

    # What time and the machine do.

    @rule(days=st.integers(1, 60))
    def wait(self, days):
        if self.today() + timedelta(days=days) < END:
            self.synced = False
            self.world.clock.advance(days=days)

    @rule()
    def sync(self):
        self.settle()

    @rule(commit=st.integers(0, 25))
    def sync_and_die_at_a_commit(self, commit):
        left = iter([True] * commit)

        def die(_):
            if not next(left, False):
                raise KilledError

        engine = self.world.ledger.engine
        event.listen(engine, "commit", die)
        try:
            self.world.sync()
        except KilledError:
            self.synced = False
        finally:
            event.remove(engine, "commit", die)

    @rule(crm=CRMS, page=st.integers(0, 6), dies=st.booleans())
    def sync_and_fail_at_a_page(self, crm, page, dies):
        error = KilledError() if dies else Unreachable("no answer; try again later")
        self.world.crms[crm].fails = [*[None] * page, error]
        with suppress(KilledError):
            self.world.sync()
        self.world.crms[crm].fails = []

    def settle(self) -> None:
        assert self.world.sync().state == "done"
        self.synced = True

    # What must then be so.

    @invariant()
    def every_record_shows_what_the_model_says(self):
        if not getattr(self, "synced", False):
            return
        people = self.people()
        for crm, id_ in people:
            if not self.living(crm, "contacts", id_):
                continue
            wanted = self.standing(people[crm, id_])
            ours = self.world.crms[crm].ours(id_)
            shown = [ours.get(name) for name in ("coefficient", "expected", "points", "tier", "next_review")]
            assert shown == [
                Decimal(wanted.coefficient) / 100,
                Decimal(wanted.expected) / 100,
                wanted.points,
                wanted.tier,
                wanted.next_review,
            ], f"{crm}:{id_} of {sorted(people[crm, id_])}"

    def today(self) -> date:
        return self.world.clock.now.astimezone(PARIS).date()

    def people(self) -> dict[tuple[str, str], frozenset[tuple[str, str]]]:
        """Everybody, and which contacts they are."""
        group = {(crm, id_): {(crm, id_)} for crm in "ab" for id_ in self.records(crm, "contacts")}
        for left, right in self.bonds():
            merged = group[left] | group[right]
            for each in merged:
                group[each] = merged
        return {each: frozenset(members) for each, members in group.items()}

    def bonds(self) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
        having = defaultdict(list)
        for crm in "ab":
            for record in self.records(crm, "contacts").values():
                if record.merged_into:
                    yield (crm, record.id), (crm, record.merged_into)
                elif not record.deleted and record.values.get("email"):
                    having[record.values["email"]].append((crm, record.id))
        for found in having.values():
            if sorted(crm for crm, _ in found) == ["a", "b"]:
                yield found[0], found[1]

    def standing(self, person: frozenset[tuple[str, str]]) -> Standing:
        signals = [
            each.signal
            for crm in "ab"
            for object_ in ("orders", "cases")
            for record in self.records(crm, object_).values()
            for each in judge(record, self.world.mappings[crm], connection=crm, zone=PARIS).signals
            if (crm, each.contact) in person
        ]
        return standing(signals, load_programme("customers", at=self.today()), self.today())


class InColumns(TwoCrms):
    """The same, scored by the engine however few move."""

    many = 1


class OnPostgresql(TwoCrms):
    """The same, on a server that the test is lent."""

    server: ClassVar[postgres.Server]

    def place(self) -> str:
        return self.server.create("machine", template="ledger")


class InColumnsOnPostgresql(OnPostgresql):
    """The same, scored by the engine."""

    many = 1


ENGINE = pytest.mark.skipif(find_spec("numba") is None, reason="the engine is an extra")
SOME = settings(max_examples=25, stateful_step_count=25)
FEW = settings(SOME, max_examples=10)


class TestTheSyncEqualsANaiveModelThroughEditsDeathsAndTime(TwoCrms.TestCase):
    settings = SOME


@ENGINE
class TestSoItDoesInColumns(InColumns.TestCase):
    settings = FEW


class TestSoItDoesOnPostgresql(OnPostgresql.TestCase):
    settings = FEW

    @pytest.fixture(autouse=True)
    def lent(self, server: postgres.Server) -> None:
        OnPostgresql.server = server


@ENGINE
class TestSoItDoesInColumnsOnPostgresql(InColumnsOnPostgresql.TestCase):
    settings = FEW

    @pytest.fixture(autouse=True)
    def lent(self, server: postgres.Server) -> None:
        OnPostgresql.server = server
