"""The faults of a world: which strike the present call, and what struck so far."""

from __future__ import annotations

import hashlib
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

from sandbox.faults.fault import Fault, Plan, read

if TYPE_CHECKING:
    from sandbox.app import World
    from sandbox.faults.turn import Action


class Faults:
    """Switched on and off as a whole.

    What chance decides is drawn from the seed, the address of the call and how often it came before: clients that call
    in another order, or several at once, meet the same faults. Of the faults with a share at most one strikes a call,
    so their shares add up; those that are counted strike besides.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._plan = Plan(1, [], [])
        self._calls: Counter[str] = Counter()
        self.passed_over: list[str] = []

    def switch(self, told: object) -> None:
        """Another plan, as `read` takes it; the old one is lifted. Raises ValueError and changes nothing."""
        plan = read(told)
        self.clear()
        self._plan = plan
        for rule in plan.rules:
            rule.lay(self._world)

    def clear(self) -> None:
        """All well again; what has happened has happened."""
        for rule in self._plan.rules:
            rule.lift(self._world)
        self._plan = Plan(1, [], [])
        self._calls.clear()
        self.passed_over.clear()

    def report(self) -> dict[str, Any]:
        """The plan, how many calls fitted each fault, and how many it struck; events that could not happen."""
        faults = [dict(each.told) | {"fitting": each.fitting, "struck": each.struck} for each in self._plan.faults]
        return {"seed": self._plan.seed, "fault": faults, "passed_over": list(self.passed_over)}

    def strike(self, method: str, path: str, query: str) -> tuple[list[Action], Random]:
        """What is done to this call, and the dice for it."""
        if not self._plan.faults:
            return [], Random(0)  # noqa: S311 - no secret hangs on it
        address = f"{method} {path}?{query}"
        self._calls[address] += 1
        dice = _dice(f"{self._plan.seed} {self._calls[address]} {address}")
        drawn = dice.random()
        actions: list[Action] = []
        reached = 0.0
        for fault in self._plan.faults:
            if not fault.aim.fits(method, path, query):
                continue
            fault.fitting += 1
            struck = fault.ready()
            if fault.aim.share is not None:
                # A share keeps its place on the scale even when it may not strike: the others are not moved by it.
                struck = struck and reached <= drawn < reached + fault.aim.share
                reached += fault.aim.share
            if struck:
                fault.struck += 1
                actions.append(fault.action)
        return actions, dice

    @property
    def faults(self) -> list[Fault]:
        """Those of the present plan."""
        return self._plan.faults


def _dice(text: str) -> Random:
    digest = hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=8).digest()
    return Random(int.from_bytes(digest))  # noqa: S311 - no secret hangs on it
