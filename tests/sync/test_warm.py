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
from sync import many, warm

DAY = date(2026, 11, 22)
CUSTOMERS = load_programme("customers", at=DAY)


def test_whoever_is_the_first_to_score_has_every_loop_opened():
    many.open_doors(CUSTOMERS, DAY)
    modules = [import_module(f"scoring.{path.stem}") for path in Path(scoring.__file__).parent.glob("kernel*.py")]
    doors = {name: each for module in modules for name, each in vars(module).items() if isinstance(each, Door)}
    assert [name for name, door in doors.items() if not door._opened] == []


@pytest.mark.parametrize(("found", "starts"), [(b"", 0), (None, 1)])
def test_a_process_that_compiles_is_started_only_where_something_is_missing(monkeypatch, found, starts):
    asked = []
    monkeypatch.setattr(warm, "kept", lambda name: found)
    monkeypatch.setattr(warm.subprocess, "run", lambda command, **how: asked.append((command, how["input"])))
    warm.warm(CUSTOMERS, DAY)
    assert len(asked) == starts
    for command, given in asked:
        assert command == [sys.executable, "-P", "-m", "sync.warm"]
        assert pickle.loads(given) == (CUSTOMERS, DAY)  # noqa: S301 - our own
