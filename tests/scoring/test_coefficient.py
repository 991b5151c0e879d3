import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.rulefile import load_rules
from scoring.coefficient import LETTERS, State, step
from scoring.line import Code
from scoring.rules import Rules
from scoring.signal import Liability

Period = tuple[list[Liability], bool]  # incidents, interrupted

FULL, PARTIAL, NONE = Liability.FULL, Liability.PARTIAL, Liability.NONE
VECTORS = json.loads(Path(__file__).with_name("coefficient-vectors.json").read_text(encoding="utf-8"))
LAW = load_rules("fr-motor", at=date(2026, 11, 22))
TOURNEES = replace(LAW, use="tournees")
ONCE = replace(LAW, truncation="once")
HELD = replace(LAW, excused="held")


def coefficients(
    start: int,
    years: Sequence[str],
    rules: Rules = LAW,
    *,
    years_at_floor: int = 0,
    interrupted: bool = False,
    first_short: bool = False,
) -> list[int]:
    state, found = State(start, periods_at_floor=years_at_floor), []
    for year in years:
        state, _ = step(
            state, [LETTERS[letter] for letter in year], rules, interrupted=interrupted, first_short=first_short
        )
        found.append(state.coefficient)
    return found


def codes(state: State, incidents: Sequence[Liability], *, interrupted: bool = False) -> list[Code]:
    return [line.code for line in step(state, incidents, LAW, interrupted=interrupted)[1]]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_every_published_or_derived_example_comes_out_as_printed(vector: dict[str, Any]):
    rules = LAW if vector["use"] == "N" else TOURNEES
    got = coefficients(vector["start"], vector["years"], rules, years_at_floor=vector.get("y50", 0))
    assert got == vector["expect"]


@pytest.mark.parametrize("vector", [v for v in VECTORS if "expect_if_truncated_once_per_period" in v])
def test_truncating_once_a_period_gives_the_other_published_reading(vector: dict[str, Any]):
    assert coefficients(vector["start"], vector["years"], ONCE) == vector["expect_if_truncated_once_per_period"]


@pytest.mark.parametrize(
    ("source", "start", "years", "wrong", "right"),
    [
        ("panoranet rounds half up", 68, ["P"], [77], [76]),
        ("fiches-auto rounds up", 70, ["P"], [79], [78]),
        ("latribuneauto rounds the third year", 100, ["", "", ""], [95, 90, 86], [95, 90, 85]),
        ("latribuneauto goes on from its 0.86", 85, ["F", "P"], [108, 122], [106, 119]),
        ("blog-note misprints year 11", 57, [""], [53], [54]),
        ("a school exercise truncates three claims once", 60, ["FFF"], [117], [116]),
        ("pagesjaunes lets the bonus fall by half a percent", 100, [""], [99], [95]),
        ("queldelai reads 3.50 as +400 %", 300, ["F"], [500], [350]),
        ("a published prompt halves 25 % to 12 %", 240, ["P"], [268], [270]),
        ("a Java class rounds half up", 90, [""], [86], [85]),
        ("rounding half up needs fourteen years", 100, [""] * 13, [51], [50]),
        ("many sites let two clean years reset to 1.00", 104, ["", ""], [98, 100], [98, 93]),
    ],
)
def test_wrong_published_readings_are_not_ours(
    source: str, start: int, years: list[str], wrong: list[int], right: list[int]
):
    got = coefficients(start, years)[-len(right) :]
    assert got == right
    assert got != wrong, source


def test_content_farms_lose_the_bonus_after_three_years_without_insurance_and_the_law_keeps_it():
    assert coefficients(64, ["", "", "", ""], interrupted=True) == [64, 64, 64, 64]


def test_a_bonus_is_lost_after_interruption_only_where_the_rules_say_so():
    lapsing = replace(LAW, lapse_after=3)
    assert coefficients(64, ["", "", ""], lapsing, interrupted=True) == [64, 64, 100]
    assert coefficients(130, ["", "", ""], lapsing, interrupted=True) == [130, 130, 130]


@pytest.mark.parametrize("rules", [LAW, TOURNEES], ids=["normal", "tournees"])
def test_every_coefficient_times_every_factor_is_the_truncated_fraction(rules: Rules):
    factors = rules.factors
    exact = {"reduction": Fraction(factors.reduction, 1000), "F": Fraction(factors.full, 1000)}
    exact["P"] = Fraction(factors.partial, 1000)
    for start in range(50, 351):
        k = Fraction(start, 100)
        assert coefficients(start, [""], rules) == [max(50, floor(k * exact["reduction"] * 100))]
        assert coefficients(start, ["F"], rules) == [min(350, floor(k * exact["F"] * 100))]
        assert coefficients(start, ["P"], rules) == [min(350, floor(k * exact["P"] * 100))]


def test_binary_floating_point_would_be_wrong_for_some_of_them():
    assert [k for k in range(50, 351) if floor(k / 100 * 0.95 * 100) != k * 95 // 100] != []


def test_the_order_of_a_full_and_a_partial_incident_matters_for_65_coefficients():
    assert sum(coefficients(k, ["FP"]) != coefficients(k, ["PF"]) for k in range(50, 351)) == 65


def literal(start: int, years: Iterable[Period], rules: Rules) -> Iterator[int]:
    """Articles 4, 5 and 9 read aloud in fractions, sharing nothing with the code under test."""
    reduction, full, partial = (
        (Fraction(95, 100), Fraction(125, 100), Fraction(1125, 1000))
        if rules.use == "normal"
        else (Fraction(93, 100), Fraction(120, 100), Fraction(110, 100))
    )
    k, clean, at_floor, used = Fraction(start, 100), 0, 0, False
    for incidents, interrupted in years:
        before = k
        counted = [i for i in incidents if i is not NONE]
        absorbed = bool(counted) and k == Fraction(1, 2) and at_floor >= 3 and not used
        for incident in counted[1:] if absorbed else counted:
            k = Fraction(floor(k * (full if incident is FULL else partial) * 100), 100)
            k = min(k, Fraction(7, 2))
        if not counted and not interrupted:
            if not incidents or rules.excused == "clean":
                k = max(Fraction(floor(k * reduction * 100), 100), Fraction(1, 2))
            if clean >= 1:
                k = min(k, Fraction(1))
        clean = 0 if counted else clean if interrupted else clean + 1
        used = used or absorbed
        if absorbed or not before == k == Fraction(1, 2):
            at_floor = 0
        elif not interrupted:
            at_floor += 1
        yield int(k * 100)


years = st.lists(st.tuples(st.lists(st.sampled_from([FULL, PARTIAL, NONE]), max_size=4), st.booleans()), max_size=30)


@settings(max_examples=150)
@given(st.integers(50, 350), years, st.sampled_from([LAW, TOURNEES, HELD]))
def test_any_history_agrees_with_the_articles_read_in_fractions(start: int, years: list[Period], rules: Rules):
    state, got = State(start), []
    for incidents, interrupted in years:
        state, _ = step(state, incidents, rules, interrupted=interrupted)
        got.append(state.coefficient)
    assert got == list(literal(start, years, rules))


@settings(max_examples=100)
@given(st.integers(50, 350), st.lists(st.sampled_from([FULL, PARTIAL]), max_size=6))
def test_truncating_after_each_incident_is_never_above_truncating_once(start: int, incidents: list[Liability]):
    each, once = (step(State(start), incidents, rules)[0].coefficient for rules in (LAW, ONCE))
    assert each <= once


@settings(max_examples=100)
@given(st.integers(50, 349), st.lists(st.sampled_from([FULL, PARTIAL, NONE]), max_size=5))
def test_a_higher_start_never_ends_lower(start: int, incidents: list[Liability]):
    lower, higher = (step(State(k), incidents, LAW)[0].coefficient for k in (start, start + 1))
    assert lower <= higher


def test_a_period_that_is_interrupted_gives_no_reduction_but_still_increases():
    assert coefficients(100, [""], interrupted=True) == [100]
    assert coefficients(100, ["F"], interrupted=True) == [125]
    assert Code.INTERRUPTED in codes(State(100), [], interrupted=True)


def test_a_first_period_that_is_too_short_gives_no_reduction_but_still_increases():
    assert coefficients(100, [""], first_short=True) == [100]
    assert coefficients(100, ["P"], first_short=True) == [112]


def test_an_interrupted_period_neither_counts_as_a_clean_year_nor_breaks_the_run():
    state, _ = step(State(150), [], LAW)
    state, _ = step(state, [], LAW, interrupted=True)
    assert state == State(142, clean_periods=1, interrupted_periods=1)
    assert step(state, [], LAW)[0].coefficient == 100


def test_an_incident_breaks_the_run_of_clean_years():
    assert coefficients(125, ["", "F", ""]) == [118, 147, 139]


def test_an_excused_incident_leaves_the_reduction():
    state, lines = step(State(100), [NONE], LAW)
    assert state.coefficient == 95
    assert [line.code for line in lines] == [Code.START, Code.EXCUSED, Code.REDUCED]


def test_an_excused_incident_holds_the_coefficient_where_the_rules_say_so():
    assert step(State(100), [NONE], HELD)[0].coefficient == 100
    assert step(State(100), [], HELD)[0].coefficient == 95


def test_a_held_year_counts_toward_the_ceiling_and_meets_it_where_it_is_the_second():
    state, lines = step(State(148, clean_periods=1), [NONE], HELD)
    assert state == State(100, clean_periods=2)
    assert [line.code for line in lines] == [Code.START, Code.EXCUSED, Code.HELD, Code.CEILING]
    assert (lines[-1].reference, lines[-1].values) == ("art. 5", {"coefficient": 100})


@pytest.mark.parametrize(("years", "got"), [([[NONE], []], [156, 100]), ([[], [NONE]], [148, 100])])
def test_from_1_56_a_held_and_a_clean_year_give_1_00_whichever_comes_first(
    years: list[list[Liability]], got: list[int]
):
    assert list(literal(156, [(incidents, False) for incidents in years], HELD)) == got
    state, _ = step(State(156), years[0], HELD)
    assert [state.coefficient, step(state, years[1], HELD)[0].coefficient] == got


@settings(max_examples=150)
@given(st.integers(50, 350), st.sampled_from([HELD, replace(HELD, use="tournees")]))
def test_the_order_of_a_held_and_a_clean_year_does_not_matter_for_whether_the_ceiling_bites(start: int, rules: Rules):
    ends = []
    for years in ([[NONE], []], [[], [NONE]]):
        state, _ = step(State(start), years[0], rules)
        state, lines = step(state, years[1], rules)
        ends.append((state, Code.CEILING in [line.code for line in lines]))
    reduced = step(State(start), [], rules)[0].coefficient
    assert {(state.coefficient, bites) for state, bites in ends} == {(min(reduced, 100), reduced > 100)}


@settings(max_examples=150)
@given(st.integers(50, 350), st.lists(st.sampled_from([[], [NONE]]), min_size=2, max_size=6))
def test_after_two_years_without_incident_at_fault_nobody_is_above_1_00_held_or_not(
    start: int, years: list[list[Liability]]
):
    state = State(start)
    for incidents in years:
        state, _ = step(state, incidents, HELD)
    assert state.coefficient <= 100


@pytest.mark.parametrize("how", [{"interrupted": True}, {"first_short": True}], ids=str)
def test_a_held_year_that_was_interrupted_or_short_neither_counts_nor_meets_the_ceiling(how: dict[str, bool]):
    state, lines = step(State(148, clean_periods=1), [NONE], HELD, **how)
    assert (state.coefficient, state.clean_periods) == (148, 1)
    assert not {Code.HELD, Code.CEILING} & {line.code for line in lines}


def test_the_protected_bonus_absorbs_only_the_first_of_two_incidents():
    assert coefficients(50, ["FF"], years_at_floor=3) == [62]
    assert coefficients(50, ["PF"], years_at_floor=3) == [62]


def test_the_protected_bonus_serves_once_as_the_text_says():
    assert coefficients(50, ["F", "", "", "", "F"], years_at_floor=3) == [50, 50, 50, 50, 62]


def test_the_protected_bonus_serves_again_after_three_more_years_where_it_is_renewable():
    renewable = replace(LAW, protection="renewable")
    assert coefficients(50, ["F", "", "", "", "F"], renewable, years_at_floor=3) == [50] * 5
    assert coefficients(50, ["F", "", "", "F"], renewable, years_at_floor=3)[-1] == 62


def test_the_years_at_the_floor_are_full_years_after_it_was_reached():
    assert coefficients(51, ["", "", "", "", "F"])[-1] == 50
    assert coefficients(51, ["", "", "", "F"])[-1] == 62


def test_incidents_before_the_third_year_was_full_are_not_absorbed_where_dates_decide():
    state = State(50, periods_at_floor=3)
    assert step(state, [FULL], LAW, early=1)[0].coefficient == 62
    assert step(state, [FULL, FULL], LAW, early=1)[0].coefficient == 62


def test_the_lines_show_sum_truncation_and_limit_each_by_itself():
    _, lines = step(State(348), [FULL], LAW)
    assert [line.code for line in lines] == [Code.START, Code.RAISED, Code.CAPPED]
    assert lines[1].values["exact"] == Decimal("4.35")
    assert [line.reference for line in lines[1:]] == ["art. 5", "art. 5"]
    assert codes(State(85), [PARTIAL]) == [Code.START, Code.RAISED, Code.TRUNCATED]
    assert codes(State(51), []) == [Code.START, Code.REDUCED, Code.TRUNCATED, Code.FLOORED]
    assert codes(State(125, clean_periods=1), []) == [Code.START, Code.REDUCED, Code.TRUNCATED, Code.CEILING]
    assert codes(State(50, periods_at_floor=3), [FULL]) == [Code.START, Code.PROTECTED]
