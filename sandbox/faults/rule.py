"""What holds from the moment it is switched on until it is switched off, whatever is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.faults.option import Count, Seconds  # noqa: TC001 - pydantic reads the annotations at run time
from sandbox.hubspot.portal import WriteRule
from sandbox.salesforce import rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.app import World


class Standing(Protocol):
    """A rule that can be laid down and lifted."""

    def lay(self, world: World) -> None:
        """Let it hold."""

    def lift(self, world: World) -> None:
        """Let it hold no more."""


class _OfOrg:
    """A rule of the org's administrators, as those it is mixed with are."""

    def lay(self: rules.Rule, world: World) -> None:
        """Among the org's rules."""
        world.org.rules.append(self)

    def lift(self: rules.Rule, world: World) -> None:
        """Out of them; the others stay."""
        world.org.rules[:] = [rule for rule in world.org.rules if rule is not self]


class Lock(_OfOrg, rules.Locks):
    """Rows that somebody else holds for a while (SW03)."""


class Trigger(_OfOrg, rules.Trigger):
    """A trigger that is too slow for large batches (SW08)."""


class Validation(_OfOrg, rules.Validation):
    """Rows that a validation rule refuses."""


class Duplicate(_OfOrg, rules.Duplicates):
    """Rows that a duplicate rule refuses (SW07)."""


class Require(WriteRule):
    """A property that HubSpot requires on writes from 2026-09 on (HW12)."""

    def lay(self, world: World) -> None:
        """Among the portal's rules."""
        world.portal.write_rules.append(self)

    def lift(self, world: World) -> None:
        """Out of them."""
        world.portal.write_rules[:] = [rule for rule in world.portal.write_rules if rule is not self]


@dataclass(frozen=True, slots=True)
class Unordered:
    """HubSpot's search answers in an order of its own, the same for the same question (HR03)."""

    seed: int = 1

    def lay(self, world: World) -> None:
        """From the next search on."""
        world.portal.disorder = self.seed

    def lift(self, world: World) -> None:
        """As asked for."""
        world.portal.disorder = None


@dataclass(frozen=True, slots=True)
class Lag:
    """HubSpot's index knows of a write only so many seconds later (HR07)."""

    seconds: Seconds

    def lay(self, world: World) -> None:
        """From the next search on."""
        world.portal.index_lag = timedelta(seconds=self.seconds)

    def lift(self, world: World) -> None:
        """As long as in a plain portal."""
        world.portal.index_lag = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Slow:
    """Salesforce's bulk jobs take so many questions or seconds, and so many rows of work in one step."""

    looks: Count | None = None
    seconds: Seconds | None = None
    rows: Count = 100_000

    def lay(self, world: World) -> None:
        """For jobs under way as well."""
        pace = world.org.bulk.pace
        pace.looks, pace.rows = self.looks, self.rows
        pace.lasts = None if self.seconds is None else timedelta(seconds=self.seconds)

    def lift(self, world: World) -> None:
        """As in a plain org."""
        world.org.bulk.pace = type(world.org.bulk.pace)()


@dataclass(frozen=True, slots=True)
class Rotate:
    """Every refresh of a token gives a new refresh token, and the old one is good for nothing (SR34)."""

    def lay(self, world: World) -> None:
        """In both CRMs."""
        world.portal.tokens.rotates = world.org.sessions.rotates = True

    def lift(self, world: World) -> None:
        """Refresh tokens stay."""
        world.portal.tokens.rotates = world.org.sessions.rotates = False


RULES: Mapping[str, type[Any]] = {
    "lock": Lock,
    "trigger": Trigger,
    "validation": Validation,
    "duplicate": Duplicate,
    "require": Require,
    "unordered": Unordered,
    "lag": Lag,
    "slow": Slow,
    "rotate": Rotate,
}
