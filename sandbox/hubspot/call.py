"""One call: who asks, for what, on which version; and the gate that every call passes before it is answered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from pydantic import ValidationError
from starlette.responses import HTMLResponse, JSONResponse, Response

from sandbox import text
from sandbox.hubspot.bodies import Body
from sandbox.hubspot.errors import Json, Refusal, validation
from sandbox.hubspot.rate import too_many

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.hubspot.kind import Kind
    from sandbox.hubspot.portal import Portal

SOURCE = "INTEGRATION"
_SCOPES = "https://developers.hubspot.com/scopes"
_NOTHING_HERE = (
    '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
    "<title>Error 404 Not Found</title>\n</head>\n<body><h2>HTTP ERROR 404 Not Found</h2></body>\n</html>\n"
)
B = TypeVar("B", bound=Body)
Answer = tuple[int, Json | None]


class NothingHere(Exception):
    """404 as a page: a path that leads nowhere, and some missing records."""


class Call:
    """What a handler works with. `version` is `v3`, `v4`, `2026-03` or `2026-09`."""

    def __init__(self, portal: Portal, request: Request, version: str, raw: bytes) -> None:
        self.portal = portal
        self.store = portal.store
        self.version = version
        self.now = portal.now
        self.query = request.query_params
        self._words: Mapping[str, str] = request.path_params
        self._raw = raw

    @property
    def dated(self) -> bool:
        """Whether the path is of the date-based form."""
        return not self.version.startswith("v")

    def word(self, name: str) -> str:
        """A part of the path."""
        return self._words[name]

    def has(self, name: str) -> bool:
        """Whether the path has this part."""
        return name in self._words

    def kind(self, name: str = "object") -> Kind:
        """The kind that a part of the path names."""
        kind = self.store.kind(self._words[name])
        if kind is None:
            raise Refusal(400, f"Unable to infer object type from: {self._words[name]}")
        return kind

    def body(self, form: type[B]) -> B:
        """What was sent, as a value."""
        return form.model_validate(self._json()) if self._raw else _refuse_nothing()

    def _json(self) -> Any:
        try:
            return text.loads(self._raw)
        except json.JSONDecodeError as error:
            raise Refusal(
                400, f"Invalid input JSON on line {error.lineno}, column {error.colno}: {error.msg}"
            ) from None
        except UnicodeDecodeError:
            raise Refusal(400, "Invalid input JSON on line 1, column 1: Invalid UTF-8") from None

    def listed(self, name: str) -> list[str] | None:
        """A query parameter that is a list: repeated, with commas, or both; None when it was not given."""
        given = self.query.getlist(name)
        return [word for each in given for word in each.split(",") if word] if given else None

    def flag(self, name: str) -> bool:
        """A query parameter that is true or false."""
        return self.query.get(name, "false").lower() == "true"

    def number(self, name: str, default: int, *, most: int | None = None) -> int:
        """A query parameter that is a number from 0 to `most`."""
        given = self.query.get(name, str(default))
        if not given.isascii() or not given.isdigit():
            raise validation(f"{name} must be a number, not {given}", **{name: [given]})
        if most is not None and int(given) > most:
            raise validation(f"{name} must be at most {most}", **{name: [given]})
        return int(given)


Handler = Callable[[Call], Answer]
Needs = Callable[[Call], list[list[str]]]  # every group of scopes must be met, by any scope in it
Endpoint = Callable[["Request"], Awaitable[Response]]


class Gate:
    """Lets calls through one by one: length, token, limits, scopes; then answers, with the headers of the service."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._calls = 0

    def endpoint(self, handler: Handler, needs: Needs, version: str, *, search: bool = False) -> Endpoint:
        """A handler as Starlette calls it."""

        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            self._calls += 1
            correlation = str(UUID(int=(self._portal.now << 80) | (7 << 76) | (2 << 62) | self._calls))
            headers = {"x-hubspot-correlation-id": correlation}
            try:
                self._admit(request, headers, search=search)
                call = Call(self._portal, request, version, raw)
                self._permit(needs(call))
                status, body = _answered(handler, call)
            except Refusal as refusal:
                status, body = refusal.status, refusal.body(correlation)
            except NothingHere:
                return HTMLResponse(_NOTHING_HERE, 404, headers)
            if body is None:
                return Response(status_code=status, headers=headers)
            return JSONResponse(body, status, headers, media_type="application/json;charset=utf-8")

        return endpoint

    async def lost(self, _request: Request) -> Response:
        """What a path that leads nowhere is answered, whoever asks."""
        return HTMLResponse(_NOTHING_HERE, 404)

    def _admit(self, request: Request, headers: dict[str, str], *, search: bool) -> None:
        portal = self._portal
        if len(str(request.url)) > portal.longest_url:  # HR16
            raise Refusal(414, "URI Too Long")
        portal.tokens.check(request.headers.get("authorization"), portal.now)
        midnight = portal.daily.turn(portal.clock.now(), portal.time_zone)
        rolling = portal.searches if search else portal.burst
        policy, wait = None, timedelta()
        if not portal.daily.left:
            policy, wait = "DAILY", midnight - portal.clock.now()
        elif not rolling.take(portal.now):
            policy, wait = ("SECONDLY" if search else "TEN_SECONDLY_ROLLING"), timedelta(milliseconds=rolling.window)
        else:
            portal.daily.used += 1
        headers |= self._rates(search=search)
        if policy is not None:
            if portal.tells_retry_after:
                headers["Retry-After"] = str(-(-wait // timedelta(seconds=1)))
            raise too_many(policy)

    def _rates(self, *, search: bool) -> dict[str, str]:
        portal = self._portal
        rates = {
            "X-HubSpot-RateLimit-Daily": str(portal.daily.limit),
            "X-HubSpot-RateLimit-Daily-Remaining": str(portal.daily.left),
        }
        if search:  # search answers carry the two daily ones only
            return rates
        left = portal.burst.left(portal.now)
        secondly = max(1, portal.burst.limit // 10)  # still sent, no longer enforced
        return {
            **rates,
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(portal.burst.window),
            "X-HubSpot-RateLimit-Max": str(portal.burst.limit),
            "X-HubSpot-RateLimit-Remaining": str(left),
            "X-HubSpot-RateLimit-Secondly": str(secondly),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(max(0, secondly - 1)),
        }

    def _permit(self, needs: list[list[str]]) -> None:
        for alternatives in needs:
            if self._portal.scopes.isdisjoint(alternatives):
                raise Refusal(
                    403,
                    f"This app hasn't been granted all required scopes to make this call. Read more about required "
                    f"scopes here: {_SCOPES}.",
                    category="MISSING_SCOPES",
                    errors=[
                        {
                            "message": "One or more of the following scopes are required.",
                            "context": {"requiredGranularScopes": alternatives},
                        }
                    ],
                    links={"scopes": _SCOPES},
                )


def _answered(handler: Handler, call: Call) -> Answer:
    try:
        return handler(call)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise validation(f"Invalid input JSON: some of required attributes are not set [{where}]") from None
        raise Refusal(400, f"Invalid input JSON on line 1, column 1: {first['msg']} (through {where})") from None


def _refuse_nothing() -> Any:
    raise validation("Invalid JSON input: a request body was expected, but none found")
