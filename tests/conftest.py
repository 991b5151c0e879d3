"""What holds for every test: with REQUIRE_ALL=1 a skip is a failure, because everything can be installed."""

import os

import pytest

from sync import score


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
