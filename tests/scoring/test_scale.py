from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.scalefile import find_scale, load_scale, read_scale, scale_names
from scoring.scale import CleanLimit, Level, Place, Scale, back_to, by_steps, step

COMPUTED = [name for name in scale_names() if read_scale(find_scale(name)).has_moves]
LEVELS = tuple(Level(str(number), Decimal(50 + 10 * number)) for number in range(6))


def shipped(name: str) -> Scale:
    return load_scale(find_scale(name))


def walk(scale: Scale, start: str, years: list[int]) -> list[str]:
    place, found = Place(scale.level(start)), []
    for claims in years:
        place = step(place, claims, scale).after
        found.append(scale.levels[place.level].name)
    return found


def test_a_rule_of_steps_stops_at_the_best_and_at_the_worst_level():
    assert by_steps(6, better=1, first=2, further=3) == (
        (0, 2, 5), (0, 3, 5), (1, 4, 5), (2, 5, 5), (3, 5, 5), (4, 5, 5),
    )  # fmt: skip


def test_with_any_claim_everybody_goes_back_to_one_level():
    assert back_to(4, better=1, target=3) == ((0, 3), (0, 3), (1, 3), (2, 3))


def test_the_last_move_of_a_row_holds_for_every_larger_number_of_claims():
    scale = Scale("s", LEVELS, back_to(6, better=1, target=5))
    assert {step(Place(0), claims, scale).after.level for claims in (1, 2, 40)} == {5}


def test_belgium_lets_nobody_stand_above_14_after_four_claim_free_years():
    """Denuit et al., p. 200."""
    be = shipped("be-1992")
    assert walk(be, "22", [0, 0, 0, 0, 0]) == ["21", "20", "19", "14", "13"]
    assert walk(be, "22", [0, 0, 0, 1, 0, 0, 0, 0]) == ["21", "20", "19", "22", "21", "20", "19", "14"]
    limited = step(Place(be.level("19"), clean=3), 0, be)
    assert limited.limited
    assert be.levels[limited.after.level].name == "14"


def test_belgiums_limit_worsens_nobody_who_stands_below_it():
    assert walk(shipped("be-1992"), "4", [0] * 6) == ["3", "2", "1", "0", "0", "0"]


def test_the_claims_of_one_year_count_first_and_further():
    assert walk(shipped("be-1992"), "0", [1]) == ["4"]
    assert walk(shipped("be-1992"), "0", [2]) == ["9"]
    assert walk(shipped("be-1992"), "0", [3]) == ["14"]


def test_premiums_are_exact():
    assert [str(level.value) for level in shipped("my-6").levels] == ["45", "55", "61.67", "70", "75", "100"]


@pytest.mark.parametrize("name", COMPUTED)
@given(data=st.data())
def test_a_claim_less_never_leads_to_a_worse_level(name: str, data: st.DataObject):
    scale = shipped(name)
    years = data.draw(st.lists(st.integers(0, 5), max_size=12))
    start = Place(data.draw(st.integers(0, len(scale.levels) - 1)))
    claims = data.draw(st.integers(0, 5))
    place = start
    for year in years:
        place = step(place, year, scale).after
    fewer, more = step(place, claims, scale).after, step(place, claims + 1, scale).after
    assert 0 <= fewer.level <= more.level < len(scale.levels)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"levels": LEVELS[:1], "moves": ((0, 0),)}, "at least two"),
        ({"levels": (*LEVELS[:5], Level("0", Decimal(200)))}, "the same name"),
        ({"levels": (*LEVELS[:5], Level("5", Decimal(1)))}, "5 is cheaper than 4"),
        ({"moves": back_to(5, better=1, target=4)}, "every level needs a row"),
        ({"moves": (*back_to(6, better=1, target=5)[:5], (4,))}, "all rows are of one length"),
        ({"moves": ((0, 6),) * 6}, "a level for no claim and one for each"),
        ({"moves": ((1, 5),) * 6}, "moves of 0: a claim-free year leads to the worse level 1"),
        ({"moves": ((0, 5, 4),) * 6}, "more claims lead to a better level"),
        ({"start": 6}, "start"),
        ({"clean_limit": CleanLimit(0, 3)}, "clean_limit"),
        ({"clean_limit": CleanLimit(4, 9)}, "clean_limit"),
    ],
)
def test_a_scale_that_makes_no_sense_cannot_be_made(changes: dict[str, object], words: str):
    with pytest.raises(ValueError, match=words):
        Scale(**{"name": "s", "levels": LEVELS, "moves": back_to(6, better=1, target=5), **changes})
