"""Where many move the engine scores in columns: what comes of it is what the plain reading enters, one by one."""

import random
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

import sync.score
from config.rulefile import load_programme
from scoring.decision import Decision, Kind
from scoring.explain import from_json
from scoring.line import Code
from scoring.mapping import SignalRule
from scoring.signal import Liability
from sync import decide
from sync.ledger import Ledger, LedgerBusy, database, history, past, results, schema, scored
from sync.standings import recalled
from sync.verify import verify
from tests.sync.conftest import CONTACT, PAID, World, both, mapping, order
from tests.sync.double import Clock, MemoryCrm

pytest.importorskip("numba", reason="the engine is an extra")

MORE = (
    SignalRule("refund", "refunds", (PAID,), "day", CONTACT, amount="amount", original="order", optional=True),
    SignalRule("invoice_late", "invoices", (PAID,), "day", CONTACT, liability=Liability.PARTIAL, optional=True),
    SignalRule("referral_won", "orders", (PAID,), "referred", CONTACT, optional=True),
)
FIRST = date(2023, 12, 1)
SPAN = 1085
ODD = 0.02
FEW, NEVER = 1, 10**9  # subjects from which on the engine scores


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request):
    """Two new ledgers in one database."""
    first = both(request)
    return first, f"{first}.other" if request.param == "sqlite" else request.getfixturevalue("server").create(
        "other", template="ledger"
    )


def programme_at(day):
    return load_programme("customers", at=day)


def other_rules(day):
    return replace(programme_at(day), price_cap=130, tiers=programme_at(day).tiers[:3])


class Life:
    """A company's years, the same for the same seed, over a ledger of its own."""

    def __init__(self, ledger, seed, orders=0):
        clock = Clock()
        self.chance = random.Random(seed)  # noqa: S311 - no secret
        self.world = World(ledger, clock, {n: MemoryCrm(clock, n, page_size=20) for n in "ab"})
        self.world.mappings = {name: self.mapping(name) for name in "ab"}
        self.number = 0
        self.told = []
        for crm in self.world.crms.values():
            for number in range(1, 13):
                crm.put("contacts", str(number), email=f"c{number}@{self.chance.choice('xy')}.example")
            for _ in range(60):
                self.happen(crm)
            for number in range(orders):
                day = FIRST + timedelta(self.chance.randrange(SPAN))
                order(crm, f"5000{number}", str(self.chance.randint(1, 12)), day=day, amount=Decimal(10))

    @staticmethod
    def mapping(name):
        plain = mapping(name)
        return replace(plain, signals=(*plain.signals, *MORE))

    def happen(self, crm):
        """Something old or new of somebody; often on a day on which something else was."""
        chance = self.chance
        self.number += 1
        contact = [str(chance.randint(1, 12))]
        day = FIRST + timedelta(chance.choice((0, 90, 200, 500, 900, chance.randrange(SPAN))))
        amount = Decimal("0.1234567" if chance.random() < ODD else chance.choice(("10", "99.99", "5000")))
        match chance.choice(("order",) * 6 + ("refund", "refund", "claim", "invoice")):
            case "order":
                referred = day if chance.random() < 0.2 else None
                key = "twin" if chance.random() < ODD else ""
                number = str(chance.choice((9, 10, 100))) + str(self.number)
                order(crm, number, *contact, day, amount=amount, referred=referred, key=key)
            case "refund":
                orders = sorted(crm._records.get("orders", {"none": None}))
                of = chance.choice((*orders[:5], "elsewhere", ""))
                crm.put("refunds", f"r{self.number}", state="paid", day=day, amount=amount, order=of, contacts=contact)
            case "claim":
                crm.put("cases", f"k{self.number}", fault="theirs", day=day, contacts=contact)
            case _:
                crm.put("invoices", f"i{self.number}", state="paid", day=day, contacts=contact)

    def change(self):
        """Somebody edits, deletes, merges; somebody decides; something happens."""
        chance, crm = self.chance, self.world.crms[self.chance.choice("ab")]
        orders, people = sorted(crm._records["orders"]), [str(number) for number in range(1, 13)]
        match chance.choice(("edit", "edit", "delete", "move", "merge", "mail", "decide", *["happen"] * 3)):
            case "edit":
                crm.put("orders", chance.choice(orders), day=FIRST + timedelta(chance.randrange(SPAN)))
            case "delete":
                crm.delete("orders", chance.choice(orders))
            case "move":
                crm.put("orders", chance.choice(orders), contacts=[chance.choice(people)])
            case "merge":
                loser, into = chance.sample(people, 2)
                crm.delete("contacts", loser, into=into)
            case "mail":
                crm.put("contacts", chance.choice(people), email=f"c{chance.randint(1, 12)}@x.example")
            case "decide":
                self.decide(chance.choice(people))
            case _:
                self.happen(crm)

    def decide(self, contact):
        world = self.world
        with world.ledger.begin() as tx:
            found = history.subject(tx, "customers", f"a:{contact}")
            programme = database.programme(tx, "customers").id
            day = world.clock.now.date()
            decision = Decision(Kind.ADJUST, day, "someone", "goodwill", coefficient=80, recorded=world.clock.now)
            decide.enter(tx, decide.Subject(programme, found[0].subject), decision, world.clock.now)

    def live(self, steps=(1, 40, 400, 500), changes=8):
        """Years of it, and what is left of them."""
        self.sync()
        for days in steps:
            self.world.clock.advance(days=days)
            for _ in range(changes):
                self.change()
            self.sync()
        self.world.clock.advance(days=1)
        self.sync(programme_at=other_rules)
        return self.left()

    def sync(self, **how):
        """One run; what it said of who moved, and why, is kept."""
        report = self.world.sync(**how)
        told = sorted((each.record, each.before, each.after, each.because) for each in report.moves)
        self.told.append((report.scored, report.first_standings, report.moved, told))

    def left(self):
        """Every standing with its breakdown, who is due when, and what stands on the records."""
        table, current = schema.standings, schema.current
        with self.world.ledger.begin() as tx:
            rows = tx.execute(select(table).order_by(table.c.subject, table.c.recorded)).all()
            known = recalled(tx, rows, programme_at) | recalled(tx, rows, other_rules)
            due = tx.execute(select(current.c.subject, current.c.due, current.c.rules).order_by(current.c.subject))
            moves = {row.subject: (row.due, row.rules) for row in due}
        made = [row._asdict() | {"id": None, "run": None, "breakdown": known[row.id]} for row in rows]
        kept = sum(row.breakdown is not None for row in rows)
        crms = self.world.crms.items()
        shown = {name: {id_: each.ours for id_, each in crm._records["contacts"].items()} for name, crm in crms}
        return {"standings": made, "moves": moves, "shown": shown, "told": self.told}, (kept, len(rows))


@pytest.mark.parametrize("seed", range(3))
def test_both_ways_enter_the_same_standings_show_the_same_values_and_tell_the_same(places, seed, monkeypatch):
    monkeypatch.setattr(sync.score, "MANY", FEW)
    with closing(Ledger.open(places[0])) as ledger:
        by_columns, (kept, entered) = Life(ledger, seed).live()
        found = verify(ledger, "customers", programme_at)
    monkeypatch.setattr(sync.score, "MANY", NEVER)
    with closing(Ledger.open(places[1])) as ledger:
        plainly, (all_kept, _) = Life(ledger, seed).live()
    assert by_columns == plainly
    assert any(moves for *_, moves in plainly["told"])
    assert 0 < kept < entered * 0.8, "the engine made some, the plain reading the others"
    assert all_kept == len(plainly["standings"])
    assert found.differences == []
    assert found.standings > found.unknown_rules > 0


TOO_LATE = (Code.WITHDRAWN_LATE, Code.TOO_LATE)
HOMES = [ZoneInfo(name) for name in ("Pacific/Kiritimati", "America/New_York", "Europe/Paris", "Pacific/Pago_Pago")]


def a_day_of_corrections(ledger):
    """Around the last day on which claims of everybody's first year can be corrected the company moves at each run.

    Returns its life, and which claims were taken back or came to light too late.
    """
    life, late = Life(ledger, 1), set()
    world, crm = life.world, life.world.crms["a"]
    claims = [(kind, str(who)) for who in range(1, 13) for kind in "kn"]
    for kind, who in claims:
        if kind == "k":
            order(crm, f"7{who}", who, date(2023, 11, 26))
            crm.put("cases", kind + who, fault="theirs", day=date(2024, 1, 20), contacts=[who])
    life.sync()
    world.clock.now = datetime(2026, 11, 26, 8, tzinfo=UTC)
    for number, (kind, who) in enumerate(claims):
        home = world.options["time_zone"] = HOMES[(number + number // 4) % len(HOMES)]
        crm.put("cases", kind + who, fault="ours" if kind == "k" else "theirs", day=date(2024, 1, 20), contacts=[who])
        world.clock.advance(minutes=40)
        life.sync()
        if world.clock.now.astimezone(home).date() > date(2026, 11, 26):
            late.add(kind + who)
    return life, late


def test_both_ways_enter_the_same_while_the_company_moves_around_the_last_day_of_corrections(places, monkeypatch):
    monkeypatch.setattr(sync.score, "MANY", FEW)
    with closing(Ledger.open(places[0])) as ledger:
        life, late = a_day_of_corrections(ledger)
        by_columns, _ = life.left()
        found = verify(ledger, "customers", programme_at)
    monkeypatch.setattr(sync.score, "MANY", NEVER)
    with closing(Ledger.open(places[1])) as ledger:
        plainly, _ = a_day_of_corrections(ledger)[0].left()
    assert by_columns == plainly
    assert found.differences == []
    newest = {row["subject"]: from_json(row["breakdown"]).lines for row in plainly["standings"]}
    told = [line.values for lines in newest.values() for line in lines if line.code in TOO_LATE]
    assert {values["source"] for values in told} == late
    assert all(3 < len([each for each in late if each[0] == kind]) < 10 for kind in "kn")


@pytest.mark.parametrize("seed", range(2))
def test_what_was_foreseen_of_a_day_is_what_it_brings_whatever_happens_in_between(places, seed, monkeypatch):
    steps = (*[1] * 12, *[7] * 12, *[31] * 8)
    foreseen = []
    real = scored.foreseen

    def counted(*given):
        known, rest = real(*given)
        foreseen.append(known.num_rows)
        return known, rest

    monkeypatch.setattr(scored, "foreseen", counted)
    monkeypatch.setattr(sync.score, "MANY", FEW)
    monkeypatch.setattr("sync.many.DENSE", 1)  # each is asked for by itself, however many they are
    with closing(Ledger.open(places[0])) as ledger:
        by_columns, _ = Life(ledger, seed, orders=120).live(steps, changes=1)
        found = verify(ledger, "customers", programme_at)
    monkeypatch.setattr(sync.score, "MANY", NEVER)
    with closing(Ledger.open(places[1])) as ledger:
        plainly, _ = Life(ledger, seed, orders=120).live(steps, changes=1)
    assert by_columns == plainly
    assert sum(foreseen) > 20
    assert found.differences == []


def test_whom_the_engine_left_are_looked_up_and_nobody_else_is_gone_through(places, monkeypatch):
    monkeypatch.setattr(sync.score, "MANY", FEW)
    asked = []
    real = results.due_subjects
    monkeypatch.setattr(
        results, "due_subjects", lambda *given, **how: asked.append(how["among"]) or real(*given, **how)
    )
    with closing(Ledger.open(places[0])) as ledger:
        life = Life(ledger, 1)
        life.world.sync()
        life.decide("1")
        asked.clear()
        assert life.world.sync().scored == 1
        with ledger.begin() as tx:
            (whom,) = asked
            assert whom == [history.subject(tx, "customers", "a:1")[0].subject]


def test_whom_the_day_moves_anyway_is_not_asked_whether_a_change_does(places, monkeypatch):
    monkeypatch.setattr(sync.score, "MANY", FEW)
    with closing(Ledger.open(places[0])) as ledger:
        world = Life(ledger, 1).world
        world.sync()
        today, current, table = world.clock.now.date(), schema.current, schema.standings
        recent = today - timedelta(days=600)  # to change what is older would be too late a correction
        with ledger.begin() as tx:
            query = select(current.c.subject, current.c.due, table.c.breakdown).where(table.c.id == current.c.standing)
            later = tx.execute(query.where(current.c.due > today).order_by(current.c.due)).all()
            known = past.signals_of(tx, [row.subject for row in later])
        first = next(
            row
            for row in later
            if row.breakdown is None  # nothing about them needs the plain reading
            and any(each.name == "order_paid" and each.on > recent for each in known[row.subject])
        )
        world.clock.advance(days=(first.due - today).days)
        for crm in world.crms.values():
            for number, kept in sorted(crm._records["orders"].items()):
                if kept.values["day"] > recent:
                    crm.put("orders", number, number="called otherwise")  # which moves nobody
        asked = []
        real = results.due_subjects
        monkeypatch.setattr(
            results, "due_subjects", lambda *given, **how: asked.append(how["among"]) or real(*given, **how)
        )
        world.sync()
        with ledger.begin() as tx:
            made = tx.execute(select(table.c.day).where(table.c.subject == first.subject)).scalars().all()
    (others,) = asked
    assert others
    assert first.subject not in others
    assert first.due in made


def test_a_dry_run_scores_its_copy_in_columns_and_says_what_the_run_then_does(places, monkeypatch):
    monkeypatch.setattr(sync.score, "MANY", FEW)
    with closing(Ledger.open(places[0])) as ledger:
        world = Life(ledger, 1).world
        dry = world.sync(dry=True)
        with ledger.begin() as tx:
            assert tx.execute(select(schema.standings)).all() == []
        real = world.sync()
    assert (dry.scored, dry.first_standings) == (real.scored, real.first_standings)
    assert [each.outcomes["would write"] for each in dry.connections.values()] == [
        each.outcomes["written"] for each in real.connections.values()
    ]


def test_whom_a_person_should_look_at_is_counted_once_whoever_scored(places, monkeypatch):
    def strict(day):
        return replace(programme_at(day), attention=94)

    def dry(world, many):
        monkeypatch.setattr(sync.score, "MANY", many)
        report = world.sync(dry=True, programme_at=strict)
        return report.attention, report.scored

    with closing(Ledger.open(places[0])) as ledger:
        world = Life(ledger, 1).world
        filled = dry(world, NEVER)
        assert dry(world, FEW) == filled
        world.sync(programme_at=strict)
        for crm in world.crms.values():
            for number in sorted(crm._records["orders"]):
                crm.put("orders", number, number="called otherwise")  # everybody is woken, and nobody moves
        woken = dry(world, NEVER)
        assert dry(world, FEW) == woken
    assert all(0 < attention <= scored for attention, scored in (filled, woken))


def test_beside_another_run_of_the_programme_the_plain_reading_scores(places, monkeypatch):
    """Without its breakdown a standing must follow from what was recorded up to its run."""
    monkeypatch.setattr(sync.score, "MANY", FEW)
    with closing(Ledger.open(places[0])) as ledger:
        life = Life(ledger, 1)
        life.world.sync(sources={"a": life.world.job().sources["a"]}, connections=("a", "b"))
        with ledger.begin() as tx:
            programme = database.programme(tx, "customers").id
            database.start_run(tx, programme, life.world.clock.now, "customers", kind="sync")
        life.world.clock.advance(minutes=-29)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sync.lease.abandon", lambda *_, **__: None)
            life.world.sync()
        with ledger.begin() as tx:
            kept = [row.breakdown for row in tx.execute(select(schema.standings))]
    assert kept
    assert None not in kept


@pytest.mark.parametrize("stage", ["due", "parts"])
def test_a_server_that_goes_away_while_columns_are_read_is_one_line_and_nothing_is_lost(
    postgresql_place, server, stage, monkeypatch
):
    monkeypatch.setattr(sync.score, "MANY", FEW)
    name = {"due": "due", "parts": "by_hand"}[stage]
    real = getattr(scored, name)

    def go_away(*given, **more):
        found = None if stage == "due" else real(*given, **more)
        server.disconnect("test")
        return real(*given, **more) if stage == "due" else found

    with closing(Ledger.open(postgresql_place)) as ledger:
        world = Life(ledger, 1).world
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scored, name, go_away)
            with pytest.raises(LedgerBusy, match="run again when it answers"):
                world.sync()
        assert world.sync().state == "done"
        with ledger.begin() as tx:
            assert len(tx.execute(select(schema.standings.c.id)).all()) > 10


@pytest.mark.parametrize("what", ["deleted", "somebody else's", "older"])
def test_points_of_an_order_that_is_gone_do_not_go_a_second_time_on_the_day_foreseen(places, what, monkeypatch):
    monkeypatch.setattr(sync.score, "MANY", FEW)
    monkeypatch.setattr("sync.many.DENSE", 1)
    clock = Clock()
    first, second, third = (clock.now.date() - timedelta(731 - days) for days in (12, 18, 24))
    with closing(Ledger.open(places[0])) as ledger:
        crm = MemoryCrm(clock, "a")
        world = World(ledger, clock, {"a": crm})
        world.mappings = {"a": mapping("a")}
        for number in "12":
            crm.put("contacts", number, email=f"c{number}@x.example")
        for number, day in enumerate((date(2024, 2, 1), first, second, third, date(2025, 6, 1)), 100):
            order(crm, str(number), "1", day)
        order(crm, "200", "2", date(2025, 3, 1))
        world.sync()
        clock.advance(days=1)
        if what == "deleted":
            crm.delete("orders", "101")
        else:
            crm.put("orders", "101", **({"contacts": ["2"]} if what != "older" else {"day": date(2024, 3, 1)}))
        for days in (1, 16, 6, 6):
            world.sync()
            clock.advance(days=days)
        found = verify(ledger, "customers", programme_at)
    assert found.differences == []
