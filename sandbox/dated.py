"""The Date header of every answer, by the sandbox's clock: how a client learns that its own clock is wrong."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from datetime import timedelta

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.app import World


class Dated:
    """ASGI middleware; `World.skew` is how far the vendors' clocks are ahead of the one that our programs see."""

    def __init__(self, app: ASGIApp, *, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and date the answer."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                at: timedelta = self._world.skew
                MutableHeaders(scope=message)["Date"] = format_datetime(self._world.clock.now() + at, usegmt=True)
            await send(message)

        await self._app(scope, receive, dated if scope["type"] == "http" else send)
