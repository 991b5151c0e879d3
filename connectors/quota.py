"""The quota guard: a sync never takes the calls that the customer's own work needs today (SR26, HR24)."""

import threading

from connectors.errors import QuotaSpent
from connectors.protocol import Usage

CEILING = 0.8  # of the day's calls, by whoever: then a run ends


class Quota:
    """What one connector has spent, and the account's day as its answers report it.

    `share` is the part of the day's calls that this connector may spend, `ceiling` the part of the day that may be
    gone, by whoever, before it stops. Both are checked before a call, so that a run ends between two calls with its
    cursor where it was.
    """

    def __init__(self, crm: str, *, share: float = 0.25, ceiling: float = CEILING) -> None:
        self._crm = crm
        self._share = share
        self._ceiling = ceiling
        self._calls = 0
        self._used: int | None = None
        self._limit: int | None = None
        self._lock = threading.Lock()

    def saw(self, *, used: int, limit: int) -> None:
        """Take note of what an answer said, a refusal's too."""
        with self._lock:
            self._used, self._limit = used, limit

    def spend(self) -> None:
        """Count one call; raises `QuotaSpent` instead when it is not ours to make."""
        with self._lock:
            self._refuse()
            self._calls += 1

    def _refuse(self) -> None:
        if self._limit is not None and self._used is not None:
            ours = int(self._limit * self._share)
            if self._calls >= ours:
                raise QuotaSpent(
                    f"{self._crm}: this run has made its {ours} calls ({self._share:.0%} of the {self._limit} a day). "
                    "The next run goes on where this one stopped; raise share_of_day to allow more."
                )
            if self._used >= self._limit * self._ceiling:
                raise QuotaSpent(
                    f"{self._crm}: {self._used} of the {self._limit} calls of the day are used, by everything that "
                    f"calls this account; we stop at {self._ceiling:.0%}. The next run goes on where this one stopped."
                )

    def usage(self) -> Usage:
        """What has been spent so far."""
        with self._lock:
            return Usage(calls=self._calls, used_today=self._used, limit_today=self._limit)
