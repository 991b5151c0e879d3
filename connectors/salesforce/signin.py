"""Signing in to an org: client credentials, a signed assertion (JWT bearer), or a session id from somewhere else.

There is no SOAP login: it ends in Summer '27 (AU01). Both OAuth flows go through an External Client App (AU02).
"""

from typing import Any
from urllib.parse import urlsplit

import jwt
import requests

from connectors.clock import Time
from connectors.errors import Fatal, SignInRefused
from connectors.http import Action, Answer, Transient, Verdict, refusal, silence
from connectors.redaction import Redactor
from connectors.salesforce.answers import judge, read_answer
from connectors.salesforce.settings import Settings

_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE = 180  # seconds that an assertion is good for: the most that Salesforce takes
_WHAT = "Salesforce, sign-in"


class SignIn:
    """Fetches a token in the way that the settings ask for; `token` makes one call, or none for a session id."""

    def __init__(self, settings: Settings, http: requests.Session, redact: Redactor, *, time: Time) -> None:
        self._settings = settings
        self._http = http
        self._redact = redact
        self._time = time
        self._used = False

    def token(self) -> tuple[str, str]:
        """A session id, and the host where it holds.

        Raises `SignInRefused` when a person must act, `Transient` when it is worth trying again.
        """
        if self._settings.session_id is not None:
            return self._given(self._settings.session_id.get_secret_value())
        form = self._assertion() if self._settings.private_key is not None else self._credentials()
        try:
            response = self._http.post(f"https://{self._settings.host}/services/oauth2/token", data=form)
            content = _content(response)
        except requests.RequestException as error:
            address = self._settings.loopback or f"https://{self._settings.host}"
            raise Transient(f"{_WHAT}: {silence(address, error)}") from None
        if response.ok and isinstance(content, dict) and content.get("access_token"):
            return str(content["access_token"]), self._instance(str(content.get("instance_url") or ""))
        raise self._refused(read_answer(response.status_code, content, response.headers))

    def _given(self, session_id: str) -> tuple[str, str]:
        if self._used:
            raise SignInRefused(
                f"{_WHAT}: the session id has ended; put a new one into session_id, or use client_id and client_secret "
                "of an External Client App for anything but a trial"
            )
        self._used = True
        return session_id, self._settings.host

    def _credentials(self) -> dict[str, str]:
        secret = self._settings.client_secret
        return {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id or "",
            "client_secret": secret.get_secret_value() if secret else "",
        }

    def _assertion(self) -> dict[str, str]:
        key = self._settings.private_key
        claims = {
            "iss": self._settings.client_id,
            "sub": self._settings.username,
            "aud": self._settings.audience,
            "exp": int(self._time.now().timestamp()) + _LIFE,
        }
        try:
            signed = jwt.encode(claims, key.get_secret_value() if key else "", algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):  # says what the key looks like: nothing of it is repeated
            raise Fatal(
                f"{_WHAT}: private_key is not an RSA key in PEM form; it begins with -----BEGIN PRIVATE KEY-----"
            ) from None
        return {"grant_type": _JWT_GRANT, "assertion": signed}

    def _instance(self, url: str) -> str:
        """The host to call from now on. Only Salesforce's own: the token is worth stealing."""
        host = urlsplit(url).hostname or self._settings.host
        if self._settings.loopback is None and not host.endswith(".salesforce.com"):
            raise SignInRefused(f"{_WHAT}: the token is said to be for {host}, which is not Salesforce")
        return self._settings.host if self._settings.loopback else host

    def _refused(self, answer: Answer) -> Exception:
        verdict = judge(answer)
        if verdict.action in (Action.REFUSED, Action.SIGN_IN):
            verdict = Verdict(
                Action.SIGN_IN_REFUSED, "the sign-in was refused: check client_id, client_secret and domain"
            )
        if self._settings.private_key is not None and verdict.action is Action.SIGN_IN_REFUSED:
            verdict = Verdict(Action.SIGN_IN_REFUSED, self._why_no_assertion())
        said = Answer(answer.status, answer.code, self._redact(answer.message), request=answer.request)
        return refusal(_WHAT, said, verdict)

    def _why_no_assertion(self) -> str:
        """AU06: an assertion lives three minutes, so a wrong clock alone spoils it; say what the clock says."""
        return (
            "the signed assertion was refused: check client_id, username, that the certificate of private_key is in "
            "the External Client App, that an admin has pre-authorized the user there, and this machine's clock "
            f"(it says {self._time.now():%Y-%m-%d %H:%M:%S} UTC; an assertion is good for three minutes)"
        )


def _content(response: requests.Response) -> Any:
    try:
        return response.json()
    except requests.exceptions.JSONDecodeError:
        return response.text if not response.ok else None
