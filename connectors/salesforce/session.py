"""A signed-in session with one org: simple-salesforce on our own transport."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import IO, Any, TypeVar
from urllib.parse import urlencode, urlsplit

import requests
import zeep.exceptions
from simple_salesforce.exceptions import SalesforceError

from connectors.body import read_json
from connectors.clock import Time
from connectors.errors import CrmError, Fatal, SignInRefused
from connectors.http import Answer, Calls, SessionOver, Transient, refusal, silence
from connectors.protocol import Usage
from connectors.quota import Quota
from connectors.redaction import Redactor, basic, hush
from connectors.salesforce.adapter import open_http
from connectors.salesforce.answers import judge, read_answer
from connectors.salesforce.client import BrokenError, Client, Signed, SignedIn, parsed, read_body
from connectors.salesforce.settings import Settings
from connectors.salesforce.signin import SignIn

MOST_QUERY_BYTES = 14_000  # SR14: address and headers together may have 16,384
_USAGE = re.compile(r"(?<!-app-)api-usage=(\d+)/(\d+)")  # SR26: not the per-app suffix
_RUN_KNOWS = 900.0  # seconds that a describe holds: from a run's check to its reading and writing
_PIECE = 1 << 20  # bytes
_JSON = "application/json"
CSV = "text/csv"

T = TypeVar("T")


class Session:
    """Calls to one org. Signs in when it is first used, and once more when the session ends (SR21).

    Raises `connectors.errors` only: `Refused` (a `Fatal`) carries the answer for callers that know what to do about it.
    """

    def __init__(self, settings: Settings, *, time: Time) -> None:
        self._settings = settings
        self._time = time
        self._redact = Redactor(
            (*settings.secrets, *(basic(settings.client_id or "", one) for one in settings.secrets))
        )
        self._quota = Quota("Salesforce", share=settings.share_of_day)
        self._calls = Calls(time=time, quota=self._quota, deadline=settings.longest_run_hours * 3600)
        self._api: tuple[int, Client] | None = None
        self._setup: tuple[int, Any] | None = None
        self._headers: Mapping[str, str] = {}
        self._described: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._http = open_http(self._seen, settings.loopback)
        self._signed = SignedIn(SignIn(settings, self._http, self._redact, time=time), self._redact)
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
        # SW07: an admin's decision; the Bulk API has no such header.
        allow = (
            {"headers": {"Sforce-Duplicate-Rule-Header": "allowSave=true"}} if self._settings.save_duplicates else {}
        )
        return self._call(f"PATCH {path}", lambda api: api.restful(path, method="PATCH", json=body, **allow))

    def fits(self, soql: str) -> bool:
        """Whether a query can be sent in an address (SR14)."""
        return len(urlencode({"q": soql})) <= MOST_QUERY_BYTES

    def query(self, soql: str, *, deleted: bool = False, read: Callable[[bytes], Any] = read_json) -> Any:
        """The first page of a query as `read` takes it, with `deleted` through queryAll."""
        if not self.fits(soql):
            raise Fatal(f"Salesforce: the query «{soql[:60]}…» is too long to be sent; map fewer fields of this object")
        return self._call("query", lambda api: api.reading(read).query(soql, include_deleted=deleted))

    def more(self, locator: str, read: Callable[[bytes], T]) -> T:
        """The page behind `nextRecordsUrl`: its path only, on our own base (SR38)."""
        path = urlsplit(locator).path
        answer: T = self._call("query more", lambda api: api.reading(read).query_more(path, identifier_is_url=True))
        return answer

    def describe(self, sobject: str, *, fresh: bool = False) -> Mapping[str, Any]:
        """What this user may see of an object: asked anew by each run, and whenever it proves wrong (SR13)."""
        now = self._time.monotonic()
        known = self._described.get(sobject)
        if known is None or fresh or now - known[0] > _RUN_KNOWS:
            known = self._described[sobject] = (now, self.get(f"sobjects/{sobject}/describe"))
        return known[1]

    def ask(self, method: str, path: str, *, body: bytes | None = None, version: str | None = None) -> Any:
        """One call below `/services/data/vXX.0/`, by hand, with JSON both ways; see `send`."""
        what = f"{method} {path}"

        def once(signed: Signed) -> Any:
            return read_body(self._raw(signed, what, _JSON, None, method=method, path=path, data=body, version=version))

        return self._calls.run(f"Salesforce, {what}", lambda: self._attempt(what, once))

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | IO[bytes] | None = None,
        content: str = _JSON,
        accept: str = _JSON,
        version: str | None = None,
        into: IO[bytes] | None = None,
    ) -> requests.Response:
        """One call below `/services/data/vXX.0/`, by hand; the answer's body has come whole when this returns.

        With `into` it has come into that file, and memory held a piece at a time. For what simple-salesforce does not
        do well: its bulk client never renews a session and hides job ids (SR20). A file as `body` is sent from its
        beginning at each attempt.
        """
        what = f"{method} {path}"

        def once(signed: Signed) -> requests.Response:
            if body is not None and not isinstance(body, bytes):
                body.seek(0)
            return self._raw(
                signed, what, accept, into, method=method, path=path, params=params, data=body, content=content,
                version=version,
            )  # fmt: skip

        return self._calls.run(f"Salesforce, {what}", lambda: self._attempt(what, once))

    def _raw(
        self,
        signed: Signed,
        what: str,
        accept: str,
        into: IO[bytes] | None,
        *,
        method: str,
        path: str,
        data: bytes | IO[bytes] | None,
        params: Mapping[str, str] | None = None,
        content: str = _JSON,
        version: str | None = None,
    ) -> requests.Response:
        url = f"https://{signed.instance}/services/data/v{version or self._settings.api_version}/{path}"
        headers = {"Authorization": f"Bearer {signed.token}", "Accept": accept, "Content-Type": content}
        response = self._http.request(method, url, params=params, data=data, headers=headers, stream=into is not None)
        if not response.ok:
            answer = read_answer(response.status_code, parsed(response), response.headers)
            raise self._failure(what, answer)
        if into is not None:
            into.seek(0)
            into.truncate()
            for piece in response.iter_content(_PIECE):
                into.write(piece)
        return response

    def tooling(self, soql: str) -> Sequence[Mapping[str, Any]]:
        """The rows of a Tooling API query, which shows what the Setup area keeps."""
        answer: Mapping[str, Any] = self.get("tooling/query", q=soql)
        rows: Sequence[Mapping[str, Any]] = answer["records"]
        return rows

    def versions(self) -> Sequence[Mapping[str, Any]]:
        """The API versions that the org offers."""

        def once(signed: Signed) -> Any:
            response = self._http.get(f"https://{signed.instance}/services/data/")
            if response.ok:
                return read_body(response)
            raise self._failure("versions", read_answer(response.status_code, parsed(response), response.headers))

        answer = self._calls.run("Salesforce, versions", lambda: self._attempt("versions", once))
        rows: Sequence[Mapping[str, Any]] = answer
        return rows

    @property
    def date(self) -> str:
        """The Date of the last answer; empty where it had none."""
        return str(self._headers.get("Date", ""))

    def now(self) -> datetime:
        """The instant it is here."""
        return self._time.now()

    def user_id(self) -> str:
        """The id of the user that we are."""
        answer = self._call("userinfo", lambda api: api.oauth2("userinfo")) or {}
        return str(answer.get("user_id", ""))

    def metadata(self, what: str, act: Callable[[Any], T]) -> T:
        """Run one Metadata API call: `act` gets simple-salesforce's mdapi, of an object of its own (SW14)."""
        self._described.clear()  # whatever it does, it is about what a describe shows

        def send(_api: Client) -> T:
            mdapi = self._mdapi(self._signed.now())
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

    def _call(self, what: str, send: Callable[[Client], T]) -> T:
        return self._calls.run(
            f"Salesforce, {what}", lambda: self._attempt(what, lambda signed: send(self._client(signed)))
        )

    def _attempt(self, what: str, send: Callable[[Signed], T]) -> T:
        signed = self._signed.now()
        try:
            return self._translated(what, lambda: send(signed))
        except SessionOver:
            self._signed.over(signed.turn)
        renewed = self._signed.now()
        try:
            return self._translated(what, lambda: send(renewed))
        except SessionOver as error:  # SR21: one new session per call, then it is a matter for a person
            raise SignInRefused(f"{error}; a new session was refused as well") from None

    def _translated(self, what: str, send: Callable[[], T]) -> T:
        try:
            return send()
        except SalesforceError as error:
            answer = read_answer(error.status, error.content, self._headers)
        except BrokenError:
            raise Transient(f"Salesforce, {what}: the answer is not JSON") from None
        except requests.RequestException as error:
            address = self._settings.loopback or f"https://{self._settings.host}"
            raise Transient(f"Salesforce, {what}: {silence(address, error)}") from None
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

    def _mdapi(self, signed: Signed) -> Any:
        if self._setup is None or self._setup[0] != signed.turn:
            mdapi = self._build(signed).mdapi
            # zeep opens its own requests session: given ours, it has timeouts, and quota headers are seen.
            mdapi._client.transport.session = self._http  # noqa: SLF001 - simple-salesforce passes no transport on
            self._setup = (signed.turn, mdapi)
        return self._setup[1]

    def _client(self, signed: Signed) -> Client:
        if self._api is None or self._api[0] != signed.turn:
            self._api = (signed.turn, self._build(signed))
        return self._api[1]

    def _build(self, signed: Signed) -> Client:
        # With a session id the library never refreshes by itself: its own way loops (SR21).
        return Client(
            session_id=signed.token,
            instance_url=f"https://{signed.instance}",
            session=self._http,
            version=self._settings.api_version,
        )

    def _seen(self, response: requests.Response) -> None:
        self._headers = response.headers  # the library's errors carry none
        if match := _USAGE.search(response.headers.get("Sforce-Limit-Info", "")):  # on errors too (SS8 of the library)
            self._quota.saw(used=int(match[1]), limit=int(match[2]))
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        is_soap = "/services/Soap/" in (response.request.url or "")
        # An upload is answered 201 with nothing in it, whatever type that is given.
        silent = response.status_code == requests.codes.no_content or (
            response.request.method == "PUT" and response.status_code == requests.codes.created
        )
        expected = CSV if response.request.headers.get("Accept") == CSV else _JSON
        # SR39: a maintenance page answers 200 with HTML.
        if response.ok and kind != expected and not is_soap and not silent:
            raise Transient(f"Salesforce answered with {kind or 'nothing'} instead of {expected}")
