"""How many API calls an org made in the last 24 hours of its clock."""

from collections import deque
from datetime import datetime, timedelta

from sandbox.clock import Clock

WINDOW = timedelta(hours=24)


class Usage:
    """A rolling count against `limit`."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self.limit = limit
        self._calls: deque[tuple[datetime, int]] = deque()
        self._total = 0

    @property
    def used(self) -> int:
        """Calls in the last 24 hours."""
        since = self._clock.now() - WINDOW
        while self._calls and self._calls[0][0] <= since:
            self._total -= self._calls.popleft()[1]
        return self._total

    def spend(self) -> bool:
        """Count a call; False when there is none left, and then it is not counted."""
        if self.used >= self.limit:
            return False
        self.add(1)
        return True

    def add(self, calls: int) -> None:
        """Count calls of other clients of the same org."""
        now = self._clock.now()
        if self._calls and self._calls[-1][0] == now:
            self._calls[-1] = (now, self._calls[-1][1] + calls)
        else:
            self._calls.append((now, calls))
        self._total += calls
