"""Compiled loops are kept for as long as no line of any of them changes: a loop holds those that it calls."""

import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("numba")

from scoring.kernel_cache import HERE, named, place

FILES = sorted(path.name for path in [*HERE.glob("kernel*.py"), HERE / "automaton.py"])


@pytest.mark.parametrize("changed", FILES)
def test_a_line_that_changes_in_any_file_gives_all_loops_another_place(changed: str, tmp_path: Path):
    for name in FILES:
        shutil.copy(HERE / name, tmp_path)
    assert named(tmp_path) == named(HERE)
    with (tmp_path / changed).open("a", encoding="utf-8") as file:
        file.write("# one more\n")
    assert named(tmp_path) != named(HERE)


def test_every_loop_is_kept_there():
    for path in HERE.glob("kernel*.py"):
        if path.name != "kernel_cache.py":
            assert not re.search(r"numba\.njit|from numba import .*njit", path.read_text("utf-8")), path.name


def test_they_are_kept_in_the_first_place_that_lets_us_or_nowhere(tmp_path: Path):
    (tmp_path / "file").write_text("", "utf-8")
    shut, free = tmp_path / "file" / "below", tmp_path / "free"
    assert place([shut, free]) == free / named(HERE)
    assert place([shut]) is None
