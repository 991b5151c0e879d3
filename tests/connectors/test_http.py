"""What every call shares: retries, waits, and when to give up."""

from typing import Any

import pytest

from connectors.errors import (
    CursorLost,
    Fatal,
    NotPermitted,
    OutOfTime,
    QuotaSpent,
    SignInRefused,
    TryLater,
    Unreachable,
)
from connectors.http import Action, Answer, Calls, Refused, SessionOver, Transient, Verdict, refusal, seconds, silence
from connectors.quota import Quota


def calls(time: Any, **options: Any):
    return Calls(time=time, quota=Quota("CRM"), **options)


def failing(times: int, error: Any = None):
    left = iter([error or Transient("busy")] * times)

    def send() -> Any:
        for failure in left:
            raise failure
        return "answer"

    return send


def test_a_transient_failure_is_sent_again_after_a_wait(time: Any):
    assert calls(time).run("GET", failing(3)) == "answer"
    assert len(time.waited) == 3


def test_the_wait_is_what_the_vendor_asked_for_with_a_little_jitter(time: Any):
    assert calls(time).run("GET", failing(1, Transient("busy", 10.0))) == "answer"
    assert 10 <= time.waited[0] <= 16


def test_hr25_a_wait_of_hours_ends_the_call_instead_of_blocking_it(time: Any):
    with pytest.raises(Unreachable):
        calls(time).run("GET", failing(1, Transient("busy", 7200.0)))
    assert time.waited == []


def test_op08_no_wait_begins_that_would_overshoot_the_patience(time: Any):
    with pytest.raises(Unreachable):
        calls(time, patience=100).run("GET", failing(99, Transient("busy", 30.0)))
    assert 60 <= sum(time.waited) <= 100


def test_attempts_end_even_where_no_time_passes(time: Any):
    with pytest.raises(Unreachable):
        calls(time, attempts=3).run("GET", failing(99, Transient("busy", 0.0)))
    assert len(time.waited) == 2


def test_what_is_not_transient_is_not_sent_again(time: Any):
    with pytest.raises(NotPermitted):
        calls(time).run("GET", failing(1, NotPermitted("no")))
    assert time.waited == []


def test_every_attempt_counts_as_a_call(time: Any):
    quota = Quota("CRM")
    Calls(time=time, quota=quota).run("GET", failing(2))
    assert quota.usage().calls == 3


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (Action.RETRY, Transient),
        (Action.LATER, Unreachable),
        (Action.QUOTA, QuotaSpent),
        (Action.SIGN_IN, SessionOver),
        (Action.SIGN_IN_REFUSED, SignInRefused),
        (Action.NOT_PERMITTED, NotPermitted),
        (Action.CURSOR_LOST, CursorLost),
        (Action.SMALLER, Refused),
        (Action.REFUSED, Refused),
    ],
)
def test_each_action_has_its_error(action: Any, error: Any):
    assert type(refusal("GET x", Answer(500), Verdict(action, "Do this."))) is error


def test_an_error_says_where_what_to_do_the_vendors_word_and_its_request_id():
    answer = Answer(403, "MISSING_SCOPES", "not granted", ("crm.objects.deals.read",), request="abc-1")
    text = str(refusal("HubSpot, GET /crm/objects/deals", answer, Verdict(Action.NOT_PERMITTED, "add the scope")))
    assert text == (
        "HubSpot, GET /crm/objects/deals: add the scope "
        "[MISSING_SCOPES: not granted (crm.objects.deals.read)] (request abc-1)"
    )


def test_what_nobody_handles_says_what_to_do_by_its_kind():
    assert issubclass(Refused, Fatal)
    assert issubclass(Transient, TryLater)


@pytest.mark.parametrize(
    ("header", "wait"), [("10", 10.0), ("0.5", 0.5), ("-3", 0.0), ("Wed, 21 Oct", None), (None, None)]
)
def test_retry_after_is_seconds_or_unknown(header: Any, wait: Any):
    assert seconds(header) == wait


def test_sr23_a_run_has_a_deadline_after_which_nothing_is_sent(time: Any):
    ours = calls(time, deadline=100)
    ours.run("GET", failing(0))
    time.sleep(101)
    sent: list[int] = []
    with pytest.raises(OutOfTime, match="longest_run_hours"):
        ours.run("GET", lambda: sent.append(1))
    assert sent == []


@pytest.mark.parametrize(
    ("address", "advice"),
    [("http://127.0.0.1:8765", "bonus-malus sandbox"), ("https://acme.my.salesforce.com", "network and proxy")],
)
def test_silence_says_in_plain_words_what_to_do(address: str, advice: str):
    text = silence(address, ConnectionError("[Errno 111] refused"))
    assert advice in text
    assert address in text
    assert text.endswith("(ConnectionError)")
