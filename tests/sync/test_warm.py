"""Loops are compiled by a process of its own, once, and all of them."""

import pickle
import sys
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="numba is not installed (pip install 'bonus-malus[engine]')")

import scoring
from config.rulefile import load_programme
from scoring.kernel_door import Door
from sync import many, score, warm

DAY = date(2026, 11, 22)
CUSTOMERS = load_programme("customers", at=DAY)


def test_whoever_is_the_first_to_score_has_every_loop_opened():
    many.open_doors(CUSTOMERS, DAY)
    modules = [import_module(f"scoring.{path.stem}") for path in Path(scoring.__file__).parent.glob("kernel*.py")]
    doors = {name: each for module in modules for name, each in vars(module).items() if isinstance(each, Door)}
    assert [name for name, door in doors.items() if not door._opened] == []


@pytest.mark.parametrize(("found", "place", "starts"), [(b"", True, 0), (None, True, 1), (None, False, 0)])
def test_a_process_that_compiles_is_started_only_where_something_is_missing_and_kept(monkeypatch, found, place, starts):
    asked = []
    monkeypatch.setattr(warm, "kept", lambda name: found)
    monkeypatch.setattr(warm, "keeps", lambda: place)
    monkeypatch.setattr(warm.subprocess, "run", lambda command, **how: asked.append((command, how["input"])))
    warm.warm(CUSTOMERS, DAY)
    assert len(asked) == starts
    for command, given in asked:
        assert command == [sys.executable, "-P", "-m", "sync.warm"]
        assert pickle.loads(given) == (CUSTOMERS, DAY)  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("done", "people", "worth"), [(True, 250, True), (True, 249, False), (False, 9_999, False), (False, 10_000, True)]
)
def test_where_loops_would_have_to_be_compiled_first_it_takes_more_people_to_be_worth_it(
    monkeypatch, done, people, worth
):
    monkeypatch.setattr(score, "COLD", 40)
    monkeypatch.setattr(warm, "is_done", lambda: done)
    assert score.is_worth(lambda most: min(people, most)) is worth
