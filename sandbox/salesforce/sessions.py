"""Access tokens: how a client gets one, and how long it lives."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.salesforce.access import User

IDLE = timedelta(hours=2)


class GrantError(Exception):
    """The token endpoint's refusal, in OAuth's own error body."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Client:
    """An external client app and the user it runs as."""

    id: str
    secret: str
    user: User


@dataclass(slots=True)
class Session:
    """A token in use."""

    token: str
    user: User
    issued: datetime
    used: datetime


class Sessions:
    """The tokens of an org. They die of two hours without use, on the sandbox clock."""

    def __init__(self, clock: Clock, org_id: str, clients: Mapping[str, Client]) -> None:
        self._clock = clock
        self._org_id = org_id
        self._clients = dict(clients)
        self._open: dict[str, Session] = {}
        # JWT bearer and refresh tokens get their line here.
        self.grants: dict[str, Callable[[Mapping[str, str]], Session]] = {
            "client_credentials": self._client_credentials
        }

    def grant(self, form: Mapping[str, str]) -> Session:
        """Serve a token request; `form` holds grant_type, client_id, client_secret and what else the grant needs."""
        handler = self.grants.get(form.get("grant_type", ""))
        if handler is None:
            raise GrantError("unsupported_grant_type", "grant type not supported")
        return handler(form)

    def open(self, user: User) -> Session:
        """A new session of a user."""
        now = self._clock.now()
        session = Session(f"{self._org_id[:15]}!{secrets.token_urlsafe(48)}", user, now, now)
        self._open[session.token] = session
        return session

    def check(self, token: str) -> Session | None:
        """The session of a token that is still alive; using it keeps it so."""
        session = self._open.get(token)
        now = self._clock.now()
        if session is None or now - session.used >= IDLE:
            return None
        session.used = now
        return session

    def revoke_all(self) -> None:
        """End every session, as an administrator can."""
        self._open.clear()

    def _client_credentials(self, form: Mapping[str, str]) -> Session:
        client = self._clients.get(form.get("client_id", ""))
        if client is None:
            raise GrantError("invalid_client_id", "client identifier invalid")
        if not secrets.compare_digest(client.secret.encode(), form.get("client_secret", "").encode()):
            raise GrantError("invalid_client", "invalid client credentials")
        return self.open(client.user)
