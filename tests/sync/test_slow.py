"""The slow round, and how far connectors came: kept with the rows, on both databases."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import Unreachable
from connectors.protocol import ObjectQuery, Page, Window
from sync.job import Progress, Slow
from sync.ledger import progress as table
from sync.progress import LedgerProgress
from sync.report import Report
from sync.undo import undo
from tests.sync.conftest import World, both, order

DAY = date(2025, 10, 1)
ALL = Slow(calls=9, hours=0)  # enough for all of it


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    """On both databases."""
    return both(request)


@pytest.fixture
def filled(world: World) -> World:
    """One CRM with six people and an order each, read once."""
    del world.crms["b"]
    crm = world.crms["a"]
    for number in range(1, 7):
        crm.put("contacts", str(number), email=f"{number}@example.org")
        order(crm, f"o{number}", str(number), DAY)
    world.sync()
    return world


def kept(world: World) -> dict[str, str]:
    with world.ledger.begin() as tx:
        return table.kept(tx, 1)


def shown(report: Report) -> dict[str, int]:
    return {name: found.read for name, found in report.connections["a"].slow.items()}


class KilledError(Exception):
    """The process is gone."""


def test_what_moves_no_stamp_is_shown_by_the_slow_round_and_by_nothing_else(filled: World):
    crm = filled.crms["a"]
    crm.still("orders", "o2", state="cancelled")
    filled.sync()
    assert crm.ours("2")["points"] == Decimal(10)
    report = filled.sync(slow=ALL)
    assert crm.ours("2")["points"] == Decimal(0)
    assert shown(report) == {"contacts": 6, "orders": 6, "cases": 0}
    assert report.to_json()["connections"]["a"]["slow_calls"] == 6


def test_a_slice_costs_its_budget_and_the_next_one_goes_on_behind_it(filled: World):
    read = [shown(filled.sync(slow=Slow(calls=3, hours=0))) for _ in range(4)]
    assert [(found["contacts"], found["orders"]) for found in read] == [(2, 2), (2, 2), (2, 2), (0, 0)]


def test_what_one_object_leaves_of_the_budget_is_the_next_ones(filled: World):
    crm = filled.crms["a"]
    crm.progress.put("round/contacts", "6")
    report = filled.sync(slow=Slow(calls=6, hours=0))
    assert shown(report)["orders"] == 6


def test_slices_keep_to_their_hours_whatever_the_runs_do(filled: World):
    slices = [bool(filled.sync(slow=Slow(calls=3, hours=1)).connections["a"].slow) for _ in range(5)]
    assert slices == [True, False, True, False, True]


def test_a_first_fill_a_full_and_a_dry_run_have_no_slice(world: World):
    del world.crms["b"]
    world.crms["a"].put("contacts", "1", email="1@example.org")
    for options in ({}, {"full": True}, {"dry": True}):
        assert world.sync(slow=ALL, **options).connections["a"].slow == {}


def test_a_crm_that_stops_answering_in_the_slow_round_has_been_read_all_the_same(
    filled: World, monkeypatch: pytest.MonkeyPatch
):
    crm = filled.crms["a"]
    order(crm, "o9", "1", DAY)

    def refresh(_query: ObjectQuery, *, calls: int) -> Iterator[Page]:
        raise Unreachable(f"no answer to {calls} calls")

    monkeypatch.setattr(crm, "refresh", refresh)
    report = filled.sync(slow=ALL)
    assert report.state == "done"
    assert crm.ours("1")["points"] == Decimal(20)
    assert report.connections["a"].warnings == ["slow round: no answer to 3 calls"]


def test_a_place_is_kept_with_the_rows_that_follow_it_and_never_before_them(filled: World):
    seen: list[str | None] = []

    def watch(step: Progress) -> None:
        if step.object == "orders":
            seen.append(kept(filled).get("round/orders"))

    filled.sync(slow=ALL, watch=watch)
    # The first place is new and kept at once, the second one comes with the third page's rows.
    assert seen == [None, "o2", "o4"]
    assert kept(filled)["round/orders"] == "o6"


@pytest.mark.parametrize("at", range(1, 7))
def test_killed_at_any_page_the_round_goes_on_there_and_ends_the_same(filled: World, at: int):
    crm = filled.crms["a"]
    for number in range(1, 7):
        crm.still("orders", f"o{number}", state="cancelled")
    pages = 0

    def kill(_step: Progress) -> None:
        nonlocal pages
        pages += 1
        if pages == at:
            raise KilledError

    with pytest.raises(KilledError):
        filled.sync(slow=ALL, watch=kill)
    crm.progress = LedgerProgress()  # the process is gone, and its memory with it
    for _ in range(2):
        filled.sync(slow=ALL)
    assert [crm.ours(str(number))["points"] for number in range(1, 7)] == [Decimal(0)] * 6
    assert kept(filled)["round/orders"] == "o6"


def test_what_is_new_and_what_ends_is_kept_at_once(filled: World):
    progress = filled.crms["a"].progress
    progress.bind(filled.ledger.begin, 1)
    progress.put("job", "750")
    assert kept(filled)["job"] == "750"
    progress.put("job", "750 at page 2")
    assert (progress.get("job"), kept(filled)["job"]) == ("750 at page 2", "750")
    progress.put("job", None)
    assert (progress.get("job"), "job" in kept(filled)) == (None, False)
    with filled.ledger.begin() as tx:
        progress.keep(tx)
    assert "job" not in kept(filled)


def test_another_mapping_forgets_progress_as_it_forgets_cursors(filled: World, monkeypatch: pytest.MonkeyPatch):
    crm = filled.crms["a"]
    crm.progress.put("list", "page 7")
    found: list[str | None] = []
    original = crm.changes

    def changes(query: ObjectQuery, window: Window) -> Iterator[Page]:
        found.append(crm.progress.get("list"))
        return original(query, window)

    monkeypatch.setattr(crm, "changes", changes)
    filled.sync()
    filled.mappings["a"] = filled.mappings["a"].without("cases", "fault")
    filled.sync()
    assert set(found[:3]) == {"page 7"}
    assert set(found[3:]) == {None}


def test_a_dry_run_leaves_no_progress(filled: World, monkeypatch: pytest.MonkeyPatch):
    crm = filled.crms["a"]

    def changes(query: Any, window: Any) -> Iterator[Page]:
        crm.progress.put("job", "750")
        return iter(())

    monkeypatch.setattr(crm, "changes", changes)
    filled.sync(dry=True)
    assert "job" not in kept(filled)


def test_a_read_whose_pages_nobody_keeps_begins_at_the_beginning_and_leaves_nothing(filled: World):
    progress = filled.crms["a"].progress
    progress.bind(filled.ledger.begin, 1)
    progress.put("list", "page 7")
    with progress.aside():
        assert progress.get("list") is None
        progress.put("list", "page 1")
        progress.put("other", "page 1")
    assert (progress.get("list"), progress.get("other")) == ("page 7", None)
    assert kept(filled) == {"list": "page 7"}


def test_an_undo_looks_at_everything_again_however_far_another_one_came(filled: World, monkeypatch: pytest.MonkeyPatch):
    crm = filled.crms["a"]
    found: list[str | None] = []
    original = crm.changes

    def changes(query: ObjectQuery, window: Window) -> Iterator[Page]:
        found.append(crm.progress.get("list"))
        yield from original(query, window)
        crm.progress.put("list", "page 7")

    monkeypatch.setattr(crm, "changes", changes)
    filled.clock.advance(minutes=30)
    for _ in range(2):
        undo(filled.job(), 1)
    assert found == [None, None]


def test_a_full_run_reads_everything_whatever_an_earlier_one_has_seen(filled: World, monkeypatch: pytest.MonkeyPatch):
    crm = filled.crms["a"]
    found: list[str | None] = []
    original = crm.changes

    def changes(query: ObjectQuery, window: Window) -> Iterator[Page]:
        found.append(crm.progress.get(query.object))
        for page in original(query, window):
            crm.progress.put(query.object, "page 1")
            crm.progress.put(query.object, "page 2")
            yield page

    monkeypatch.setattr(crm, "changes", changes)
    filled.sync(full=True)
    filled.sync(full=True)
    assert set(found) == {None}
    assert kept(filled) == {}
