"""Undo: what stood there before stands there again, and stays until somebody says go on."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.errors import Unreachable
from connectors.protocol import Outcome, OutcomeKind
from scoring.records import Malformed
from sync import hold
from sync.brake import Brake
from sync.ledger import database, history
from sync.undo import NothingToUndoError, undo
from tests.sync.conftest import order
from tests.sync.test_run import THIS_YEAR, counted, one_customer


def put_back(world, run, **options):
    world.clock.advance(minutes=30)
    return undo(world.job(**options), run)


def resume(world):
    with world.ledger.begin() as tx:
        return hold.end(tx, database.programme(tx, "customers").id)


def shown(crm, id_):
    return {name: value for name, value in crm.ours(id_).items() if value is not None}


def test_a_first_fill_undone_leaves_every_field_of_ours_empty(world):
    crm = one_customer(world)
    run = world.sync().run
    report = put_back(world, run)
    assert counted(report) == {"written": 1}
    assert shown(crm, "1") == {}


def test_a_later_run_undone_shows_what_the_one_before_had_shown(world):
    crm = one_customer(world)
    world.sync()
    before = shown(crm, "1")
    order(crm, "o3", "1", THIS_YEAR)
    run = world.sync().run
    assert shown(crm, "1") != before
    put_back(world, run)
    assert shown(crm, "1") == before


def test_a_hold_reads_and_scores_but_writes_nothing_until_resumed(world):
    crm = one_customer(world)
    put_back(world, world.sync().run)
    order(crm, "o3", "1", THIS_YEAR)
    report = world.sync()
    assert report.state == "held"
    assert "`bonus-malus resume` ends it" in report.connections["a"].message
    assert report.scored == 1
    assert report.written == 0
    assert shown(crm, "1") == {}
    assert resume(world) == ["a"]
    assert world.sync().state == "done"
    assert crm.ours("1")["points"] == Decimal(30)


def test_a_dry_run_on_hold_shows_what_resume_would_let_through_and_its_id_says_yes_to_it(world):
    crm = one_customer(world)
    put_back(world, world.sync().run)
    report = world.sync(dry=True)
    assert (report.state, report.connections["a"].outcomes["would write"]) == ("done", 1)
    (warning,) = report.connections["a"].warnings
    assert warning.endswith("`bonus-malus resume` ends it, and then this would be written")
    assert shown(crm, "1") == {}
    assert world.sync(brake=Brake(read=report.intent)).state == "held"
    resume(world)
    assert world.sync(brake=Brake(read=report.intent)).written == 1


def test_only_the_connections_that_the_run_wrote_to_are_put_on_hold(world):
    one_customer(world)
    put_back(world, world.sync().run)
    with world.ledger.begin() as tx:
        assert list(hold.listed(tx, "customers")) == ["a"]


def test_an_undo_puts_on_hold_what_it_cannot_put_back_yet(world):
    crm = one_customer(world)
    run = world.sync().run
    crm.silent = Unreachable("a: nobody answers")
    assert put_back(world, run).state == "try later"
    crm.silent = None
    assert shown(crm, "1") != {}
    order(crm, "o3", "1", THIS_YEAR)
    assert world.sync().state == "held"
    assert counted(put_back(world, run)) == {"written": 1}
    assert shown(crm, "1") == {}


@pytest.mark.parametrize("batch", [1, 200], ids=["noted", "not noted yet"])
def test_an_undo_of_the_run_that_is_writing_ends_its_writing(world, monkeypatch, batch):
    monkeypatch.setattr("sync.show.PAGE", 2)
    monkeypatch.setattr("sync.show.BATCH", batch)
    crm = one_customer(world)
    for number in range(2, 9):
        crm.put("contacts", str(number), email=f"c{number}@example.com")
    said = []

    def writing(fields, updates, real=crm.write):
        for outcome in real(fields, updates):
            yield outcome
            if not said:
                said.append(undo(world.job(), 1))

    monkeypatch.setattr(crm, "write", writing)
    report = world.sync()
    assert (said[0].state, report.state) == ("skipped", "held")
    assert 0 < report.written < 8
    assert counted(report) == {"written": report.written}, "of the others nothing is said"
    assert "`bonus-malus resume` ends it" in report.connections["a"].message
    assert counted(put_back(world, 1)) == {"written": report.written}
    assert all(shown(crm, str(number)) == {} for number in range(1, 9))


def test_an_undo_is_a_run_that_can_be_undone(world):
    crm = one_customer(world)
    first = world.sync()
    before = shown(crm, "1")
    second = put_back(world, first.run)
    third = put_back(world, second.run)
    assert shown(crm, "1") == before
    with world.ledger.begin() as tx:
        kinds = [(each.id, each.kind) for each in history.runs(tx, "customers", limit=5)]
    assert kinds == [(third.run, "undo"), (second.run, "undo"), (first.run, "sync")]
    resume(world)
    assert world.sync().written == 0


def test_what_somebody_edited_since_is_left_and_listed(world):
    crm = one_customer(world)
    crm.put("contacts", "2", email="two@example.com")
    run = world.sync().run
    crm.edit_ours("1", tier="Platinum")
    report = put_back(world, run)
    assert counted(report) == {"written": 1, "changed since": 1}
    assert report.connections["a"].edited == ["1 tier: changed since, left as it is"]
    assert crm.ours("1")["tier"] == "Platinum"
    assert shown(crm, "2") == {}


def test_what_a_later_run_wrote_is_left_and_listed(world):
    crm = one_customer(world)
    first = world.sync().run
    order(crm, "o3", "1", THIS_YEAR)
    world.sync()
    report = put_back(world, first)
    assert counted(report) == {"changed since": 1}
    assert crm.ours("1")["points"] == Decimal(30)


def test_a_record_that_is_gone_is_left_alone(world):
    crm = one_customer(world)
    crm.put("contacts", "2", email="two@example.com")
    run = world.sync().run
    crm.delete("contacts", "1")
    world.sync()
    assert counted(put_back(world, run)) == {"written": 1}


def test_a_refused_record_is_told_and_the_rest_goes_back(world):
    crm = one_customer(world)
    crm.put("contacts", "2", email="two@example.com")
    run = world.sync().run
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "a rule of theirs")
    report = put_back(world, run)
    assert counted(report) == {"written": 1, "rejected": 1}
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in report.connections["a"].rejects[0]


def test_an_undo_that_was_killed_after_writing_is_finished_by_the_next_one(world):
    crm = one_customer(world)
    run = world.sync().run

    class KilledError(BaseException):
        pass

    def dies(fields, updates):
        yield from (outcome for outcome in list(real(fields, updates)) if False)
        raise KilledError

    real = crm.write
    crm.write = dies
    with pytest.raises(KilledError):
        put_back(world, run)
    crm.write = real
    assert world.sync().state == "held"
    assert counted(put_back(world, run)) == {"written": 1}
    assert counted(put_back(world, run)) == {"unchanged": 1}
    assert shown(crm, "1") == {}


@pytest.mark.parametrize("wrote", [True, False])
def test_a_run_that_is_not_there_or_wrote_nothing_cannot_be_undone(world, wrote):
    one_customer(world)
    run = world.sync().run
    what = world.sync().run if wrote else run + 7
    with pytest.raises(NothingToUndoError, match="wrote nothing" if wrote else "there is no run"):
        put_back(world, what)
    with world.ledger.begin() as tx:
        assert hold.listed(tx, "customers") == {}


def test_a_run_of_a_connection_that_the_settings_no_longer_name_is_refused_before_anything(world):
    one_customer(world)
    run = world.sync().run
    with pytest.raises(NothingToUndoError, match="wrote to a, which the settings no longer name; name it there again"):
        undo(replace(world.job(), sources={"b": world.job().sources["b"]}), run)


def test_a_standing_of_next_year_is_not_confused_with_the_one_undone(world):
    crm = one_customer(world)
    run = world.sync().run
    put_back(world, run)
    world.clock.now = world.clock.now.replace(year=2027, month=10, day=1)
    assert world.sync().state == "held"
    resume(world)
    world.sync()
    assert crm.ours("1")["next_review"] == date(2028, 10, 1)


@pytest.mark.parametrize(
    "edit", [{"coefficient": Malformed("cheap", "a number")}, {"next_review": Malformed("soon", "a date")}]
)
def test_what_stood_there_and_was_no_value_of_its_field_goes_back_as_it_was(world, edit):
    crm = one_customer(world)
    world.sync()
    crm.edit_ours("1", **edit)
    report = put_back(world, world.sync().run)
    ((name, value),) = edit.items()
    assert (report.state, report.written, crm.ours("1")[name]) == ("done", 1, value.text)
