"""simple-salesforce on our own transport, and who is signed in: a session id and where it holds."""

import threading
from collections.abc import Callable
from copy import copy
from typing import Any, NamedTuple

import requests
from simple_salesforce.api import Salesforce

from connectors.body import read_json
from connectors.redaction import Redactor
from connectors.salesforce.signin import SignIn


class BrokenError(Exception):
    """A body that is no JSON, or not whole."""


class Client(Salesforce):
    """simple-salesforce with bodies read exactly, and several times as fast."""

    read: Callable[[bytes], Any] = staticmethod(read_json)

    def reading(self, read: Callable[[bytes], Any]) -> "Client":
        """The same, reading bodies in another way."""
        api = copy(self)
        api.read = read
        return api

    def parse_result_to_json(self, result: requests.Response) -> Any:
        """What an answer says."""
        return read_body(result, self.read)


class Signed(NamedTuple):
    """A session id and where it holds; `turn` counts the sign-ins, so that only one thread renews it."""

    token: str
    instance: str
    turn: int


class SignedIn:
    """Who is signed in now: signs in when first asked, and again after the session ended (SR21)."""

    def __init__(self, entry: SignIn, redact: Redactor) -> None:
        self._entry = entry
        self._redact = redact
        self._lock = threading.Lock()
        self._signed: Signed | None = None

    def now(self) -> Signed:
        """The session that holds, a new one where there is none."""
        with self._lock:
            if self._signed is None or not self._signed.token:
                turn = self._signed.turn + 1 if self._signed else 0
                token, instance = self._entry.token()
                self._redact.learn(token)
                self._signed = Signed(token, instance, turn)
            return self._signed

    def over(self, turn: int) -> None:
        """The session of that turn holds no longer."""
        with self._lock:
            if self._signed and self._signed.turn == turn and self._signed.token:
                self._signed = Signed("", self._signed.instance, turn)


def read_body(response: requests.Response, read: Callable[[bytes], Any] = read_json) -> Any:
    """What a body says; raises `BrokenError`."""
    try:
        return read(response.content)
    except ValueError:
        raise BrokenError from None


def parsed(response: requests.Response) -> Any:
    """What the body of a refusal says, as text where it is no JSON."""
    try:
        return response.json()
    except requests.exceptions.JSONDecodeError:
        return response.text
