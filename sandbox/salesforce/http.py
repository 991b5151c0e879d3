"""What every answer of the API shares: versions, tokens, the daily allowance, error bodies, the longest address."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox import text
from sandbox.salesforce.access import Access, User
from sandbox.salesforce.errors import Refusal, RowRefusal, not_found
from sandbox.salesforce.org import Org
from sandbox.salesforce.rules import Manner
from sandbox.salesforce.values import Unreadable

VERSIONS = tuple(f"{number}.0" for number in range(41, 68))
MAX_ADDRESS = 16_384
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Call:
    """One API call: who makes it, on which version, with what."""

    org: Org
    user: User
    access: Access
    version: str
    request: Request
    body: bytes

    @property
    def base(self) -> str:
        """The path of the version called."""
        return f"/services/data/v{self.version}"

    def manner(self, rows: int = 1) -> Manner:
        """How the rows of this call are written; the header lets duplicates pass (SW07)."""
        option = self.request.headers.get("sforce-duplicate-rule-header", "")
        return Manner(rows, "allowsave=true" in option.replace(" ", "").lower())

    def path(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def json(self) -> Any:
        """The body; numbers with a point are exact."""
        try:
            return text.loads(self.body, parse_float=Decimal)
        except ValueError:
            raise Refusal(
                400, "JSON_PARSER_ERROR", "Unexpected character or end of input in the request body"
            ) from None

    def object(self) -> dict[str, Any]:
        """The body where it must be one JSON object."""
        found = self.json()
        if not isinstance(found, dict):
            raise Refusal(400, "JSON_PARSER_ERROR", "The HTTP entity body must be a JSON object")
        return found


Handler = Callable[[Call], Any]
"""Answers a call with what goes into the JSON body, or a Response of its own."""


def answer(body: Any, status: int = 200) -> Response:
    """A JSON answer with the service's content type."""
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        status,
        media_type="application/json;charset=UTF-8",
    )


def resource(org: Org, path: str, handlers: Mapping[str, Handler]) -> Route:
    """The route of one resource; `handlers` are by HTTP method."""

    async def endpoint(request: Request) -> Response:
        return finish(org, await _respond(org, request, handlers))

    return Route(path, endpoint, methods=_METHODS)


def unguarded(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    """A route outside the API's rules: tokens and the list of versions."""
    return Route(path, endpoint, methods=_METHODS)


def finish(org: Org, response: Response) -> Response:
    """Put the allowance on an answer, errors included (SR26)."""
    response.headers["Sforce-Limit-Info"] = f"api-usage={org.usage.used}/{org.usage.limit}"
    return response


def too_long(request: Request) -> Response | None:
    """414 for an address that with its headers passes 16,384 bytes (SR14)."""
    size = len(request.scope["raw_path"]) + 1 + len(request.scope["query_string"])
    size += sum(len(name) + len(value) + 4 for name, value in request.headers.raw)
    if size <= MAX_ADDRESS:
        return None
    return HTMLResponse("<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>", 414)


def sign_in(org: Org, token: str) -> User:
    """The user of a token; refused as INVALID_SESSION_ID."""
    session = org.sessions.check(token)
    if session is None:
        raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
    if "ApiEnabled" not in session.user.permissions:
        raise Refusal(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this user")
    return session.user


def spend(org: Org) -> None:
    """Take one call from the daily allowance (SR25)."""
    if not org.usage.spend():
        raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


async def _respond(org: Org, request: Request, handlers: Mapping[str, Handler]) -> Response:
    long = too_long(request)
    if long is not None:
        return long
    try:
        user = sign_in(org, re.sub(r"^(Bearer|OAuth)\s+", "", request.headers.get("authorization", "")))
        spend(org)
        version = _version(request)
        handler = _handler(request, handlers)
        found = handler(Call(org, user, org.access(user), version, request, await request.body()))
    except Refusal as refused:
        return answer(refused.body(), refused.status)
    except Unreadable as unreadable:
        return answer(unreadable.as_request().body(), 400)
    except RowRefusal as refused_row:
        return answer([refused_row.error.in_body()], refused_row.status)
    return found if isinstance(found, Response) else answer(found)


def _version(request: Request) -> str:
    version = str(request.path_params.get("version", VERSIONS[-1]))
    if version not in VERSIONS:
        raise not_found()
    return version


def _handler(request: Request, handlers: Mapping[str, Handler]) -> Handler:
    handler = handlers.get(request.method)
    if handler is None:
        message = f"HTTP Method '{request.method}' not allowed. Allowed are {','.join(handlers)}"
        raise Refusal(405, "METHOD_NOT_ALLOWED", message)
    return handler
