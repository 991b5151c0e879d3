"""Pacing: never more than so many calls in any period of so many seconds."""

import threading
from collections import deque

from connectors.clock import Time


class Bucket:
    """A sliding window of calls, shared by every thread that calls one account.

    It remembers the moment of each call of the last period, so that no stretch of `period` seconds ever holds more than
    `most` calls: the vendors count in rolling windows, where a bucket that refills would let twice as many through.
    """

    def __init__(self, *, most: int, period: float, time: Time) -> None:
        self._most = max(1, most)
        self._period = period
        self._time = time
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()

    @property
    def most(self) -> int:
        """Calls allowed per period."""
        return self._most

    def resize(self, most: int) -> None:
        """Allow so many from now on: the account's own answer says what it grants."""
        self._most = max(1, most)

    def take(self) -> None:
        """Return when one more call is allowed."""
        with self._lock:
            while True:
                now = self._time.monotonic()
                while self._taken and self._taken[0] <= now - self._period:
                    self._taken.popleft()
                if len(self._taken) < self._most:
                    self._taken.append(now)
                    return
                self._time.sleep(max(0.001, self._taken[-self._most] + self._period - now))
