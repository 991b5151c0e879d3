"""The passes over a portal: fast and delayed, the bin, a list taken up again, the slow round, all ids."""

from datetime import timedelta
from typing import Any

import pytest

from connectors.hubspot import read
from connectors.hubspot.search import Finder
from connectors.progress import MemoryProgress
from scoring.records import Link

HOUR = 3600


@pytest.fixture
def progress() -> MemoryProgress:
    return MemoryProgress()


@pytest.fixture
def portal(hubspot: Any, progress: MemoryProgress) -> Any:
    return hubspot.again(progress=progress)


def test_hr07_hr04_a_record_that_search_finds_late_is_found_by_the_second_pass(portal: Any, faults: Any):
    id_ = portal.contact("Late")
    first = portal.remote.now() - timedelta(minutes=5)
    end = portal.settle()
    faults("/search", 200, {"total": 0, "results": []}, times=1)
    assert portal.read(start=first, end=end) == {}  # the index is behind
    portal.remote.sleep(HOUR)
    later = portal.remote.now()
    assert set(portal.read(start=later - timedelta(minutes=20), end=later)) == {id_}


def test_hr04_consecutive_windows_are_each_read_a_second_time_and_leave_no_gap():
    asked: list[tuple[int, int]] = []

    def search(body: Any) -> dict[str, Any]:
        [bounds] = body["filterGroups"][0]["filters"]
        asked.append((int(bounds["value"]), int(bounds["highValue"])))
        return (
            {"total": 500, "results": [], "paging": {"next": {"after": "200"}}} if len(asked) == 1 else {"results": []}
        )

    list(Finder(search, "stamp").within((0, 10), (50, 60)))
    assert asked[1:] == [(0, 9), (50, 59)]
    asked.clear()
    list(Finder(search, "stamp").within((0, 10), (10, 60)))
    assert asked[1:] == [(0, 59)]


def test_hr04_little_in_both_windows_and_between_them_costs_one_search(portal: Any, asked: Any):
    old = portal.contact("Between")
    portal.remote.sleep(HOUR / 2)
    start = portal.settle()
    id_ = portal.contact("Now")
    end = portal.settle()
    assert set(portal.read(start=start, end=end)) == {id_}
    assert asked("/search") == 1
    assert old


def test_hr10_a_bin_of_one_page_is_looked_at_by_every_run(portal: Any, asked: Any):
    portal.settle()
    for _ in range(3):
        id_ = portal.contact("Gone")
        start = portal.settle()
        portal.delete("contacts", id_)
        end = portal.settle()
        assert portal.read(start=start, end=end)[id_].deleted
    assert asked("GET /crm/objects/2026-09/contacts") == 3


def test_hr10_a_large_bin_is_listed_on_a_schedule_of_its_own_and_then_for_all_the_time_since(
    portal: Any, asked: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(read, "PAGE", 2)
    ids = portal.insert_contacts(6)
    for id_ in ids[:3]:
        portal.delete("contacts", id_)
    end = portal.settle()
    portal.read(end=end)
    portal.delete("contacts", ids[3])
    start, end = end, portal.settle()
    assert portal.read(start=start, end=end) == {}
    portal.remote.sleep(6 * HOUR)
    start, end = end, portal.settle()
    assert portal.read(start=start, end=end)[ids[3]].deleted


def test_a_list_that_was_stopped_goes_on_where_it_was_and_reads_what_changed_since(
    portal: Any, progress: MemoryProgress, asked: Any
):
    ids = portal.insert_contacts(250)
    portal.remote.sleep(2 * HOUR)
    end = portal.settle()
    pages = portal.connector.changes(portal.query(), portal.window(None, end))
    early = {record.id for _ in range(2) for record in next(pages).records}
    pages.close()
    assert len(early) == 200
    portal.remote.sleep(HOUR)
    portal.update("contacts", ids[3], {"lastname": "Changed"})
    portal.again(progress=progress)
    before = asked("GET /crm/objects/2026-09/contacts")
    late = portal.read(end=portal.settle())
    assert asked("GET /crm/objects/2026-09/contacts") - before == 3  # the bin, and two pages
    assert early | set(late) == set(ids)
    assert len(late) < 250
    assert late[ids[3]].values["lastname"] == "Changed"
    assert not [key for key in progress._held if "list" in key]


def test_sr08_hr12_all_live_ids_come(portal: Any):
    ids = portal.insert_contacts(150)
    portal.delete("contacts", ids[7])
    portal.tell({"do": "gdpr_delete", "id": ids[9]})
    assert {id_ for piece in portal.connector.ids("contacts") for id_ in piece} == set(ids) - {ids[7], ids[9]}


def test_hr13_hr15_a_round_shows_a_link_and_a_restored_record_that_moved_no_date_and_then_rests(
    portal: Any, progress: MemoryProgress
):
    ann = portal.contact("Ann")
    deal, back = (portal.insert("deals", portal.words.deal_values) for _ in range(2))
    portal.delete("deals", back)
    start = portal.settle()
    portal.link(deal, ann)
    portal.restore("deals", back)
    end = portal.settle()
    query = portal.query("deals", "amount", links=True)

    def seen(calls: int) -> dict[str, Any]:
        pages = portal.connector.refresh(query, calls=calls)
        return {record.id: record for page in pages for record in page.records}

    assert portal.read(query, start=start, end=end) == {}
    assert seen(5)[deal].links == {"contacts": (Link("contacts", ann),)}
    assert seen(5) == {}
    portal.remote.sleep(7 * 24 * HOUR)
    portal.again(progress=progress)
    assert set(seen(5)) == {deal, back}


def test_a_round_spends_about_the_calls_it_may_and_goes_on_the_next_time(portal: Any, asked: Any):
    ids = portal.insert_contacts(250)
    portal.settle()

    def seen(calls: int) -> list[str]:
        return [record.id for page in portal.connector.refresh(portal.query(), calls=calls) for record in page.records]

    first = seen(1)
    assert (len(first), asked("GET /crm/objects/2026-09/contacts")) == (100, 1)
    assert first + seen(9) == sorted(ids, key=int)


def test_sr13_definitions_are_read_anew_by_the_next_run(portal: Any):
    portal.contact("Ann")
    portal.settle()
    assert portal.read(portal.query(ours=True)).popitem()[1].ours == {}
    portal.connector.apply_fields(portal.fields)
    portal.connector.check([portal.query()], portal.fields)
    assert portal.read(portal.query(ours=True)).popitem()[1].ours != {}
