"""Partitions scored one after the other, by each thread in its own room."""

from threading import local
from typing import Any

from scoring import kernel
from scoring.engine_columns import BadTable
from scoring.engine_result import Result
from scoring.kernel_law import Law
from scoring.kernel_room import desk_for, room_for


class Scorer(local):
    """What a thread keeps from one partition to the next: a desk for the largest, and room for one of its subjects."""

    def __init__(
        self, events: tuple[Any, ...], largest: tuple[int, int], rules: tuple[Law, bool], fading: int, result: Result
    ) -> None:
        """Made anew in each thread, of what all share.

        `events`: where partitions begin among the records, these, their layout and the subjects; `largest`: how many
        events and subjects the largest partitions have; `rules`: these, and whether full and partial incidents weigh
        alike; `fading`: the most losses that one entry can have.
        """
        self.rules, self.fading, self.result = rules, fading, result
        self.events = *events, desk_for(*largest, result.shape[1])
        self.find = kernel.find.given(*self.events)
        self._widen(64)

    def score(self, part: int) -> int:
        """Write the result of one partition; how many of it are left to the plain reading.

        Raises:
            BadTable: a subject comes twice.
        """
        longest = self.find(part)
        if longest > self.longest:
            self._widen(2 * longest)
        if longest < 0:
            raise BadTable("subject: one comes twice among the subjects")
        return self.finish(part)

    def _widen(self, longest: int) -> None:
        """Room for subjects of so many events."""
        self.longest = longest
        room = room_for(longest, self.fading, self.rules[0])
        self.finish = kernel.score.given(*self.events, *self.rules, room, self.result)
