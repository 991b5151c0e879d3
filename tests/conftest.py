"""What holds for every test: with REQUIRE_ALL=1 a skip is a failure, because everything can be installed."""

import logging
import os
import time

import pytest
from hypothesis import HealthCheck, settings

from sync import score
from sync.logs import LOGGERS

# A machine in UTC would hide what is wrong with a day (TE04): each worker's stands in one of these, far to both sides.
ZONES = ("America/New_York", "Asia/Kolkata")
os.environ["TZ"] = ZONES[int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % len(ZONES)]
time.tzset()

# Nothing is judged by the clock: an example that takes long says something of the machine.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn skips into failures where nothing may be missing."""
    report = yield
    if report.skipped and os.environ.get("REQUIRE_ALL") == "1" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
    return report


@pytest.fixture(autouse=True, scope="session")
def _whatever_is_compiled():
    """Whether a test uses the engine must not depend on what this machine has compiled before."""
    score.COLD = 1


@pytest.fixture(autouse=True)
def _logs_end_with_their_test():
    """A command that sends its logs somewhere leaves them there, for as long as its process lives."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [(each.handlers[:], each.propagate, each.level) for each in loggers]
    yield
    for each, (handlers, propagate, level) in zip(loggers, before, strict=True):
        each.handlers[:], each.propagate = handlers, propagate
        each.setLevel(level)
