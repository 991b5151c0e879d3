"""Finding every record of a window through a search that lies: capped, unordered, miscounted, too long a tie."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import Unreachable
from connectors.hubspot import search
from connectors.hubspot.search import Finder, next_after

STAMP = "hs_lastmodifieddate"


class Index:
    """A search endpoint over (stamp, id) rows, with the habits of the real one."""

    def __init__(self, rows: list[tuple[int, int]], *, cap: int, page: int, seed: int = 0, undercount: int = 0) -> None:
        self.rows = rows
        self.cap = cap
        self.page = page
        self.random = random.Random(seed)  # noqa: S311 - a habit, not a secret
        self.undercount = undercount
        self.calls = 0

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        filters = body["filterGroups"][0]["filters"]
        found = [row for row in self.rows if all(holds(one, row) for one in filters)]
        if body["sorts"][0]["propertyName"] == "hs_object_id":
            found.sort(key=lambda row: row[1])
        else:
            random.Random(str(filters)).shuffle(found)  # noqa: S311 - HR03: sorts are not honoured
        start = int(body.get("after") or 0)
        assert start + self.page <= self.cap, "the real one answers 400 here"
        some = found[start : start + self.page]
        answer: dict[str, Any] = {
            "total": max(0, len(found) - self.undercount),
            "results": [{"id": str(id_), "properties": {STAMP: str(stamp)}} for stamp, id_ in some],
        }
        if start + len(some) < len(found):
            answer["paging"] = {"next": {"after": str(start + len(some)), "link": "https://elsewhere.example"}}
        return answer


def holds(one: dict[str, str], row: tuple[int, int]) -> bool:
    stamp, id_ = row
    if one["operator"] == "BETWEEN":
        return int(one["value"]) - 1 <= stamp <= int(one["highValue"]) + 1  # HR08: a little outside comes along
    if one["operator"] == "EQ":
        return stamp == int(one["value"])
    return id_ > int(one["value"])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch):
    """The same search in small: a cap of 40, pages of 10."""
    monkeypatch.setattr(search, "CAP", 40)
    monkeypatch.setattr(search, "PAGE", 10)
    monkeypatch.setattr(search, "_PEEK", 30)


def found(index: Index, start: int, end: int) -> list[str]:
    return [id_ for ids in Finder(index, STAMP).ids(start, end) for id_ in ids]


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 400)), max_size=250, unique_by=lambda row: row[1]),
    st.integers(0, 30),
    st.integers(31, 70),
    st.sampled_from([0, 0, 7]),
)
def test_hr01_hr03_hr08_hr29_every_record_of_the_window_is_found_and_none_beside_it(
    rows: Any, start: Any, end: Any, undercount: Any
):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("CAP", 40), ("PAGE", 10), ("_PEEK", 30)):
            patch.setattr(search, name, value)
        index = Index(rows, cap=40, page=10, undercount=undercount)
        ids = found(index, start, end)
    assert set(ids) == {str(id_) for stamp, id_ in rows if start <= stamp < end}


def test_hr02_more_than_the_cap_in_one_millisecond_is_drained_by_id(small: None):
    rows = [(5, id_) for id_ in range(1, 100)]
    index = Index(rows, cap=40, page=10)
    assert sorted(map(int, found(index, 0, 10))) == list(range(1, 100))
    assert index.calls < 40


def test_hr02_hr06_ids_that_do_not_increase_end_the_run(small: None):
    def stuck(body: Any) -> Any:
        rows = [{"id": "9", "properties": {STAMP: "5"}}]
        if body["filterGroups"][0]["filters"][0]["operator"] == "EQ":
            return {"total": 99, "results": rows}
        return {"total": 99, "results": rows}

    with pytest.raises(Unreachable, match="do not increase"):
        found(stuck, 5, 6)


def test_hr28_a_cursor_that_comes_twice_ends_the_run(small: None):
    def circle(_body: Any) -> Any:
        return {"total": 3, "results": [], "paging": {"next": {"after": "10"}}}

    with pytest.raises(Unreachable, match="twice"):
        found(circle, 0, 10)


def test_hr05_a_short_page_is_not_the_end_while_a_cursor_follows(small: None):
    pages = iter(
        [
            {"total": 3, "results": [{"id": "1", "properties": {STAMP: "1"}}], "paging": {"next": {"after": "10"}}},
            {"total": 3, "results": [], "paging": {"next": {"after": "20"}}},
            {"total": 3, "results": [{"id": "2", "properties": {STAMP: "2026-11-20T12:00:00Z"}}]},
        ]
    )
    assert found(lambda _body: next(pages), 0, 10) == ["1"]


def test_a_window_without_width_asks_nothing():
    assert found(lambda _body: pytest.fail("no call is needed"), 5, 5) == []


@pytest.mark.parametrize(
    ("answer", "after"),
    [
        ({}, None),
        ({"paging": None}, None),
        ({"paging": {}}, None),
        ({"paging": {"next": None}}, None),
        ({"paging": {"next": {"after": "7", "link": "x"}}}, "7"),
    ],
)
def test_hr19_only_the_cursor_counts(answer: Any, after: Any):
    assert next_after(answer) == after
