"""A small part of what `bench/fuzz_sandbox.py` does: nothing that is sent may end in a traceback or run for ever."""

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "bench" / "fuzz_sandbox.py"


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_sent_is_answered(seed):
    made = runpy.run_path(str(SCRIPT))["fuzz"](600, seed)
    assert made.broken == []
    assert sum(made.statuses.values()) == 600
    assert {200, 400, 404} <= made.statuses.keys()
