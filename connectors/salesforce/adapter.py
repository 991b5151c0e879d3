"""The way out to an org: timeouts, a look at every answer, and no token over plain http beyond this machine."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from connectors.errors import CrmError, SignInRefused
from connectors.http import CONNECT_TIMEOUT, READ_TIMEOUT, user_agent


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


class Never(HTTPAdapter):
    """Plain http beyond this machine: never."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Refuse."""
        del args, options
        host = urlsplit(request.url or "").hostname
        raise SignInRefused(f"Salesforce sent us to http://{host}: the token is not sent in the clear; use https")


def open_http(seen: Callable[[requests.Response], None], loopback: str | None) -> requests.Session:
    """A requests session on these adapters, that calls itself by our name."""
    http = requests.Session()
    http.auth = _as_it_is  # else requests puts a password from ~/.netrc in place of our token
    http.trust_env = loopback is None  # a proxy of the environment knows no sandbox on this machine
    http.headers["User-Agent"] = user_agent()
    http.mount("https://", Adapter(seen, loopback))
    http.mount("http://", Adapter(seen, loopback) if loopback else Never())
    return http


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
