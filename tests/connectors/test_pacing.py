"""Never more calls than allowed in any stretch of time."""

import threading
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.abreast import abreast
from connectors.pacing import Bucket


class Ticking:
    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self):
        return self.at

    def sleep(self, seconds: float):
        self.at += seconds


@settings(max_examples=60)
@given(st.integers(1, 6), st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2)), min_size=1, max_size=40))
def test_hr23_no_stretch_of_the_period_holds_more_calls_than_allowed_whenever_they_arrive(most: Any, calls: Any):
    time = Ticking()
    bucket = Bucket(most=most, period=1.0, time=time)
    sent, answered = [], []
    for pause, latency in calls:
        time.sleep(pause)
        bucket.take()
        sent.append(time.at)
        time.sleep(latency)
        bucket.done()
        answered.append(time.at)
    # A call arrives somewhere between the two: the earlier one as late, the later one as early as can be.
    for before, after in zip(answered, sent[most:], strict=False):
        assert after - before >= 1.0 - 1e-9


def test_hr23_calls_of_several_threads_are_counted_together():
    time = Ticking()
    bucket = Bucket(most=5, period=1.0, time=time)
    moments = []

    def call(_number: int) -> None:
        bucket.take()
        moments.append(time.at)
        bucket.done()

    list(abreast(call, range(60), most=4))
    moments.sort()
    assert all(after - before >= 1.0 - 1e-9 for before, after in zip(moments, moments[5:], strict=False))
    assert time.at <= 60 / 5 + 1e-6  # and no slower than the limit


def test_while_all_places_are_under_way_one_waits_for_an_answer_and_not_for_the_clock():
    time = Ticking()
    bucket = Bucket(most=1, period=1.0, time=time)
    bucket.take()
    other = threading.Thread(target=bucket.take)
    other.start()
    bucket.done()
    other.join(30)
    assert time.at == 1.0


def test_a_smaller_allowance_holds_from_the_next_call_on():
    time = Ticking()
    bucket = Bucket(most=10, period=10.0, time=time)
    for _ in range(10):
        bucket.take()
        bucket.done()
    bucket.resize(2)
    bucket.take()
    assert time.at == 10.0
    assert bucket.most == 2


@pytest.mark.parametrize("at_once", [1, 4])
def test_hr23_at_a_share_of_all_the_rate_is_the_limit_and_nothing_is_refused(hubspot: Any, doorstep: Any, at_once: int):
    doorstep[0].world.portal.burst.limit = 100
    session = hubspot.again(share_of_burst=1.0).connector._session
    session.objects.get_page("contacts", limit=1)  # says what the limit is
    hubspot.remote.sleep(10)
    before, began = hubspot.connector.usage().calls, hubspot.remote.now()

    def call(_number: int) -> int:
        session.objects.get_page("contacts", limit=1)
        return int(hubspot.remote.monotonic() - began.timestamp()) // 10

    windows = Counter(abreast(call, range(450), most=at_once))
    assert hubspot.connector.usage().calls - before == 450  # a refused one would have been sent again
    assert sum(windows[window] for window in range(4)) >= 0.95 * 100 * 4
