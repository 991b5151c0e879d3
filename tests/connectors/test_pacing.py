"""Never more calls than allowed in any stretch of time."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.pacing import Bucket


class Ticking:
    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self):
        return self.at

    def sleep(self, seconds: float):
        self.at += seconds


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.lists(st.floats(0, 3), min_size=1, max_size=40))
def test_hr23_no_stretch_of_the_period_holds_more_calls_than_allowed(most: Any, pauses: Any):
    time = Ticking()
    bucket = Bucket(most=most, period=1.0, time=time)
    taken = []
    for pause in pauses:
        time.sleep(pause)
        bucket.take()
        taken.append(time.at)
    for before, after in zip(taken, taken[most:], strict=False):
        assert after - before >= 1.0 - 1e-9


def test_a_smaller_allowance_holds_from_the_next_call_on():
    time = Ticking()
    bucket = Bucket(most=10, period=10.0, time=time)
    for _ in range(10):
        bucket.take()
    bucket.resize(2)
    bucket.take()
    assert time.at == 10.0
    assert bucket.most == 2
