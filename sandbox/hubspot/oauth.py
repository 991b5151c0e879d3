"""The token endpoint: a refresh token for an access token of half an hour."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.hubspot.portal import Portal
from sandbox.hubspot.token import LIFE, BadGrant

_CORRELATION = "00000000-0000-7000-8000-000000000000"


def token_endpoint(portal: Portal, version: str) -> Callable[[Request], Awaitable[Response]]:
    """POST /oauth/v1/token and its date-based twins, which tell the portal and the scopes as well."""
    dated = version != "v1"

    async def endpoint(request: Request) -> Response:
        sent = (await request.body()).decode(errors="replace")
        try:
            granted = portal.tokens.grant(dict(parse_qsl(sent)), portal.now)
        except BadGrant as bad:
            return JSONResponse(bad.body(_CORRELATION, dated=dated), 400)
        told = {
            "token_type": "bearer",
            "refresh_token": granted.refresh,
            "access_token": granted.access,
            "expires_in": int(LIFE.total_seconds()),
        }
        if dated:
            told |= {"hub_id": portal.portal_id, "scopes": sorted(portal.scopes), "user_id": 1}
        return JSONResponse(told)

    return endpoint
