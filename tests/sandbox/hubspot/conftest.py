"""One server for all tests, a new portal behind it for each of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import hubspot
import pytest
import requests
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.hubspot.portal import Portal
from sandbox.hubspot.routes import routes
from sandbox.server import Server

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)


class Present:
    """Whatever portal the present test has made."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def present() -> Iterator[tuple[Present, str]]:
    app = Present()
    with Server(app) as server:
        yield app, server.url


@pytest.fixture
def portal() -> Portal:
    return Portal(Clock(NOW))


@pytest.fixture
def url(present: tuple[Present, str], portal: Portal) -> str:
    app, url = present
    app.app = Starlette(routes=routes(portal))
    return url


class Api:
    """Plain HTTP with the token: what the typed client does not cover."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer sandbox-token"

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self.session.request(method, self.url + path, json=body, timeout=60, **more)


@pytest.fixture
def api(url: str) -> Iterator[Api]:
    api = Api(url)
    yield api
    api.session.close()


@pytest.fixture
def client(url: str) -> Any:
    return hubspot.HubSpot(access_token="sandbox-token", host=url, base_url=url, retry=False)


@pytest.fixture
def contacts(portal: Portal) -> list[str]:
    """Three contacts that search has known for long."""
    return [
        portal.create("contacts", {"email": f"{name}@example.com", "firstname": name.title()}, at=LONG_AGO)
        for name in ("ann", "bob", "cleo")
    ]
