"""Access tokens of a portal: that of a private app, which never ends, and those of OAuth, which live half an hour."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sandbox.hubspot import moment
from sandbox.hubspot.errors import Json, Refusal

LIFE = timedelta(minutes=30)
_MILLISECOND = timedelta(milliseconds=1)
_UNITS = ((86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second"))


@dataclass(frozen=True, slots=True)
class Granted:
    """What the token endpoint gives."""

    access: str
    refresh: str


class Tokens:
    """Who may come in. `rotates`: a refresh token is good for one use, and the answer has the next one.

    `client_id` and `client_secret` are those of the only app that the portal has installed.
    """

    def __init__(self) -> None:
        self.fixed = "sandbox-token"
        self.client_id = "sandbox-client"
        self.client_secret = "sandbox-secret"  # noqa: S105 - public and fixed: it opens nothing but this sandbox
        self.rotates = False
        self._expires: dict[str, int] = {}
        self._refresh: set[str] = set()

    def install(self) -> str:
        """A refresh token, as if somebody had installed the app in a browser."""
        token = secrets.token_hex(16)
        self._refresh.add(token)
        return token

    def revoke(self) -> None:
        """Every refresh token is good for nothing, as after an uninstallation."""
        self._refresh.clear()

    def expire(self, now: int) -> None:
        """Every access token of OAuth ends now."""
        self._expires = dict.fromkeys(self._expires, now)

    def check(self, header: str | None, now: int) -> None:
        """Refuse a caller without a good token."""
        token = (header or "").removeprefix("Bearer ")
        if token == self.fixed and header != token:
            return
        ends = self._expires.get(token)
        if ends is None or header == token:
            raise Refusal(401, _NO_TOKEN, category="INVALID_AUTHENTICATION")
        if now >= ends:
            message = f"The OAuth token used to make this call expired {_long(now - ends)} ago."
            context = {"expire time": [moment.iso(ends)]}
            raise Refusal(401, message, category="EXPIRED_AUTHENTICATION", context=context)

    def grant(self, form: Mapping[str, str], now: int) -> Granted:
        """Serve a refresh. Raises `BadGrant`."""
        if form.get("grant_type") != "refresh_token":
            raise BadGrant("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type")
        if form.get("client_id") != self.client_id:
            raise BadGrant("BAD_CLIENT_ID", "missing or unknown client id", "invalid_client")
        if form.get("client_secret") != self.client_secret:
            raise BadGrant("BAD_CLIENT_SECRET", "missing or invalid client secret", "invalid_client")
        refresh = form.get("refresh_token", "")
        if refresh not in self._refresh:
            raise BadGrant("BAD_REFRESH_TOKEN", "missing or invalid refresh token", "invalid_grant")
        if self.rotates:
            self._refresh.discard(refresh)
            refresh = self.install()
        access = secrets.token_urlsafe(48)
        self._expires[access] = now + LIFE // _MILLISECOND
        return Granted(access, refresh)


def _long(milliseconds: int) -> str:
    size, unit = next(((size, unit) for size, unit in _UNITS if milliseconds >= size), _UNITS[-1])
    return f"{milliseconds // size} {unit}(s)"


class BadGrant(Exception):
    """The token endpoint's refusal: `status` in its old form, `error` in OAuth's."""

    def __init__(self, status: str, message: str, error: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error

    def body(self, correlation: str, *, dated: bool) -> Json:
        """The old form has a word for a status; the date-based one adds OAuth's own."""
        body: Json = {"status": self.status, "message": str(self), "correlationId": correlation}
        return body | {"error": self.error, "error_description": str(self)} if dated else body


_NO_TOKEN = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at "  # noqa: S105 - words
    "https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
