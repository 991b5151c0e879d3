"""The sandbox's control API from outside, for the demo, the command line and tests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import requests

TIMEOUT = (5, 60)  # seconds to connect, seconds between two bytes


class Remote:
    """A running sandbox at a URL.

    It is also a clock that can be waited on: `sleep` lets the time pass there, and none here. Raises
    `requests.RequestException` when nobody answers, `ValueError` with the sandbox's own words when it refuses.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._seconds: float | None = None  # as last heard: a rate limiter may ask often

    def now(self) -> datetime:
        """The instant it is there."""
        return self._heard(self._call("GET", "/sandbox/clock"))

    def set(self, now: datetime) -> None:
        """Make it this instant there."""
        self._heard(self._call("PUT", "/sandbox/clock", {"now": now.isoformat()}))

    def monotonic(self) -> float:
        """Seconds on that clock, as last heard of it."""
        return self._seconds if self._seconds is not None else self.now().timestamp()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass there."""
        self._heard(self._call("POST", "/sandbox/clock/advance", {"seconds": seconds}))

    def events(self, events: Sequence[Mapping[str, Any]]) -> list[str]:
        """Let things happen in the CRMs; the ids of the records they happened to."""
        return list(self._call("POST", "/sandbox/events", list(events))["ids"])

    def requests(self) -> Mapping[str, Any]:
        """What has been asked of each CRM so far, by kind of call."""
        return dict(self._call("GET", "/sandbox/requests"))

    def faults(self, plan: Mapping[str, Any]) -> None:
        """Switch a plan of faults on in place of the present one."""
        self._call("PUT", "/sandbox/faults", plan)

    def struck(self) -> Mapping[str, Any]:
        """The plan that is on, with how many calls fitted each fault and were struck."""
        return dict(self._call("GET", "/sandbox/faults"))

    def close(self) -> None:
        """Give the connection back."""
        self._session.close()

    def _heard(self, answer: Any) -> datetime:
        now = datetime.fromisoformat(answer["now"])
        self._seconds = now.timestamp()
        return now

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, self.url + path, json=body, timeout=TIMEOUT)
        if answer.status_code >= requests.codes.bad_request:
            raise ValueError(answer.json().get("error", answer.text))
        return answer.json()
