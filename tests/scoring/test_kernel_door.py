"""Doors into compiled loops: what goes through them, and that they open without the compiler."""

import subprocess
import sys
from typing import NamedTuple

import numpy as np
import pytest

pytest.importorskip("numba")

from scoring import kernel_door
from scoring.kernel_cache import HERE
from scoring.kernel_door import Door, door, inline, loop


class Pair(NamedTuple):
    left: np.ndarray
    right: np.ndarray


@inline
def _twice(value):
    return 2 * value


@loop
def _sum(values):
    total = 0
    for value in values:
        total += _twice(value)
    return total


@door
def weighed(pair, table, weight):
    """Twice the sum of what a pair has, and a cell of a table, by weight; and the right side is written to."""
    pair.right[0] += 1
    return weight * (_sum(pair.left) + _sum(pair.right) + table[1, 2])


@door
def emptied(values):
    """It gives nothing."""
    values[:] = 0


@door
def cell(values, place):
    """What stands there."""
    return values[place]


@pytest.fixture
def no_place(monkeypatch):
    """Nothing is kept, as where no folder can be written to."""
    monkeypatch.setattr(kernel_door, "kept", lambda name: None)
    monkeypatch.setattr(kernel_door, "keep", lambda name, code: None)


TABLE = np.arange(6, dtype=np.int16).reshape(2, 3)


def test_integers_arrays_and_named_tuples_of_them_go_through_and_arrays_are_written_to(no_place):
    pair = Pair(np.array([1, 2], np.int32), np.array([3], np.int64))
    assert weighed(pair, TABLE, 10) == 10 * (2 * 3 + 2 * 4 + 5)
    assert pair.right.tolist() == [4]
    again = weighed.given(pair, TABLE)
    assert [again(1), again(-1)] == [2 * 3 + 2 * 5 + 5, -(2 * 3 + 2 * 6 + 5)]


def test_what_gives_nothing_gives_0(no_place):
    values = np.ones(3, np.uint8)
    assert emptied(values) == 0
    assert values.tolist() == [0, 0, 0]


def test_loops_take_places_as_they_are_and_whatever_else_is_compiled_counts_negative_ones_from_the_end(no_place):
    values = np.array([1, 2, 3])
    assert cell(values[1:], -1) == 1, "before the first, and not the last: nothing looks at the sign"
    assert pytest.importorskip("numba").njit(cell.loop.function)(values, -1) == 3


def test_arrays_of_another_type_open_the_door_anew(no_place):
    for kind in (np.int32, np.float64, np.bool_):
        values = np.ones(3, kind)
        emptied(values)
        assert not values.any()


def test_an_array_with_gaps_is_refused_before_any_loop_reads_past_it(no_place):
    with pytest.raises(TypeError, match="side by side"):
        emptied(np.zeros(6, np.int32)[::2])


def test_a_processor_of_another_kind_has_code_of_its_own(monkeypatch):
    asked: list[str] = []

    def kept(name: str) -> None:
        asked.append(name)
        raise FileNotFoundError

    monkeypatch.setattr(kernel_door, "kept", kept)
    for processor in (("znver4", "+avx2"), ("znver4", "-avx2")):
        monkeypatch.setattr(kernel_door, "_processor", lambda processor=processor: processor)
        with pytest.raises(FileNotFoundError):
            Door(emptied.loop.function)(np.zeros(1, np.uint8))
    assert len(set(asked)) == 2
    assert all(name.startswith(f"{__name__}.emptied-") for name in asked), "doors of one name in two modules are two"


def test_once_kept_doors_open_without_numba():
    script = """
import sys
from datetime import date
import pyarrow as pa
from config.rulefile import load_programme
from scoring.engine import score
day = date(2026, 1, 1)
events = pa.table({"subject": [1], "on": [day], "signal": ["order_paid"]})
score(events, events.select(["subject"]), load_programme("customers", at=day), day)
print("numba" in sys.modules)
"""
    run = [subprocess.run([sys.executable, "-c", script], cwd=HERE.parent, capture_output=True, text=True, check=True)]
    run.append(subprocess.run(run[0].args, cwd=HERE.parent, capture_output=True, text=True, check=True))
    assert run[1].stdout == "False\n"
