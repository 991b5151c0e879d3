"""Signing in to a portal: the bearer token of a Service Key, or OAuth with refresh by expiry (HW18)."""

import threading
from dataclasses import dataclass

import requests

from connectors.clock import Time
from connectors.errors import SignInRefused
from connectors.http import CONNECT_TIMEOUT, READ_TIMEOUT, Transient, silence, user_agent
from connectors.hubspot.settings import Settings
from connectors.loopback import is_loopback
from connectors.protocol import SecretStore
from connectors.redaction import Redactor

_MARGIN = 300.0  # seconds before its end that a token is no longer used
_WHAT = "HubSpot, sign-in"


@dataclass(frozen=True, slots=True)
class _Token:
    """An access token, until when it is used (seconds of the injected time), and which one of this process it is."""

    text: str
    until: float
    turn: int


class SignIn:
    """Says the bearer token of the moment.

    An OAuth token is fetched anew shortly before `expires_in` is over, by one thread while the others wait: a 401 is no
    sign that it is time (the vendor says so). Where HubSpot sends another refresh token along, it is in the secret
    store before the new access token is used (SR34).
    """

    def __init__(self, settings: Settings, secrets: SecretStore, redact: Redactor, *, time: Time) -> None:
        self._settings = settings
        self._secrets = secrets
        self._redact = redact
        self._time = time
        self._lock = threading.Lock()
        self._token: _Token | None = None

    def bearer(self) -> tuple[str, int]:
        """The token to send, and its turn. Raises `SignInRefused`, or `Transient` when it is worth trying again."""
        if self._settings.token is not None:
            return self._settings.token.get_secret_value(), 0
        with self._lock:
            if self._token is None or self._time.monotonic() >= self._token.until:
                self._token = self._fetch(self._token.turn + 1 if self._token else 1)
            return self._token.text, self._token.turn

    def refused(self, turn: int) -> bool:
        """The token of `turn` was refused: whether there is, or may be, a newer one to try once."""
        if self._settings.token is not None:
            return False
        with self._lock:
            if self._token is not None and self._token.turn == turn:
                self._token = _Token("", 0.0, turn)
            return True

    def _fetch(self, turn: int) -> _Token:
        name = f"hubspot/{self._settings.client_id}/refresh_token"
        given = self._settings.refresh_token.get_secret_value() if self._settings.refresh_token else ""
        kept = self._secrets.get(name)
        try:
            answer = self._post(kept or given)
        except SignInRefused:
            if not kept or kept == given:
                raise
            answer = self._post(given)  # somebody put a new one into the settings
        refresh = str(answer.get("refresh_token") or "")
        if refresh and refresh != (kept or given):
            self._redact.learn(refresh)
            self._secrets.put(name, refresh)
        text = str(answer["access_token"])
        self._redact.learn(text)
        life = float(str(answer.get("expires_in") or 0))
        return _Token(text, self._time.monotonic() + max(life - _MARGIN, life / 2), turn)

    def _post(self, refresh: str) -> dict[str, object]:
        self._redact.learn(refresh)
        secret = self._settings.client_secret
        form = {
            "grant_type": "refresh_token",
            "client_id": self._settings.client_id or "",
            "client_secret": secret.get_secret_value() if secret else "",
            "refresh_token": refresh,
        }
        version = "v1" if self._settings.api_version == "legacy" else self._settings.api_version
        try:
            with requests.Session() as http:
                http.trust_env = not is_loopback(self._settings.url)
                response = http.post(
                    f"{self._settings.url}/oauth/{version}/token",
                    data=form,
                    headers={"User-Agent": user_agent()},
                    timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
                    allow_redirects=False,  # the refresh token goes nowhere else
                )
                answer = response.json()
        except requests.exceptions.JSONDecodeError:
            raise Transient(f"{_WHAT}: the answer is not JSON") from None
        except requests.RequestException as error:
            raise Transient(f"{_WHAT}: {silence(self._settings.url, error)}") from None
        if response.ok and isinstance(answer, dict) and answer.get("access_token"):
            return answer
        words = answer if isinstance(answer, dict) else {}
        said = self._redact(f"{words.get('status') or words.get('error') or ''}: {words.get('message') or ''}")
        if response.status_code == requests.codes.too_many_requests or not response.status_code < 500:  # noqa: PLR2004 - server errors begin there
            raise Transient(f"{_WHAT}: HubSpot is not answering properly [{said}]")
        raise SignInRefused(
            f"{_WHAT}: the refresh token was refused; check client_id and client_secret; else install the app in the "
            f"portal again and put the new refresh_token into the settings [{said}]"
        )
