"""Between the counting and the CRMs: every call to a CRM goes through the faults of its world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.faults.turn import Turn

if TYPE_CHECKING:
    from random import Random

    from starlette.types import ASGIApp, Receive, Scope, Send

    from sandbox.app import World
    from sandbox.faults.turn import Action


class Disturb:
    """ASGI middleware; our own addresses under `/sandbox` are never disturbed."""

    def __init__(self, app: ASGIApp, *, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Strike, or pass on."""
        if scope["type"] != "http" or scope["path"].startswith("/sandbox"):
            await self._app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        actions, dice = self._world.faults.strike(scope["method"], scope["path"], query)
        await self._through(actions, dice)(scope, receive, send)

    def _through(self, actions: list[Action], dice: Random) -> ASGIApp:
        """The first fault is the outermost: what it holds back has been through the others."""
        if not actions:
            return self._app
        first, *rest = actions
        inner = self._through(rest, dice)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await first.play(Turn(self._world, inner, (scope, receive, send), dice=dice))

        return app
