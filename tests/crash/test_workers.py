"""Some workers on some connections of one ledger, killed again and again; eight on forty by `make workers`."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import postgres

WORKERS = Path(__file__).with_name("workers.py")


def test_op02_every_connection_is_synced_none_by_two_at_a_time_and_nothing_is_lost_though_workers_are_killed():
    if why := postgres.missing():
        pytest.skip(why)
    words = [sys.executable, str(WORKERS), "--workers", "3", "--connections", "5", "--kills", "3"]
    said = subprocess.run(words, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    found = re.search(r"(\d+) killed, 0 failed, 0 things wrong", said.stdout)
    assert found
    assert int(found[1]) >= 3
