"""A signed-in session with one org: simple-salesforce on our own transport."""

import re
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode, urlsplit

import requests
import zeep.exceptions
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceError
from simple_salesforce.login import SalesforceLogin

from connectors.clock import Time
from connectors.errors import CrmError, Fatal, SignInRefused
from connectors.http import (
    CONNECT_TIMEOUT,
    READ_TIMEOUT,
    Action,
    Answer,
    Calls,
    SessionOver,
    Transient,
    Verdict,
    refusal,
)
from connectors.protocol import Usage
from connectors.quota import Quota
from connectors.redaction import Redactor, basic, hush
from connectors.salesforce.answers import judge, read_answer
from connectors.salesforce.settings import Settings

MOST_QUERY_BYTES = 14_000  # SR14: address and headers together may have 16,384
_USAGE = re.compile(r"(?<!-app-)api-usage=(\d+)/(\d+)")  # SR26: not the per-app suffix
_JSON = "application/json"

T = TypeVar("T")


class _Signed(NamedTuple):
    """A session id and where it holds; `turn` counts the sign-ins, so that only one thread renews it."""

    token: str
    instance: str
    turn: int


class Adapter(HTTPAdapter):
    """Every call's way out: timeouts, a look at each answer's headers, and, for an org on this machine, the address.

    simple-salesforce writes https into each address; `loopback` sends them all to that http address instead, so that no
    secret leaves the machine (TE02).
    """

    def __init__(self, seen: Callable[[requests.Response], None], loopback: str | None) -> None:
        super().__init__()
        self._seen = seen
        self._loopback = loopback

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send with a timeout (SR23)."""
        if self._loopback:
            parts = urlsplit(request.url or "")
            request.url = self._loopback + parts.path + (f"?{parts.query}" if parts.query else "")
        options["timeout"] = options.get("timeout") or (CONNECT_TIMEOUT, READ_TIMEOUT)
        response = super().send(request, *args, **options)
        try:
            self._seen(response)
        except CrmError:
            response.close()  # unread, it would keep its connection for ever
            raise
        return response


class Session:
    """Calls to one org. Signs in when it is first used, and once more when the session ends (SR21).

    Raises `connectors.errors` only: `Refused` (a `Fatal`) carries the answer for callers that know what to do about it.
    """

    def __init__(self, settings: Settings, *, time: Time) -> None:
        secret = settings.client_secret.get_secret_value()
        self._settings = settings
        self._redact = Redactor((secret, basic(settings.client_id, secret)))
        self._quota = Quota("Salesforce", share=settings.share_of_day)
        self._calls = Calls(time=time, quota=self._quota)
        self._lock = threading.Lock()
        self._signed: _Signed | None = None
        self._api: tuple[int, Salesforce] | None = None
        self._setup: tuple[int, Any] | None = None
        self._headers: Mapping[str, str] = {}
        self._http = requests.Session()
        self._http.auth = _as_it_is  # else requests puts a password from ~/.netrc in place of our token
        self._http.trust_env = settings.loopback is None  # a proxy of the environment knows no sandbox on this machine
        self._http.mount("https://", Adapter(self._seen, settings.loopback))
        self._http.mount("http://", Adapter(self._seen, settings.loopback) if settings.loopback else _Never())
        hush("zeep")  # prints whole envelopes, session id included

    def usage(self) -> Usage:
        """Calls made, and the org's day."""
        return self._quota.usage()

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    def get(self, path: str, **params: str) -> Any:
        """GET a path below `/services/data/vXX.0/`; JSON, numbers as `Decimal` (SR37)."""
        return self._call(f"GET {path}", lambda api: api.restful(path, params=params))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST JSON to a path below `/services/data/vXX.0/`."""
        return self._call(f"POST {path}", lambda api: api.restful(path, method="POST", json=body))

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """PATCH JSON at a path below `/services/data/vXX.0/`."""
        return self._call(f"PATCH {path}", lambda api: api.restful(path, method="PATCH", json=body))

    def query(self, soql: str, *, deleted: bool = False) -> Mapping[str, Any]:
        """The first page of a query, with `deleted` through queryAll."""
        if len(urlencode({"q": soql})) > MOST_QUERY_BYTES:
            raise Fatal(f"Salesforce: the query «{soql[:60]}…» is too long to be sent; map fewer fields of this object")
        answer: Mapping[str, Any] = self._call("query", lambda api: api.query(soql, include_deleted=deleted))
        return answer

    def more(self, locator: str) -> Mapping[str, Any]:
        """The page behind `nextRecordsUrl`: its path only, on our own base (SR38)."""
        path = urlsplit(locator).path
        answer: Mapping[str, Any] = self._call("query more", lambda api: api.query_more(path, identifier_is_url=True))
        return answer

    def describe(self, sobject: str) -> Mapping[str, Any]:
        """What this user may see of an object, fresh (SR13)."""
        answer: Mapping[str, Any] = self.get(f"sobjects/{sobject}/describe")
        return answer

    def user_id(self) -> str:
        """The id of the user that we are."""
        answer = self._call("userinfo", lambda api: api.oauth2("userinfo")) or {}
        return str(answer.get("user_id", ""))

    def metadata(self, what: str, act: Callable[[Any], T]) -> T:
        """Run one Metadata API call: `act` gets simple-salesforce's mdapi, of an object of its own (SW14)."""

        def send(_api: Salesforce) -> T:
            mdapi = self._mdapi(self._sign_in())
            try:
                return act(mdapi)
            except zeep.exceptions.Fault as fault:
                code = str(fault.code or "").rpartition(":")[2]
                raise self._failure(what, read_answer(500, [{"errorCode": code, "message": fault.message}])) from None
            except zeep.exceptions.TransportError as error:
                raise self._failure(what, read_answer(error.status_code or 500, "")) from None
            except zeep.exceptions.Error as error:
                raise Transient(f"Salesforce, {what}: the answer is not the Metadata API's") from error

        return self._call(what, send)

    def _call(self, what: str, send: Callable[[Salesforce], T]) -> T:
        return self._calls.run(f"Salesforce, {what}", lambda: self._attempt(what, send))

    def _attempt(self, what: str, send: Callable[[Salesforce], T]) -> T:
        signed = self._sign_in()
        try:
            return self._translated(what, lambda: send(self._client(signed)))
        except SessionOver:
            self._sign_out(signed.turn)
        renewed = self._sign_in()
        try:
            return self._translated(what, lambda: send(self._client(renewed)))
        except SessionOver as error:  # SR21: one new session per call, then it is a matter for a person
            raise SignInRefused(f"{error}; a new session was refused as well") from None

    def _translated(self, what: str, send: Callable[[], T]) -> T:
        try:
            return send()
        except SalesforceError as error:
            answer = read_answer(error.status, error.content, self._headers)
        except requests.exceptions.JSONDecodeError:
            raise Transient(f"Salesforce, {what}: the answer is not JSON") from None
        except requests.RequestException as error:
            raise Transient(f"Salesforce, {what}: no answer ({type(error).__name__})") from None
        # Outside the handlers: the library's errors hold addresses and bodies, and must not travel along as a context.
        raise self._failure(what, answer)

    def _failure(self, what: str, answer: Answer) -> CrmError:
        said = Answer(
            answer.status,
            answer.code,
            self._redact(answer.message),
            answer.details,
            answer.retry_after,
            answer.request,
        )
        return refusal(f"Salesforce, {what}", said, judge(answer))

    def _mdapi(self, signed: _Signed) -> Any:
        if self._setup is None or self._setup[0] != signed.turn:
            mdapi = self._build(signed).mdapi
            # zeep opens its own requests session: given ours, it has timeouts, and quota headers are seen.
            mdapi._client.transport.session = self._http  # noqa: SLF001 - simple-salesforce passes no transport on
            self._setup = (signed.turn, mdapi)
        return self._setup[1]

    def _client(self, signed: _Signed) -> Salesforce:
        if self._api is None or self._api[0] != signed.turn:
            self._api = (signed.turn, self._build(signed))
        return self._api[1]

    def _build(self, signed: _Signed) -> Salesforce:
        # With a session id the library never refreshes by itself: its own way loops (SR21).
        return Salesforce(
            session_id=signed.token,
            instance_url=f"https://{signed.instance}",
            session=self._http,
            version=self._settings.api_version,
            parse_float=Decimal,
            object_pairs_hook=dict,
        )

    def _sign_out(self, turn: int) -> None:
        with self._lock:
            if self._signed and self._signed.turn == turn and self._signed.token:
                self._signed = _Signed("", self._signed.instance, turn)

    def _sign_in(self) -> _Signed:
        with self._lock:
            if self._signed is None or not self._signed.token:
                turn = self._signed.turn + 1 if self._signed else 0
                token, instance = self._token()
                self._redact.learn(token)
                self._signed = _Signed(token, instance, turn)
            return self._signed

    def _token(self) -> tuple[str, str]:
        what = "sign-in"
        try:
            token, instance = SalesforceLogin(
                session=self._http,
                consumer_key=self._settings.client_id,
                consumer_secret=self._settings.client_secret.get_secret_value(),
                domain=self._settings.stem,
                sf_version=self._settings.api_version,
            )
        except SalesforceAuthenticationFailed as error:
            # The code is the OAuth error's, or the status where the answer was no JSON.
            status = error.code if isinstance(error.code, int) else 400
            content = {"error": "" if isinstance(error.code, int) else error.code, "message": str(error.message or "")}
            answer = read_answer(status, content)
        except requests.RequestException as error:
            raise Transient(f"Salesforce, {what}: no answer ({type(error).__name__})") from None
        else:
            return str(token), str(instance)
        verdict = judge(answer)
        if verdict.action in (Action.REFUSED, Action.SIGN_IN):
            verdict = Verdict(
                Action.SIGN_IN_REFUSED, "the sign-in was refused: check client_id, client_secret and domain"
            )
        raise refusal(
            f"Salesforce, {what}",
            Answer(answer.status, answer.code, self._redact(answer.message), request=answer.request),
            verdict,
        )

    def _seen(self, response: requests.Response) -> None:
        self._headers = response.headers  # the library's errors carry none
        if match := _USAGE.search(response.headers.get("Sforce-Limit-Info", "")):  # on errors too (SS8 of the library)
            self._quota.saw(used=int(match[1]), limit=int(match[2]))
        kind = response.headers.get("Content-Type", "")
        is_soap = "/services/Soap/" in (response.request.url or "")
        # SR39: a maintenance page answers 200 with HTML.
        if response.ok and response.status_code != requests.codes.no_content and _JSON not in kind and not is_soap:
            raise Transient(f"Salesforce answered with {kind.partition(';')[0] or 'nothing'} instead of JSON")


class _Never(HTTPAdapter):
    """Plain http beyond this machine: never."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Refuse."""
        del args, options
        host = urlsplit(request.url or "").hostname
        raise SignInRefused(f"Salesforce sent us to http://{host}: the token is not sent in the clear; use https")


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
