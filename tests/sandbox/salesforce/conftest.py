"""An org behind real HTTP, and the unmodified simple-salesforce in front of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.metadata import SfdcMetadataApi
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.salesforce.access import User
from sandbox.salesforce.org import Org
from sandbox.salesforce.routes import routes
from sandbox.server import Server


class PlainHttp(HTTPAdapter):
    """simple-salesforce writes https itself (TE02); every host it thinks of is the sandbox."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._host = url.removeprefix("http://")

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        scheme, _, rest = (request.url or "").partition("://")
        assert scheme == "https"
        request.url = f"http://{self._host}/{rest.partition('/')[2]}"
        kwargs["timeout"] = kwargs.get("timeout") or (5, 30)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def org() -> Org:
    return Org(Clock(datetime(2026, 11, 22, 8, tzinfo=UTC)))


class Switch:
    """One server for all tests of a run; each test puts its own application behind it."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def running() -> Iterator[tuple[str, Switch]]:
    switch = Switch()
    with Server(switch) as server:
        yield server.url, switch


@pytest.fixture
def url(running: tuple[str, Switch], org: Org) -> str:
    address, switch = running
    switch.app = Starlette(routes=routes(org))
    return address


@pytest.fixture(scope="session")
def mdapi(running: tuple[str, Switch]) -> SfdcMetadataApi:
    """The library's Metadata client, made once: it reads a WSDL of 27,000 lines."""
    address = f"{running[0]}/services/Soap/m/62.0/"
    return SfdcMetadataApi(requests.Session(), "none yet", "127.0.0.1", address, {}, "62.0")


@pytest.fixture
def session(url: str) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.mount("https://", PlainHttp(url))
        yield session


@pytest.fixture
def client(org: Org, url: str, session: requests.Session, mdapi: SfdcMetadataApi) -> Callable[[User], Salesforce]:
    """Makes a simple-salesforce signed in as a user of the org."""

    def make(user: User) -> Salesforce:
        token = org.sessions.open(user).token
        made = Salesforce(session_id=token, instance_url=url, session=session, version="62.0")
        mdapi._session_header = mdapi._client.get_element("ns0:SessionHeader")(sessionId=token)
        made._mdapi = mdapi
        return made

    return make


@pytest.fixture
def sf(client: Callable[[User], Salesforce], org: Org) -> Salesforce:
    """Signed in as the integration user."""
    return client(org.integration_user)


@pytest.fixture
def admin(client: Callable[[User], Salesforce], org: Org) -> Salesforce:
    """Signed in as the administrator."""
    return client(org.admin)
