"""The sandbox's own clock: set and advanced by whoever runs it, read by everything in it."""

import time
from datetime import UTC, datetime, timedelta

LAST_YEAR = 2200


class Clock:
    """Aware UTC time of both CRMs.

    It stands still until told otherwise, so that tests and the demo are the same every time; with `ticking` it goes on
    by itself from where it was set. Rate limits, token lifetimes and index lag are measured on it as
    well: a client that waits by advancing it waits no real time.
    """

    def __init__(self, now: datetime, *, ticking: bool = False) -> None:
        self._base = now.astimezone(UTC)
        self._started = time.monotonic()
        self._ticking = ticking

    def now(self) -> datetime:
        """The present instant."""
        if not self._ticking:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._started)

    def set(self, now: datetime) -> None:
        """Make it this instant; refuses to go back, as the ledgers of both CRMs could not."""
        if now.tzinfo is None:
            raise ValueError("the clock needs a time with its zone, such as 2026-11-22T08:00:00Z")
        if now.year > LAST_YEAR:
            raise ValueError(f"the clock ends with the year {LAST_YEAR}")
        if now < self.now():
            raise ValueError(f"the clock cannot go back: it is {self.now().isoformat()}")
        self._base = now.astimezone(UTC)
        self._started = time.monotonic()

    def advance(self, by: timedelta) -> None:
        """Let this much time pass at once."""
        self.set(self.now() + by)
