"""Access tokens: how a client gets one, and how long it lives."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.salesforce.access import User
from sandbox.salesforce.assertion import BadAssertion, checked, public_key

IDLE = timedelta(hours=2)
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


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
    refresh: str | None = None  # a new refresh token that was given along with it


class Sessions:
    """The tokens of an org. They die of two hours without use, on the sandbox clock.

    `audiences` is what an assertion may be meant for besides the org's own address; login.salesforce.com is not among
    them, as the org is a sandbox. With `rotates` a refresh token is good for one use.
    """

    def __init__(self, clock: Clock, org_id: str, clients: Mapping[str, Client]) -> None:
        self._clock = clock
        self._org_id = org_id
        self._clients = dict(clients)
        self._open: dict[str, Session] = {}
        self._keys: dict[str, str] = {}
        self._refresh: dict[str, str] = {}
        self.audiences = {"https://test.salesforce.com", "https://sandbox.my.salesforce.com"}
        self.rotates = False
        self._grants: dict[str, Callable[[Mapping[str, str]], Session]] = {
            "client_credentials": self._client_credentials,
            "refresh_token": self._refreshed,
            JWT_BEARER: self._jwt_bearer,
        }

    def trust(self, client_id: str, certificate: str) -> None:
        """Register a certificate, or a public key, in PEM: a client that signs with its private key is let in."""
        if client_id not in self._clients:
            raise ValueError(f"no client {client_id}; there are {', '.join(self._clients)}")
        self._keys[client_id] = public_key(certificate)

    def authorize(self, client_id: str) -> str:
        """A refresh token, as if the client's user had agreed in a browser."""
        if client_id not in self._clients:
            raise ValueError(f"no client {client_id}; there are {', '.join(self._clients)}")
        token = f"5Aep{secrets.token_urlsafe(60)}"
        self._refresh[token] = client_id
        return token

    def grant(self, form: Mapping[str, str]) -> Session:
        """Serve a token request.

        `form` holds grant_type, client_id, client_secret and what else the grant needs; under `site` the address at
        which the org was asked.
        """
        handler = self._grants.get(form.get("grant_type", ""))
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

    def users(self) -> Iterable[User]:
        """Those whom a client may stand for."""
        return (client.user for client in self._clients.values())

    def _client_credentials(self, form: Mapping[str, str]) -> Session:
        return self.open(self._client(form).user)

    def _jwt_bearer(self, form: Mapping[str, str]) -> Session:
        audiences = self.audiences | {form.get("site", "")}
        try:
            claims = checked(form.get("assertion", ""), self._keys, audiences, self._clock.now())
        except BadAssertion as bad:
            raise GrantError(bad.error, str(bad)) from None
        user = next((user for user in self.users() if user.username == claims.get("sub")), None)
        if user is None:
            raise GrantError("invalid_grant", "user hasn't approved this consumer")
        return self.open(user)

    def _refreshed(self, form: Mapping[str, str]) -> Session:
        client, token = self._client(form), form.get("refresh_token", "")
        if self._refresh.get(token) != client.id:
            raise GrantError("invalid_grant", "expired access/refresh token")
        session = self.open(client.user)
        if self.rotates:
            del self._refresh[token]
            session.refresh = self.authorize(client.id)
        return session

    def _client(self, form: Mapping[str, str]) -> Client:
        client = self._clients.get(form.get("client_id", ""))
        if client is None:
            raise GrantError("invalid_client_id", "client identifier invalid")
        if not secrets.compare_digest(client.secret.encode(), form.get("client_secret", "").encode()):
            raise GrantError("invalid_client", "invalid client credentials")
        return client
