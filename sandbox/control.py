"""What the outside of both CRMs can be told to do: let time pass, let things happen, count the calls, load files."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.clock import instant
from sandbox.events import apply
from sandbox.load import load_text

if TYPE_CHECKING:
    from sandbox.app import World

Handler = Callable[[Request], Awaitable[Response]]


def routes(world: World) -> list[BaseRoute]:
    """The control API of a world; every refusal is status 400 with one line under `error`."""

    async def read_clock(_: Request) -> Response:
        return _clock(world)

    async def set_clock(request: Request) -> Response:
        world.clock.set(instant((await _object(request)).get("now"), "now"))
        return _clock(world)

    async def advance_clock(request: Request) -> Response:
        seconds = (await _object(request)).get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError('"seconds" must be a number, such as {"seconds": 86400}')
        try:
            world.clock.advance(timedelta(seconds=seconds))
        except OverflowError as error:
            raise ValueError(f"{seconds} seconds lead beyond the calendar") from error
        return _clock(world)

    async def events(request: Request) -> Response:
        happened = await _json(request)
        if not isinstance(happened, list):
            raise ValueError('events are a list, such as [{"crm": "salesforce", "do": "update", …}]')
        ids = []
        for number, event in enumerate(happened):
            try:
                ids.append(apply(world, event))
            except ValueError as error:
                return _refusal(f"event {number}: {error}", ids=ids)
        return JSONResponse({"ids": ids})

    async def read_requests(_: Request) -> Response:
        return JSONResponse(world.requests.counts())

    async def clear_requests(_: Request) -> Response:
        world.requests.clear()
        return Response(status_code=204)

    async def load(request: Request) -> Response:
        body = await _object(request)
        name, text = body.get("file"), body.get("text")
        if not isinstance(name, str) or not isinstance(text, str):
            raise ValueError('a load is {"file": "salesforce/Contact.csv", "text": "LastName,Email\\n…"}')
        loaded = load_text(world, name, text)
        return JSONResponse({"taken": loaded.taken, "rejects": [str(reject) for reject in loaded.rejects]})

    table: tuple[tuple[str, str, Handler], ...] = (
        ("GET", "/sandbox/clock", read_clock),
        ("PUT", "/sandbox/clock", set_clock),
        ("POST", "/sandbox/clock/advance", advance_clock),
        ("POST", "/sandbox/events", events),
        ("GET", "/sandbox/requests", read_requests),
        ("DELETE", "/sandbox/requests", clear_requests),
        ("POST", "/sandbox/load", load),
    )
    return [Route(path, _refusing(handler), methods=[method]) for method, path, handler in table]


def _clock(world: World) -> Response:
    return JSONResponse({"now": world.clock.now().isoformat().replace("+00:00", "Z")})


def _refusal(why: str, **more: object) -> Response:
    return JSONResponse({"error": why, **more}, status_code=400)


def _refusing(handler: Handler) -> Handler:
    @functools.wraps(handler)
    async def guarded(request: Request) -> Response:
        try:
            return await handler(request)
        except ValueError as error:
            return _refusal(str(error))

    return guarded


async def _json(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise ValueError(f"the body is not JSON: {error}") from error


async def _object(request: Request) -> Mapping[str, Any]:
    body = await _json(request)
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body
