"""Calls to one portal: hubspot-api-client on our own transport."""

import importlib.metadata
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import urlsplit

import urllib3
from hubspot import HubSpot

from connectors.body import read_json
from connectors.clock import Time
from connectors.errors import CrmError, SignInRefused
from connectors.http import CONNECT_TIMEOUT, READ_TIMEOUT, Answer, Calls, Transient, refusal, silence, user_agent
from connectors.hubspot.answers import judge, read_answer
from connectors.hubspot.ends import read_ends
from connectors.hubspot.paths import versioned
from connectors.hubspot.settings import Settings
from connectors.hubspot.signin import SignIn
from connectors.pacing import Bucket
from connectors.protocol import SecretStore, Usage
from connectors.quota import Quota
from connectors.redaction import Redactor, hush
from connectors.secretfile import MemorySecrets

BURST = 100  # calls in ten seconds, until an answer says what the token really has
SEARCHES = 4  # a second and account; five are allowed (HR23)

_BURST = "burst"
_SEARCH = "search"
# The SDK's models would lose parts of an answer or refuse its nulls: with these types it hands over plain JSON.
_PLAIN = {200: "object", 201: "object", 202: "object", 207: "object"}
# What comes by the million is not read as plain JSON.
_READERS: Mapping[str, Callable[[bytes], Any]] = {"hubspot.crm.associations.v4": read_ends}


class _Response(Protocol):
    """What the SDK's own transport answers."""

    status: int
    data: bytes
    reader: Callable[[bytes], Any]  # ours
    parsed: Any  # ours: the body, read where a broken one can still be asked for again

    def getheaders(self) -> Mapping[str, str]:
        """The headers of the answer."""


class Session:
    """The API objects we use, each built once (HW16), every request through one retry layer.

    Raises `connectors.errors` only: `Refused` (a `Fatal`) carries the answer for callers that know what to do about it.
    """

    def __init__(self, settings: Settings, secrets: SecretStore | None = None, *, time: Time) -> None:
        self._settings = settings
        self._time = time
        self.date = ""  # the Date of the last answer
        self._redact = Redactor(settings.secrets)
        self._entry = SignIn(settings, secrets or MemorySecrets(), self._redact, time=time)
        self._quota = Quota("HubSpot", share=settings.share_of_day)
        self._burst = Bucket(most=int(BURST * settings.share_of_burst), period=10.0, time=time)
        searches = Bucket(most=SEARCHES, period=1.0, time=time)
        self._calls = Calls(
            time=time,
            quota=self._quota,
            buckets={_BURST: self._burst, _SEARCH: searches},
            deadline=settings.longest_run_hours * 3600,
        )
        self._hubspot = HubSpot(
            access_token="", host=settings.url, base_url=settings.url, retry=False, api_factory=self._build
        )
        hush("hubspot")  # prints whole bodies

    def usage(self) -> Usage:
        """Calls made, and the portal's day."""
        return self._quota.usage()

    def close(self) -> None:
        """Give connections back."""
        for name in (
            "objects",
            "batches",
            "searches",
            "properties",
            "property_batches",
            "groups",
            "pipelines",
            "associations",
        ):
            if name in self.__dict__:
                self.__dict__.pop(name).api_client.rest_client.pool_manager.clear()

    @cached_property
    def objects(self) -> Any:
        """Lists of records of any object."""
        return self._hubspot.crm.objects.basic_api

    @cached_property
    def batches(self) -> Any:
        """Batch read and update of any object."""
        return self._hubspot.crm.objects.batch_api

    @cached_property
    def searches(self) -> Any:
        """Search in any object."""
        return self._hubspot.crm.objects.search_api

    @cached_property
    def properties(self) -> Any:
        """Property definitions."""
        return self._hubspot.crm.properties.core_api

    @cached_property
    def property_batches(self) -> Any:
        """Property definitions, several at once."""
        return self._hubspot.crm.properties.batch_api

    @cached_property
    def groups(self) -> Any:
        """Property groups."""
        return self._hubspot.crm.properties.groups_api

    @cached_property
    def pipelines(self) -> Any:
        """Pipelines of deals and tickets."""
        return self._hubspot.crm.pipelines.pipelines_api

    @cached_property
    def associations(self) -> Any:
        """Associations, v4 (HR14)."""
        return self._hubspot.crm.associations.v4.batch_api

    def details(self) -> Mapping[str, Any]:
        """The portal; the SDK does not know this address, its client calls it all the same."""
        answer: Mapping[str, Any] = self.objects.api_client.call_api(
            "/account-info/v3/details", "GET", header_params={"Accept": "application/json"}, auth_settings=["oauth2"]
        )
        return answer

    def _build(self, package: ModuleType, api_name: str, config: Mapping[str, Any]) -> Any:
        """The SDK's hook: one API object of `package`, on our transport."""
        configuration = package.Configuration()
        configuration.retries = config["retry"]  # HW14
        configuration.access_token = config["access_token"]
        configuration.host = config["host"]
        session, reader = self, _READERS.get(package.__name__, read_json)

        class Client(package.ApiClient):  # type: ignore[name-defined,misc] # each sub-package has a class of its own (HW15)
            """The package's client, with our paths, timeouts and retries."""

            def call_api(self, resource_path: str, method: str, *args: Any, **options: Any) -> Any:
                options |= {"response_types_map": _PLAIN, "_return_http_data_only": True}
                return super().call_api(versioned(resource_path, session.version), method, *args, **options)

            def deserialize(self, response: _Response, _response_type: str) -> Any:
                return response.parsed

            def request(self, method: str, url: str, **options: Any) -> _Response:
                options["_request_timeout"] = (CONNECT_TIMEOUT, READ_TIMEOUT)
                headers = options.pop("headers", None) or {}

                def transmit(bearer: str) -> _Response:
                    own = {**headers, "Authorization": f"Bearer {bearer}"}
                    answer: _Response = super(Client, self).request(method, url, headers=own, **options)
                    answer.reader = reader
                    return answer

                return session.send(method, url, transmit, refused)

        refused: type[Exception] = package.ApiException
        client = Client(configuration=configuration)
        client.user_agent = f"{user_agent()} hubspot-api-client/{importlib.metadata.version('hubspot-api-client')}"
        return getattr(package, api_name)(api_client=client)

    def now(self) -> datetime:
        """The instant it is here."""
        return self._time.now()

    @property
    def version(self) -> Any:
        """The version that paths are built for."""
        return self._settings.api_version

    def send(self, method: str, url: str, transmit: Callable[[str], _Response], refused: type[Exception]) -> _Response:
        """Send one request until it succeeds or is refused."""
        path = urlsplit(url).path
        what = f"HubSpot, {method} {path}"
        kinds = (_BURST, _SEARCH) if path.endswith("/search") else (_BURST,)
        return self._calls.run(what, lambda: self._attempt(what, transmit, refused), kinds=kinds)

    def _attempt(self, what: str, transmit: Callable[[str], _Response], refused: type[Exception]) -> _Response:
        """Once, and with a new OAuth token once more (SR21): a second refusal is a matter for a person."""
        bearer, turn = self._entry.bearer()
        try:
            return self._once(what, lambda: transmit(bearer), refused)
        except SignInRefused:
            if not self._entry.refused(turn):
                raise
        bearer, _ = self._entry.bearer()
        return self._once(what, lambda: transmit(bearer), refused)

    def _once(self, what: str, transmit: Callable[[], _Response], refused: type[Exception]) -> _Response:
        try:
            response = transmit()
        except urllib3.exceptions.HTTPError as error:
            raise Transient(f"{what}: {silence(self._settings.url, error)}") from None
        except refused as error:
            failure = self._failure(what, error)
        else:
            self._seen(response.getheaders())
            kind = response.getheaders().get("Content-Type", "")
            if response.status == 204:  # noqa: PLR2004 - no content
                response.parsed = None
                return response
            if "json" not in kind:  # HR20: HTML with a 200
                raise Transient(f"{what}: answered with {kind.partition(';')[0] or 'nothing'} instead of JSON")
            try:
                response.parsed = response.reader(response.data)
            except ValueError:  # HR26: cut in the middle; the SDK would hand the text over as the answer
                raise Transient(f"{what}: the answer is not whole") from None
            return response
        # Outside the handler: the SDK's error holds headers and body, and must not travel along as a context.
        raise failure

    def _failure(self, what: str, error: Any) -> CrmError:
        if not error.status:  # the SDK's own form of a TLS fault
            return Transient(f"{what}: no trusted connection")
        headers = error.headers or {}
        self._seen(headers)
        answer = read_answer(error.status, error.body, headers)
        said = Answer(
            answer.status, answer.code, self._redact(answer.message), answer.details, answer.retry_after, answer.request
        )
        return refusal(what, said, judge(answer))

    def _seen(self, headers: Mapping[str, str]) -> None:
        """Daily and ten-second limits; searches answer with the daily ones only."""
        self.date = next((value for name, value in headers.items() if name.lower() == "date"), "")
        limits = {name.lower(): value for name, value in headers.items() if name.lower().startswith("x-hubspot-rate")}
        daily, left = limits.get("x-hubspot-ratelimit-daily"), limits.get("x-hubspot-ratelimit-daily-remaining")
        if daily and left:
            self._quota.saw(used=int(daily) - int(left), limit=int(daily))
        if most := limits.get("x-hubspot-ratelimit-max"):
            self._burst.resize(int(int(most) * self._settings.share_of_burst))
