"""What both CRMs can be told from outside: let time pass, let things happen, count the calls, load files."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.events import apply
from sandbox.load import load_text
from sandbox.told import Told, ToldError, parsed

if TYPE_CHECKING:
    from sandbox.app import World

Handler = Callable[[Request], Awaitable[Response]]


def routes(world: World) -> list[BaseRoute]:
    """The control API of a world; every refusal is status 400 with one line under `error`."""
    control = _Control(world)
    table: tuple[tuple[str, str, Handler], ...] = (
        ("GET", "/sandbox/clock", control.clock),
        ("PUT", "/sandbox/clock", control.set_clock),
        ("POST", "/sandbox/clock/advance", control.advance_clock),
        ("POST", "/sandbox/events", control.events),
        ("GET", "/sandbox/requests", control.requests),
        ("DELETE", "/sandbox/requests", control.clear_requests),
        ("POST", "/sandbox/load", control.load),
        ("GET", "/sandbox/faults", control.faults),
        ("PUT", "/sandbox/faults", control.set_faults),
        ("DELETE", "/sandbox/faults", control.clear_faults),
    )
    return [Route(path, _refusing(handler), methods=[method]) for method, path, handler in table]


class _Control:
    def __init__(self, world: World) -> None:
        self._world = world

    async def clock(self, _: Request) -> Response:
        return JSONResponse({"now": self._world.clock.now().isoformat().replace("+00:00", "Z")})

    async def set_clock(self, request: Request) -> Response:
        told = Told(parsed(await request.body()))
        told.only(["now"])
        self._world.clock.set(told.instant("now"))
        return await self.clock(request)

    async def advance_clock(self, request: Request) -> Response:
        told = Told(parsed(await request.body()))
        told.only(["seconds"])
        seconds = told.number("seconds")
        try:
            self._world.clock.advance(timedelta(seconds=seconds))
        except OverflowError as error:
            raise ToldError(f"{seconds} seconds lead beyond the calendar") from error
        return await self.clock(request)

    async def events(self, request: Request) -> Response:
        """Events happen in their order, up to the first that is refused; `ids` says how far it came."""
        events = parsed(await request.body())
        if not isinstance(events, list):
            raise ToldError('events are a list, such as [{"crm": "salesforce", "do": "update", …}]')
        ids: list[str] = []
        for number, event in enumerate(events):
            try:
                ids.append(apply(self._world, event))
            except ValueError as error:
                return JSONResponse({"error": f"event {number}: {error}", "ids": ids}, status_code=400)
        return JSONResponse({"ids": ids})

    async def requests(self, _: Request) -> Response:
        return JSONResponse(self._world.requests.counts())

    async def clear_requests(self, _: Request) -> Response:
        self._world.requests.clear()
        return Response(status_code=204)

    async def load(self, request: Request) -> Response:
        told = Told(parsed(await request.body()))
        told.only(["file", "text"])
        loaded = load_text(self._world, told.word("file"), told.word("text"))
        return JSONResponse({"taken": loaded.files, "rejects": [str(reject) for reject in loaded.rejects]})

    async def faults(self, _: Request) -> Response:
        return JSONResponse(self._world.faults.report())

    async def set_faults(self, request: Request) -> Response:
        self._world.faults.switch(parsed(await request.body()))
        return await self.faults(request)

    async def clear_faults(self, _: Request) -> Response:
        self._world.faults.clear()
        return Response(status_code=204)


def _refusing(handler: Handler) -> Handler:
    @functools.wraps(handler)
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return guarded
