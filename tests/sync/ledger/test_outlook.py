"""What the calendar brings next, as a text."""

from datetime import date

import pytest

pa = pytest.importorskip("pyarrow")

from sqlalchemy import select  # noqa: E402 - only where the engine's libraries are

from scoring.engine_result import OUTLOOK  # noqa: E402 - same
from sync.ledger import outlook, schema  # noqa: E402 - same
from sync.ledger.outlook import Step  # noqa: E402 - same

TEXT = "2026-12-03:20 2026-12-09:0 2026-12-20:5 2027-01-10"


def test_an_outlook_is_kept_as_days_with_what_goes_and_the_day_it_does_not_reach():
    rows = [
        [{"on": date(2026, 12, 3), "lost": 20}, {"on": date(2027, 1, 10), "lost": None}],
        [],
        [
            {"on": date(2026, 12, 9), "lost": 0},
            {"on": date(2026, 12, 20), "lost": 5},
            {"on": date(2027, 1, 1), "lost": None},
        ],
    ]
    found = outlook.texts(pa.chunked_array([pa.array(rows, OUTLOOK[1])]))
    assert found.to_pylist() == ["2026-12-03:20 2027-01-10", "", "2026-12-09:0 2026-12-20:5 2027-01-01"]


@pytest.mark.parametrize(
    ("since", "day", "step"),
    [
        ("2026-12-02", "2026-12-03", Step(20, date(2026, 12, 9))),
        ("2026-12-02", "2026-12-08", Step(20, date(2026, 12, 9))),
        ("2026-12-03", "2026-12-09", Step(0, date(2026, 12, 20))),  # what has been is not taken twice
        ("2026-12-02", "2027-01-09", Step(25, date(2027, 1, 10))),  # nobody came by for a month
        ("2026-12-02", "2026-12-02", None),  # it begins later
        ("2026-12-20", "2026-12-31", None),  # nothing goes in between
        ("2026-12-09", "2027-01-10", None),  # it does not reach that day
        ("2026-12-09", "2029-01-10", None),
    ],
)
def test_a_day_takes_what_goes_since_the_last_standing_as_far_as_the_outlook_reaches(since, day, step):
    assert outlook.step(TEXT, since, day) == step


def test_nothing_is_foreseen_by_an_empty_outlook():
    assert outlook.step("", "2026-12-02", "2026-12-03") is None


def test_an_outlook_is_written_where_it_says_another_thing_of_the_days_to_come(filling):
    table, later = schema.outlooks, TEXT.partition(" ")[2]
    before = {1: TEXT, 2: TEXT, 3: TEXT, 4: TEXT, 5: "", 6: None, 7: None}
    after = {1: TEXT, 2: later, 3: "", 4: "2026-12-04:1 2027-01-01", 5: "", 6: "", 7: TEXT}
    for day, of_two in ((date(2026, 12, 2), later), (date(2026, 12, 3), TEXT)):
        with filling.ledger.begin() as tx:
            outlook.keep(tx, date(2026, 12, 1), [1, 2, 3, 4, 6], [None] * 5, [TEXT] * 5)
            outlook.keep(tx, day, list(after), list(before.values()), list(after.values()))
            kept = {row.subject: row.says for row in tx.execute(select(table))}
        # What lay ahead of the second and is gone would be taken all the same; what has been is taken no more.
        assert kept == {1: TEXT, 2: of_two, 4: after[4], 7: TEXT}


@pytest.mark.parametrize(("day", "says"), [("2026-12-02", TEXT), ("2026-12-03", TEXT[14:]), ("2027-01-10", "")])
def test_of_an_outlook_the_days_after_a_standing_are_ahead(day, says):
    assert outlook.ahead(TEXT, day) == says
