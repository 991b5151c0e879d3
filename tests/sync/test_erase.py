"""Erasure: nothing of one person is left in any table or in the file, and everybody else is as before."""

import json
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, select, update

from connectors.protocol import Outcome, OutcomeKind
from scoring.decision import Decision, Kind
from scoring.signal import Source
from sync import decide
from sync.erase import MovedError, erase, without
from sync.job import Progress
from sync.lease import BusyError
from sync.ledger import LedgerError, database, history, schema
from tests.limits import disk_of
from tests.sync.conftest import both, order
from tests.sync.test_decide import enter, subject
from tests.sync.test_run import THIS_YEAR, counted

place = pytest.fixture(both, params=("sqlite", "postgresql"))
PERSON, MERGED, BAD = "003PERSON0001", "003MERGED0001", "800BADORDER01"


def everything(world):
    """A person in every table there is: two records merged, a decision, a reject, an edit, a broken order."""
    crm = world.crms["a"]
    for record, email in ((PERSON, "person@example.com"), (MERGED, "merged@example.com"), ("other", "o@example.com")):
        crm.put("contacts", record, email=email)
        order(crm, f"order of {record}", record, date(2025, 10, 1))
        order(crm, f"second of {record}", record, THIS_YEAR)
    order(crm, BAD, PERSON, THIS_YEAR, amount="a lot")
    world.sync()
    crm.delete("contacts", MERGED, into=PERSON)
    crm.edit_ours(PERSON, tier="Platinum")
    world.sync()
    enter(world, Kind.FREEZE, name=f"a:{PERSON}")
    crm.refuses[PERSON] = Outcome(PERSON, OutcomeKind.REJECTED, "DUPLICATES_DETECTED", "a rule of theirs")
    world.sync()
    return crm


def gone(world):
    with world.ledger.begin() as tx:
        who = history.subject(tx, "customers", f"a:{PERSON}")[0].subject
    return erase(world.ledger, "customers", who, world.clock)


def everything_said(world):
    with world.ledger.begin() as tx:
        return {
            table.name: [str(tuple(row)) for row in tx.execute(select(table))]
            for table in schema.metadata.sorted_tables
        }


def test_nothing_of_the_person_is_left_in_any_table(world):
    crm = everything(world)
    crm.progress.put("round", json.dumps({"after": PERSON}))
    before = json.dumps(everything_said(world))
    assert all(each in before for each in (PERSON, MERGED, BAD))
    gone(world)
    left = json.dumps(everything_said(world))
    assert not [each for each in (PERSON, MERGED, BAD) if each in left]
    digest = "person@example.com"
    with world.ledger.begin() as tx:
        assert history.subject(tx, "customers", digest) == []


def test_what_was_decided_about_another_when_the_two_were_one_loses_their_records(world):
    everything(world)
    who, theirs = subject(world, "a:other"), Source("a", "orders", f"order of {PERSON}")
    mine = Source("a", "orders", "order of other")
    fact = (Source("", "derived", "refund_abuse 2025-10-01"), "refund_abuse")
    contest = Decision(Kind.CONTEST_OPEN, THIS_YEAR, "u7", "broken", fact=fact, made_of=frozenset([mine, theirs]))
    with world.ledger.begin() as tx:
        decide.enter(tx, decide.Subject(database.programme(tx, "customers").id, who), contest, world.clock.now)
    gone(world)
    assert PERSON not in json.dumps(everything_said(world))
    with world.ledger.begin() as tx:
        assert decide.decisions_of(tx, [who])[who][0].made_of == {mine}


def test_a_contest_of_theirs_that_stayed_with_another_when_the_two_were_parted_goes_and_no_other_does(world):
    crm = everything(world)
    for person, about in ((PERSON, f"order of {PERSON}"), ("other", "order of other"), ("other", "moved")):
        if about == "moved":  # it was the person's once
            order(crm, "moved", PERSON, THIS_YEAR)
            world.sync()
            order(crm, "moved", "other", THIS_YEAR)
            world.sync()
        enter(world, Kind.CONTEST_OPEN, signal=about, name=f"a:{person}")
    table, contacts = schema.decisions, schema.contacts
    with world.ledger.begin() as tx:  # as it was entered when the two were one
        other = select(contacts.c.id).where(contacts.c.record == "other").scalar_subquery()
        tx.execute(update(table).where(table.c.kind == "contest_open").values(contact=other))
    gone(world)
    with world.ledger.begin() as tx:
        assert set(tx.execute(select(table.c.record)).scalars()) == {"order of other", "moved"}


@pytest.fixture
def careless(world):
    """SQLite as it comes: what is deleted stays in its pages. Debian's overwrites it, whether one says so or not."""
    engine = world.ledger.engine
    if engine.dialect.name == "sqlite":
        engine.dispose()
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA secure_delete=OFF"))


def test_nothing_of_the_person_is_left_in_the_file(world, careless, tmp_path):
    everything(world)
    gone(world)
    kept = [path.read_bytes() for path in tmp_path.glob("ledger.db*")]
    assert not [each for each in (PERSON, MERGED, BAD) if any(each.encode() in text for text in kept)]


def test_that_it_was_done_is_recorded_without_saying_about_whom(world):
    everything(world)
    erased = gone(world)
    with world.ledger.begin() as tx:
        (row,) = tx.execute(select(schema.erasures)).all()
    assert row.connections == erased.connections == {"a": 2}
    tables = {"contacts", "identities", "signals", "standings", "current", "writes", "decisions", "rejects", "problems"}
    assert tables <= set(row.rows)
    assert erased.living == 1


def test_everybody_else_is_as_before(world):
    crm = everything(world)
    with world.ledger.begin() as tx:
        before = history.subject(tx, "customers", "a:other")
    gone(world)
    with world.ledger.begin() as tx:
        assert history.subject(tx, "customers", "a:other") == before
    crm.vanish("contacts", PERSON)
    assert counted(world.sync()) == {"unchanged": 1}


def test_while_a_run_is_at_work_nobody_is_erased(world):
    everything(world)
    refused = []

    def meanwhile(step: Progress) -> None:
        if not refused:
            with pytest.raises(BusyError, match="is at work since") as error:
                erase(world.ledger, "customers", subject(world, f"a:{PERSON}"), world.clock)
            refused.append(error)

    world.crms["a"].put("contacts", "other", email="again@example.com")
    world.sync(watch=meanwhile)
    assert refused


def test_nobody_else_goes_where_a_sync_has_linked_the_person_to_another_since_somebody_said_yes(world):
    crm = everything(world)
    with world.ledger.begin() as tx:
        (found,) = history.subject(tx, "customers", "a:other")
    crm.delete("contacts", "other", into=PERSON)
    world.sync()
    before = everything_said(world)
    with pytest.raises(MovedError, match="a sync has changed meanwhile which records are this person's"):
        erase(world.ledger, "customers", found.subject, world.clock, meant=found.records)
    with pytest.raises(MovedError):
        erase(world.ledger, "customers", found.subject, world.clock)
    assert everything_said(world) == before


def test_nobody_goes_of_whom_a_yes_did_not_speak(world):
    crm = everything(world)
    with world.ledger.begin() as tx:
        (found,) = history.subject(tx, "customers", f"a:{PERSON}")
    crm.delete("contacts", "other", into=PERSON)
    world.sync()
    before = everything_said(world)
    with pytest.raises(MovedError):
        erase(world.ledger, "customers", found.subject, world.clock, meant=found.records)
    assert everything_said(world) == before
    assert gone(world).connections == {"a": 3}


@pytest.fixture
def file(world, careless):
    """How often the file of a ledger with everything in it names the person."""
    everything(world)
    place = Path(world.ledger.engine.url.database)
    return lambda: sum(each.read_bytes().count(PERSON.encode()) for each in place.parent.glob(f"{place.name}*"))


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # a server's files are its own
def test_a_disk_that_has_no_room_for_a_clean_file_is_told_before_anything_is_erased(world, file):
    whose = subject(world, f"a:{PERSON}")
    with (
        disk_of(40_960),
        pytest.raises(LedgerError, match=r"the disk (fails or )?is full.*nothing of this step was kept"),
    ):
        erase(world.ledger, "customers", whose, world.clock)
    assert file() > 0
    erase(world.ledger, "customers", whose, world.clock)
    assert file() == 0


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)  # a server's files are its own
def test_whoever_reads_the_file_meanwhile_is_told_and_the_next_command_cleans_it(world, file, monkeypatch):
    monkeypatch.setattr("sync.ledger.engines.PATIENCE", "PRAGMA busy_timeout=10")
    world.ledger.engine.dispose()
    whose = subject(world, f"a:{PERSON}")
    with closing(sqlite3.connect(world.ledger.engine.url.database)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM contacts").fetchall()
        with pytest.raises(LedgerError, match=r"the person is erased, but .* another process reads it"):
            erase(world.ledger, "customers", whose, world.clock)
        assert file() > 0
    world.ledger.close()
    assert file() == 0


def test_a_report_is_cleaned_of_whole_entries_and_of_ids_inside_texts():
    report = {
        "run": 12,
        "calls": 120,
        "moves": [{"record": "a:12", "because": []}, {"record": "a:120", "because": []}],
        "edited": ["a:12 tier", "a:34 tier"],
        "message": "record 12 was refused",
    }
    assert without(report, ["12"]) == {
        "run": 12,
        "calls": 120,
        "moves": [{"record": "a:120", "because": []}],
        "edited": ["a:34 tier"],
        "message": "record erased was refused",
    }
