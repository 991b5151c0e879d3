"""Pacing: never more than so many calls in any period of so many seconds."""

import threading
from collections import deque

from connectors.clock import Time


class Bucket:
    """A sliding window of calls, shared by every thread that calls one account.

    No stretch of `period` seconds ever holds more than `most` calls, as the vendor counts them: in rolling windows, by
    when a call arrives. We do not know when that was, only that it was before its answer, so a call's place becomes
    free a period after its answer. That costs a call's duration in each period, and no call is ever one too many.
    """

    def __init__(self, *, most: int, period: float, time: Time) -> None:
        self._most = max(1, most)
        self._period = period
        self._time = time
        self._flying = 0
        self._answered: deque[float] = deque()  # when, of the last period
        self._queue = threading.Lock()  # one waits at a time: on a clock that sleeping moves, waits would add up
        self._changed = threading.Condition()

    @property
    def most(self) -> int:
        """Calls allowed per period."""
        return self._most

    def resize(self, most: int) -> None:
        """Allow so many from now on: the account's own answer says what it grants."""
        self._most = max(1, most)

    def take(self) -> None:
        """Return when one more call is allowed; `done` says that it was answered, or that it failed."""
        with self._queue:
            while (wait := self._wait()) is not None:
                self._time.sleep(wait)

    def done(self) -> None:
        """A call that was taken is over."""
        with self._changed:
            self._flying -= 1
            self._answered.append(self._time.monotonic())
            self._changed.notify()

    def _wait(self) -> float | None:
        """Seconds until it is worth asking again; None when the call is taken."""
        with self._changed:
            while True:
                now = self._time.monotonic()
                while self._answered and self._answered[0] <= now - self._period:
                    self._answered.popleft()
                over = len(self._answered) + self._flying - self._most
                if over < 0:
                    self._flying += 1
                    return None
                if over < len(self._answered):
                    return max(0.001, self._answered[over] + self._period - now)
                self._changed.wait()
