"""Time, injected: what connectors wait on and measure with, so that demo and tests never sleep."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Time(Protocol):
    """A clock one can wait on."""

    def now(self) -> datetime:
        """The present instant, aware."""

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed on this clock."""


class SystemTime:
    """The computer's own time."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
