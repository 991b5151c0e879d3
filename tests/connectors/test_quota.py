"""The calls of the day are not ours alone."""

import pytest

from connectors.errors import QuotaSpent
from connectors.protocol import Usage
from connectors.quota import Quota


def test_sr26_a_run_stops_at_its_share():
    quota = Quota("CRM", share=0.25)
    quota.saw(used=0, limit=8)
    quota.spend()
    quota.spend()
    with pytest.raises(QuotaSpent, match="2 calls"):
        quota.spend()
    assert quota.usage() == Usage(2, 0, 8)


def test_sr26_a_run_stops_when_others_have_used_up_the_day():
    quota = Quota("CRM", ceiling=0.8)
    quota.saw(used=79, limit=100)
    quota.spend()
    quota.saw(used=80, limit=100)
    with pytest.raises(QuotaSpent, match="80%"):
        quota.spend()


def test_before_the_first_answer_nothing_is_known_and_nothing_refused():
    quota = Quota("CRM")
    quota.spend()
    assert quota.usage() == Usage(1, None, None)


def test_what_is_used_and_the_limit_it_is_of_change_together_for_whoever_calls_meanwhile():
    quota, entered = Quota("CRM"), []

    class Told:
        """A lock that only says that it was taken."""

        def __enter__(self):
            entered.append("in")

        def __exit__(self, *_):
            entered.append("out")

    quota._lock = Told()
    quota.saw(used=1, limit=100)
    assert quota.usage() == Usage(0, 1, 100)
    quota.spend()
    assert entered == ["in", "out"] * 3
