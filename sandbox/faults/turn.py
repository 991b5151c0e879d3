"""One call on its way through the faults: it can be passed on, held back, answered otherwise, or cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.app import World

SEVER = "sandbox.sever"
"""Where a server leaves the means to break the connection of a request: `sever(gently)`."""


_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer held back."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def with_body(self, body: bytes) -> Heard:
        """The same with another body, and a length that fits it."""
        kept = [(name, value) for name, value in self.headers if name.lower() != b"content-length"]
        return Heard(self.status, [*kept, (b"content-length", str(len(body)).encode())], body)


class Turn:
    """What an action works with. `dice` are the same for the same call of the same seed."""

    def __init__(self, world: World, app: ASGIApp, call: tuple[Scope, Receive, Send], *, dice: Random) -> None:
        scope, receive, send = call
        self.world = world
        self.scope = scope
        self.dice = dice
        self._app = app
        self._receive = receive
        self._send = send

    @property
    def crm(self) -> str:
        """Whom the call is for."""
        return "salesforce" if self.scope["path"].startswith("/services/") else "hubspot"

    async def pass_on(self, body: bytes | None = None) -> None:
        """Let the CRM answer, perhaps to another body than the one that was sent."""
        await self._app(self.scope, self._receive if body is None else _told(body, self._receive), self._send)

    async def hear(self, body: bytes | None = None) -> Heard:
        """Let the CRM do what it was asked, and hold its answer back."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(self.scope, self._receive if body is None else _told(body, self._receive), keep)
        start, *rest = messages
        return Heard(start["status"], list(start["headers"]), b"".join(part.get("body", b"") for part in rest))

    async def body(self) -> bytes:
        """What was sent."""
        parts = []
        while True:
            message = await self._receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)

    async def say(self, heard: Heard) -> None:
        """Answer this."""
        await self._send({"type": "http.response.start", "status": heard.status, "headers": heard.headers})
        await self._send({"type": "http.response.body", "body": heard.body})

    async def answer(self, status: int, body: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> None:
        """Answer something of our own; where HTTP has no body, none."""
        if status in _BODILESS:
            body = b""
        told = {"content-type": media_type, "content-length": str(len(body)), **(headers or {})}
        await self.say(Heard(status, [(name.encode(), value.encode()) for name, value in told.items()], body))

    async def begin(self, heard: Heard, part: bytes) -> None:
        """The beginning of an answer that promises all of it."""
        await self._send({"type": "http.response.start", "status": heard.status, "headers": heard.headers})
        await self._send({"type": "http.response.body", "body": part, "more_body": True})

    async def sever(self, *, gently: bool) -> None:
        """Break the connection: gently, what was sent still arrives; else it is reset."""
        cut: Callable[[bool], None] | None = self.scope.get("extensions", {}).get(SEVER)
        if cut is None:
            raise ConnectionResetError("a fault has broken this connection")
        cut(gently)
        await self.wait()

    async def wait(self) -> None:
        """Until the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


class Action(Protocol):
    """What a fault does to a call."""

    async def play(self, turn: Turn) -> None:
        """Do it."""


def _told(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def tell() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return tell
