"""Rate limits on the portal's clock: a rolling window, and a day that ends at midnight in the portal's zone."""

from collections import deque
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sandbox.hubspot.errors import Refusal


class Rolling:
    """Calls within the last `window` milliseconds, at most `limit` of them."""

    def __init__(self, limit: int, window: int) -> None:
        self.limit = limit
        self.window = window
        self._calls: deque[int] = deque()

    def left(self, now: int) -> int:
        """How many more calls fit in right now."""
        while self._calls and self._calls[0] <= now - self.window:
            self._calls.popleft()
        return max(0, self.limit - len(self._calls))

    def take(self, now: int) -> bool:
        """Take one call, if one is left."""
        if not self.left(now):
            return False
        self._calls.append(now)
        return True


class Daily:
    """Calls since the last midnight of the zone, at most `limit` of them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._resets: datetime | None = None

    def turn(self, now: datetime, zone: str) -> datetime:
        """Begin a new day if it is time; when the present one ends."""
        if self._resets is None or now >= self._resets:
            local = now.astimezone(ZoneInfo(zone))
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
            self._resets = (midnight + timedelta(days=1)).astimezone(now.tzinfo)
            self.used = 0
        return self._resets

    @property
    def left(self) -> int:
        """How many more calls fit into this day."""
        return max(0, self.limit - self.used)


def too_many(policy: str) -> Refusal:
    """429 with the policy that was broken."""
    return Refusal(
        429,
        f"You have reached your {policy.lower()} limit.",
        more={"errorType": "RATE_LIMIT", "policyName": policy},
    )
