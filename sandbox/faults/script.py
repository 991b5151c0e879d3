"""Things that happen in the CRMs at a certain call: what a client reads is no more true when it writes."""

from dataclasses import dataclass
from typing import Any, Literal

from sandbox.events import apply
from sandbox.faults.turn import Turn


@dataclass(frozen=True, slots=True)
class Script:
    """Events, as the control API takes them, before the call is looked at or after it was done.

    One that cannot happen any more (its record is gone) is passed over: the script is the same in every run.
    """

    events: list[dict[str, Any]]
    when: Literal["before", "after"] = "before"

    async def play(self, turn: Turn) -> None:
        """The call itself is done and answered as always."""
        if self.when == "before":
            self._happen(turn)
            await turn.pass_on()
            return
        heard = await turn.hear()
        self._happen(turn)
        await turn.say(heard)

    def _happen(self, turn: Turn) -> None:
        for event in self.events:
            try:
                apply(turn.world, event)
            except ValueError as error:
                turn.world.faults.passed_over.append(str(error))
