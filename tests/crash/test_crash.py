"""A sample of the points at which a sync may die; all of them by `make crash`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres

CRASH = Path(__file__).with_name("crash.py")


@pytest.mark.parametrize(
    ("scenario", "database", "more"),
    [
        ("fill", "sqlite", ()),
        ("day", "sqlite", ()),
        ("day", "sqlite", ("--second-worker",)),
        ("day", "postgresql", ("--second-worker",)),
    ],
)
def test_a_sync_killed_anywhere_and_resumed_ends_as_an_undisturbed_one_does(scenario, database, more):
    if database == "postgresql" and (why := postgres.missing()):
        pytest.skip(why)
    words = [sys.executable, str(CRASH), "--scenario", scenario, "--database", database, "--sample", "3", *more]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "3 points, 0 of them ended differently" in said.stdout
