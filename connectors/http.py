"""What every CRM call shares: timeouts, one retry layer, pacing, the quota guard, and how an answer becomes an error.

The libraries' own retries are off: two layers multiply (HW14). A CRM's folder turns an answer into an `Answer`, judges
it with its own pure table (`answers.py`), and makes of both, by `refusal`, the error that says what to do next.
"""

import importlib.metadata
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from connectors.clock import Time
from connectors.errors import (
    CrmError,
    CursorLost,
    Fatal,
    NotPermitted,
    OutOfTime,
    QuotaSpent,
    SignInRefused,
    Unreachable,
)
from connectors.loopback import is_loopback
from connectors.pacing import Bucket
from connectors.quota import Quota

CONNECT_TIMEOUT = 10.0  # seconds
READ_TIMEOUT = 120.0

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer that was not a success, in the words both CRMs share.

    `code` is the vendor's own word, `details` further words that the answer names (missing scopes, field names),
    `retry_after` seconds, `request` the vendor's request id.
    """

    status: int
    code: str = ""
    message: str = ""
    details: tuple[str, ...] = ()
    retry_after: float | None = None
    request: str = ""


class Action(StrEnum):
    """What to do about an answer."""

    RETRY = "retry"  # nothing is wrong with the call: wait and send it again
    LATER = "later"  # down for longer than a run should wait
    QUOTA = "quota"  # the day's calls are gone
    SIGN_IN = "sign in"  # the session is over: sign in once more
    SIGN_IN_REFUSED = "sign-in refused"
    NOT_PERMITTED = "not permitted"
    CURSOR_LOST = "cursor lost"
    SMALLER = "smaller"  # ask for less at a time
    REFUSED = "refused"  # this call, as it stands, will never succeed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, in one sentence for a person, and how many seconds to wait where the table knows."""

    action: Action
    sentence: str
    wait: float | None = None


class Transient(Unreachable):
    """Worth sending again after `wait` seconds (None: the retry layer chooses); in the end it is `Unreachable`."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class SessionOver(Transient):
    """The session has ended; the connector signs in once and sends the call again (SR21)."""


class Refused(Fatal):
    """The call as it stands will never succeed; whoever made it may know a better one, else a person must act."""

    def __init__(self, message: str, answer: Answer, verdict: Verdict) -> None:
        super().__init__(message)
        self.answer = answer
        self.verdict = verdict


_ERRORS: Mapping[Action, type[CrmError]] = {
    Action.LATER: Unreachable,
    Action.QUOTA: QuotaSpent,
    Action.SIGN_IN: SessionOver,
    Action.SIGN_IN_REFUSED: SignInRefused,
    Action.NOT_PERMITTED: NotPermitted,
    Action.CURSOR_LOST: CursorLost,
}


def refusal(where: str, answer: Answer, verdict: Verdict) -> CrmError:
    """The error that `verdict` asks for, to be raised: where, what to do now, what the vendor said, its request id."""
    vendor = ": ".join(part for part in (answer.code, answer.message) if part)
    vendor += f" ({', '.join(answer.details)})" if answer.details else ""
    said = f" [{vendor}]" if vendor else ""
    request = f" (request {answer.request})" if answer.request else ""
    message = f"{where}: {verdict.sentence}{said}{request}"
    if verdict.action is Action.RETRY:
        return Transient(message, answer.retry_after if answer.retry_after is not None else verdict.wait)
    if verdict.action in (Action.REFUSED, Action.SMALLER):
        return Refused(message, answer, verdict)
    return _ERRORS[verdict.action](message)


class Calls:
    """The one way out: every call of one connector goes through `run`.

    `patience` is how long one call may take with all its repetitions, `longest_wait` the longest single wait that is
    still a retry and not the end of the run (HR25), `deadline` how long all calls together may take from the first one
    on (SR23): the connector of one run. All in seconds of the injected time. Until somebody has answered at all there
    are only `first_attempts`: who waits at the terminal shall learn soon that the address is wrong or the CRM down.
    """

    def __init__(
        self,
        *,
        time: Time,
        quota: Quota,
        buckets: Mapping[str, Bucket] | None = None,
        patience: float = 600.0,
        longest_wait: float = 120.0,
        attempts: int = 8,
        first_attempts: int = 4,
        deadline: float = 12 * 3600.0,
    ) -> None:
        self._time = time
        self._quota = quota
        self._buckets = dict(buckets or {})
        self._patience = patience
        self._longest_wait = longest_wait
        self._attempts = attempts
        self._allowed = min(first_attempts, attempts)
        self._deadline = deadline
        self._began: float | None = None
        self._jitter = wait_random_exponential(multiplier=1, max=60)

    def run(self, what: str, send: Callable[[], T], *, kinds: tuple[str, ...] = ()) -> T:
        """Send until it succeeds, is refused, or patience ends; `kinds` names the buckets that the call is paced by.

        `send` makes exactly one call: a generator would be over before its first failure (OP07).
        """
        started = self._time.monotonic()
        if self._began is None:
            self._began = started
        if started - self._began > self._deadline:
            raise OutOfTime(
                f"{what}: this run has had its {self._deadline / 3600:g} hours (longest_run_hours). "
                "The next run goes on where this one stopped."
            )

        def stop(state: RetryCallState) -> bool:
            # OP08: stops before a wait that would overshoot, as tenacity's stop_before_delay, but on the injected time.
            over = self._time.monotonic() - started + state.upcoming_sleep > self._patience
            return over or state.attempt_number >= self._allowed or state.upcoming_sleep > self._longest_wait

        retrying = Retrying(
            sleep=self._time.sleep,
            retry=retry_if_exception_type(Transient),
            wait=self._wait,
            stop=stop,
            before_sleep=lambda state: log.info(
                "%s: attempt %d failed, again in %.1f s", what, state.attempt_number, state.upcoming_sleep
            ),
            reraise=True,
        )
        result: T = retrying(self._once, what, send, kinds)
        self._allowed = self._attempts
        return result

    def _once(self, what: str, send: Callable[[], T], kinds: tuple[str, ...]) -> T:
        with ExitStack() as places:
            for kind in kinds:
                self._buckets[kind].take()
                places.callback(self._buckets[kind].done)
            self._quota.spend()
            log.debug("%s", what)
            return send()

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Transient) and error.wait is not None:
            return error.wait + self._jitter(state) / 10
        return self._jitter(state)


def user_agent() -> str:
    """What we call ourselves in every request, so that an admin finds us in the CRM's own logs."""
    return f"bonus-malus/{importlib.metadata.version('bonus-malus')}"


def silence(address: str, error: Exception) -> str:
    """Why a call got no answer, in words for whoever must find out; the error's class stands at the end."""
    if is_loopback(address):
        advice = f"nobody answers at {address}; start the sandbox (`bonus-malus sandbox`), or correct the address"
    else:
        advice = (
            f"{address} does not answer; check the address, this machine's network and proxy, and the vendor's status "
            "page. The next run goes on where this one stopped"
        )
    return f"{advice} ({type(error).__name__})"


def seconds(text: str | None) -> float | None:
    """A Retry-After header in seconds; None where it is absent or a date."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
