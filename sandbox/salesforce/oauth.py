"""The token endpoint and who-am-I."""

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response

from sandbox.salesforce.http import Call, answer
from sandbox.salesforce.org import Org
from sandbox.salesforce.sessions import GrantError


def token_endpoint(org: Org) -> Callable[[Request], Awaitable[Response]]:
    """POST /services/oauth2/token; client id and secret by HTTP Basic or in the form."""

    async def endpoint(request: Request) -> Response:
        sent = (await request.body()).decode(errors="replace")
        try:
            form = dict(parse_qsl(sent, keep_blank_values=True))
        except ValueError:  # too many fields
            return _refused("invalid_request", "malformed request")
        form |= {"site": instance_url(org, request)} | _basic(request.headers.get("authorization", ""))
        if request.method != "POST":
            return _refused("invalid_request", "must use HTTP POST")
        try:
            session = org.sessions.grant(form)
        except GrantError as error:
            return _refused(error.error, error.description)
        site = instance_url(org, request)
        refreshed = {} if session.refresh is None else {"refresh_token": session.refresh}
        return answer(
            refreshed
            | {
                "access_token": session.token,
                "signature": base64.b64encode(hashlib.sha256(session.token.encode()).digest()).decode(),
                "scope": "api",
                "instance_url": site,
                "id": f"{site}/id/{org.id}/{session.user.id}",
                "token_type": "Bearer",
                "issued_at": str(int(session.issued.timestamp() * 1000)),
            }
        )

    return endpoint


def instance_url(org: Org, request: Request) -> str:
    """Where the org is: as it was told, or where this request found it."""
    return org.instance_url or f"{request.url.scheme}://{request.url.netloc}"


def user_info(call: Call) -> dict[str, Any]:
    """GET /services/oauth2/userinfo."""
    row = call.org.get("User", call.user.id)
    site = instance_url(call.org, call.request)
    return {
        "sub": f"{site}/id/{call.org.id}/{call.user.id}",
        "user_id": call.user.id,
        "organization_id": call.org.id,
        "preferred_username": row["Username"],
        "nickname": row["Alias"],
        "name": row["Name"],
        "email": row["Email"],
        "email_verified": True,
        "given_name": row["FirstName"],
        "family_name": row["LastName"],
        "zoneinfo": row["TimeZoneSidKey"],
        "photos": {},
        "profile": f"{site}/{call.user.id}",
        "picture": None,
        "address": {"country": "FR"},
        "is_salesforce_integration_user": False,
        "urls": {
            "rest": f"{site}/services/data/v{{version}}/",
            "metadata": f"{site}/services/Soap/m/{{version}}/{call.org.id}",
        },
        "active": True,
        "user_type": "STANDARD",
        "language": row["LanguageLocaleKey"],
        "locale": row["LocaleSidKey"],
        "utcOffset": 3_600_000,
        "updated_at": row["LastModifiedDate"],
    }


def _refused(error: str, description: str) -> Response:
    return answer({"error": error, "error_description": description}, 400)


def _basic(header: str) -> dict[str, str]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": unquote(name), "client_secret": unquote(secret)}
