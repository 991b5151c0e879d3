"""Who wants which e-mails: subscription types, and what each address said to them."""

from collections.abc import Mapping
from dataclasses import dataclass

STATUSES = ("SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED")


@dataclass(frozen=True, slots=True)
class Choice:
    """What an address said to a subscription, and when (milliseconds)."""

    status: str
    source: str
    stamp: int


class Preferences:
    """Choices by address, in lower case, and subscription id."""

    def __init__(self) -> None:
        self.types: dict[int, str] = {1001: "Marketing Information", 1002: "Customer Service Communication"}
        self._choices: dict[str, dict[int, Choice]] = {}

    def choose(self, address: str, subscription: int, status: str, *, stamp: int) -> None:
        """An address subscribes or unsubscribes. ValueError for a type or a status that there is not."""
        if subscription not in self.types:
            raise ValueError(f"no subscription {subscription}; there are {', '.join(map(str, self.types))}")
        if status not in STATUSES:
            raise ValueError(f"a status is one of {', '.join(STATUSES)}, not {status!r}")
        self._choices.setdefault(address.lower(), {})[subscription] = Choice(status, "MANUAL", stamp)

    def of(self, address: str) -> Mapping[int, Choice]:
        """What an address has said so far."""
        return self._choices.get(address.strip().lower(), {})
