"""Where the machine of the tests stands."""

import subprocess
import sys
from datetime import datetime

from tests.conftest import ZONES

OFFSETS = {"America/New_York": {-5.0, -4.0}, "Asia/Kolkata": {5.5}}


def test_te04_the_suite_runs_far_to_the_west_and_to_the_east_of_utc():
    hours = {offset for zone in ZONES for offset in OFFSETS[zone]}
    assert datetime.now().astimezone().utcoffset().total_seconds() / 3600 in hours
    program = "import datetime; print(datetime.datetime.now().astimezone().utcoffset().total_seconds() / 3600)"
    started = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(started.stdout) in hours, "and so does what it starts"
