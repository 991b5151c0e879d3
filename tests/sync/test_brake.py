"""The brake: a first fill and a large change ask a person before anything is written."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from config.openings import Row
from scoring.signal import Carried
from sync.brake import Brake, Intent, objection
from tests.sync.conftest import order
from tests.sync.test_run import THIS_YEAR, one_customer


def company(world, size=10):
    crm = one_customer(world)
    for number in range(2, size + 1):
        crm.put("contacts", str(number), email=f"c{number}@example.com")
    return crm


STRICT = Brake(share=0.2, least=0)


def test_a_first_fill_asks_and_writes_nothing(world):
    crm = company(world)
    report = world.sync(brake=STRICT)
    assert report.state == "asked"
    assert "first time that a would be written to: 10 records" in report.connections["a"].message
    assert crm.written == []


def test_a_first_fill_that_was_agreed_to_writes(world):
    crm = company(world)
    assert world.sync(brake=Brake(first_fill=True)).state == "done"
    assert len(crm.written) == 10


def test_a_yes_to_the_first_fill_of_one_crm_is_none_to_what_that_moves_in_the_other(world):
    crm, other = company(world), world.crms["b"]
    yes = Brake(share=0.2, least=0, first_fill=True)
    only_a = {"sources": {"a": world.job().sources["a"]}, "connections": ("a",)}
    assert world.sync(brake=yes, **only_a).state == "done"
    before = len(crm.written)
    for number in range(2, 8):  # known there as well, with orders of their own
        other.put("contacts", f"9{number}", email=f"c{number}@example.com")
        order(other, f"q{number}", f"9{number}", THIS_YEAR)
    asked = world.sync(brake=STRICT).connections["a"].message
    assert "first time that b would be written to: 6 records, and 6 elsewhere;" in asked
    report = world.sync(brake=yes)
    assert report.state == "asked"
    assert "6 of 10 records would change, more than 20%;" in report.connections["a"].message
    assert "--yes-change 12" in report.connections["a"].message
    assert (len(crm.written), other.written) == (before, [])
    assert world.sync(brake=replace(yes, yes_change=12)).written == 12


def test_an_edit_of_the_only_record_of_a_crm_makes_no_first_time_of_it(world):
    crm, other = company(world), world.crms["b"]
    other.put("contacts", "9", email="nobody.else@example.com")
    assert world.sync(brake=Brake(first_fill=True)).state == "done"
    other.edit_ours("9", tier="Platinum")
    order(crm, "n1", "1", THIS_YEAR)
    assert world.sync(brake=Brake()).written == 2


def test_fields_that_are_empty_everywhere_as_when_made_again_are_filled_as_if_for_the_first_time(world):
    crm = company(world)
    assert world.sync(brake=Brake(first_fill=True)).state == "done"
    for each in crm.written:
        crm.edit_ours(each.id, **dict.fromkeys(crm.ours(each.id)))
    report = world.sync(brake=Brake(share=0.2, least=0))
    assert report.state == "asked"
    assert "this is the first time that a would be written to: 10 records" in report.connections["a"].message
    assert world.sync(brake=Brake(share=0.2, least=0, first_fill=True)).written == 10


def test_the_dry_run_that_was_read_is_a_yes(world):
    crm = company(world)
    read = world.sync(dry=True).intent
    assert world.sync(brake=Brake(read=read)).state == "done"
    assert len(crm.written) == 10


def test_a_dry_run_of_another_mapping_is_no_yes(world):
    crm = company(world)
    read = world.sync(dry=True).intent
    world.mappings["a"] = world.mappings["a"].only(frozenset({"order_paid"}))
    report = world.sync(brake=Brake(read=read))
    assert report.state == "asked"
    other = f"the dry run {read} was of other rules, mappings, settings or accounts; this is the"
    assert report.connections["a"].message.startswith(other)
    assert crm.written == []


@pytest.mark.parametrize(
    "settings",
    [
        {"language": "fr"},
        {"prefix": "loyalty"},
        {"time_zone": ZoneInfo("Asia/Tokyo")},
        {"history_years": 1},
        {"openings": (Row(2, "1", "", Carried(coefficient=80)),)},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_dry_run_under_other_settings_is_no_yes(world, settings):
    crm = company(world)
    read = world.sync(dry=True).intent
    assert world.sync(brake=Brake(read=read), **settings).state == "asked"
    assert crm.written == []


def test_a_dry_run_of_another_account_is_no_yes(world):
    crm = company(world)
    read = world.sync(dry=True).intent
    crm.account_id = "00D2"
    assert world.sync(brake=Brake(read=read)).state == "asked"
    assert crm.written == []


def test_of_a_dry_run_that_showed_fewer_changes_it_is_said_how_many():
    said = objection(Brake(read="4f2a91c0-10"), Intent(12, 12, ("a",), "4f2a91c0", 12, 12))
    assert said.startswith("the dry run 4f2a91c0-10 showed 10 records; this is the first time that a")


def test_a_share_is_told_as_it_was_set():
    said = objection(Brake(share=0.001, least=0), Intent(1, 130, (), "4f2a91c0"))
    assert said.startswith("1 of 130 records would change, more than 0.1%;")


@pytest.mark.parametrize("share", [0, 0.07, 0.14, 0.28, 0.29, 0.57, 0.58, 1])
def test_just_the_share_is_not_more_than_the_share(share):
    just = round(share * 100)
    brake = Brake(share=share, least=0)
    assert not objection(brake, Intent(just, 100, (), "4f2a91c0"))
    assert objection(brake, Intent(just + 1, 100, (), "4f2a91c0"))


def test_sw10_more_than_the_share_asks_and_the_number_is_a_yes(world):
    crm = company(world)
    world.sync()
    before = len(crm.written)
    for number in range(1, 4):
        order(crm, f"n{number}", str(number), THIS_YEAR)
    report = world.sync(brake=STRICT)
    assert report.state == "asked"
    assert "3 of 10 records would change, more than 20%;" in report.connections["a"].message
    assert "--yes-change 3" in report.connections["a"].message
    assert len(crm.written) == before
    assert world.sync(brake=Brake(share=0.2, least=0, yes_change=3)).state == "done"
    assert len(crm.written) == before + 3


def test_no_more_than_the_share_goes_through(world):
    crm = company(world)
    world.sync()
    for number in range(1, 3):
        order(crm, f"n{number}", str(number), THIS_YEAR)
    assert world.sync(brake=STRICT).written == 2


def test_records_that_would_show_what_they_show_do_not_count_in_either_of_two_crms(world):
    crm, other = company(world), world.crms["b"]
    other.put("contacts", "1", email="someone@example.com")
    order(crm, "known", "1", THIS_YEAR, key="K")
    world.sync()
    order(crm, "n1", "2", THIS_YEAR)
    order(other, "known", "1", THIS_YEAR, key="K")  # somebody in both is scored anew by it, and nothing shows
    read = world.sync(dry=True)
    report = world.sync(brake=Brake(share=0.0, least=1))
    assert report.state == "done"
    assert (report.intent, report.written) == (read.intent, 1)


def test_what_was_asked_is_still_there_to_be_written_later(world):
    company(world)
    world.sync(brake=STRICT)
    assert world.sync(brake=Brake(first_fill=True)).written == 10


@pytest.mark.parametrize(
    ("brake", "changes", "asks"),
    [
        (Brake(share=0.2, least=50), 50, False),
        (Brake(share=0.2, least=50), 51, False),
        (Brake(share=0.2, least=50), 200, False),
        (Brake(share=0.2, least=50), 201, True),
        (Brake(share=0.0, least=50), 51, True),
        (Brake(share=0.2, least=50, yes_change=300), 300, False),
        (Brake(share=0.2, least=50, yes_change=300), 301, True),
        (Brake(share=0.2, least=50, read="abcd0123-300"), 315, False),
        (Brake(share=0.2, least=50, read="abcd0123-300"), 316, True),
        (Brake(share=0.2, least=50, read="ffff0123-300"), 300, True),
        (Brake(share=0.2, least=50, read="abcd0123-"), 300, True),
        (Brake(share=0.2, least=50, read="nonsense"), 300, True),
        (Brake(share=0.2, least=50, first_fill=True), 300, True),
    ],
)
def test_of_a_thousand_records_so_many_may_change_unasked(brake, changes, asks):
    assert bool(objection(brake, Intent(changes, 1000, (), "abcd0123"))) is asks


def test_a_yes_is_said_to_the_settings_in_use():
    def command(words):
        return f"bonus-malus --settings s.toml {words}"

    said = objection(Brake(share=0, least=0), Intent(12, 100, (), "4f2a91c0"), command)
    assert "look at `bonus-malus --settings s.toml sync --dry-run`" in said
    assert "say `bonus-malus --settings s.toml sync --yes-change 12`" in said


def test_nothing_to_change_never_asks():
    assert objection(Brake(share=0, least=0), Intent(0, 1000, (), "abcd0123")) == ""
