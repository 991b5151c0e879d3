"""How often each CRM was called, and for what: what a sync costs, as both CRMs would bill it."""

import re
from collections import Counter

from starlette.types import ASGIApp, Receive, Scope, Send

# The first pattern that fits the method and path names the kind of call.
_SALESFORCE = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"\w+ /services/oauth2/", "token"),
        (r"POST /services/data/[^/]+/jobs/query/?$", "query job"),
        (r"GET /services/data/[^/]+/jobs/\w+/\w+/?$", "job poll"),
        (r"GET /services/data/[^/]+/jobs/query/\w+/results", "query results"),
        (r"POST /services/data/[^/]+/jobs/ingest/?$", "ingest job"),
        (r"PUT /services/data/[^/]+/jobs/ingest/\w+/batches", "ingest upload"),
        (r"GET /services/data/[^/]+/jobs/ingest/\w+/\w+", "ingest results"),
        (r"\w+ /services/data/[^/]+/jobs/", "job other"),
        (r"GET /services/data/[^/]+/sobjects/\w+/(deleted|updated)", "replication"),
        (r"\w+ /services/Soap/m/", "metadata"),
        (r"\w+ /services/Soap/", "soap"),
        (r"GET /services/data/[^/]+/limits", "limits"),
        (r"GET /services/data/[^/]+/query(All)?/[^/]+$", "query more"),
        (r"GET /services/data/[^/]+/queryAll", "query all"),
        (r"GET /services/data/[^/]+/query", "query"),
        (r"GET /services/data/[^/]+/sobjects(/\w+/describe)?/?$", "describe"),
        (r"(GET|POST) /services/data/[^/]+/composite/sobjects/\w", "retrieve"),
        (r"PATCH /services/data/[^/]+/composite/sobjects", "update"),
        (r"PATCH /services/data/[^/]+/sobjects/", "update"),
        (r"POST /services/data/[^/]+/(composite/)?sobjects", "create"),
        (r"DELETE /services/data/[^/]+/(composite/)?sobjects", "delete"),
        (r"GET /services/data/[^/]+/sobjects/", "retrieve"),
        (r"GET /services/data/?$", "versions"),
    )
)
_HUBSPOT = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"\w+ /oauth/", "token"),
        (r"\w+ /communication-preferences/", "subscriptions"),
        (r"\w+ /account-info/", "account"),
        (r"\w+ /crm/(\S+/)?properties/", "properties"),
        (r"\w+ /crm/(\S+/)?associations/", "associations"),
        (r"POST /crm/\S+/search$", "search"),
        (r"POST /crm/\S+/batch/read$", "batch read"),
        (r"POST /crm/\S+/batch/update$", "batch update"),
        (r"POST /crm/\S+/batch/", "batch other"),
        (r"POST /crm/\S+/merge$", "merge"),
        (r"GET /crm/\S*objects/\S*?/\d+$", "read"),
        (r"GET /crm/\S*objects/", "list"),
        (r"PATCH /crm/\S*objects/", "update"),
        (r"POST /crm/\S*objects/", "create"),
        (r"DELETE /crm/\S*objects/", "archive"),
    )
)
KINDS = frozenset(kind for _, kind in (*_SALESFORCE, *_HUBSPOT)) | {"other"}


def kind_of(method: str, path: str) -> tuple[str, str]:
    """The CRM that a call is for, and the kind of call."""
    crm, table = ("salesforce", _SALESFORCE) if path.startswith("/services/") else ("hubspot", _HUBSPOT)
    call = f"{method} {path}"
    return crm, next((kind for pattern, kind in table if pattern.match(call)), "other")


class Requests:
    """Counts of calls by CRM and kind since the last `clear`."""

    def __init__(self) -> None:
        self._calls: Counter[tuple[str, str]] = Counter()

    def add(self, method: str, path: str) -> None:
        """Count one call."""
        self._calls[kind_of(method, path)] += 1

    def clear(self) -> None:
        """Begin again at nothing."""
        self._calls.clear()

    def counts(self) -> dict[str, dict[str, int]]:
        """CRM to kind to number of calls, kinds in alphabetical order."""
        counts: dict[str, dict[str, int]] = {"salesforce": {}, "hubspot": {}}
        for (crm, kind), calls in sorted(self._calls.items()):
            counts[crm][kind] = calls
        return counts


class CountRequests:
    """ASGI middleware: every call to a CRM is counted, whatever becomes of it; ours under `/sandbox` are not."""

    def __init__(self, app: ASGIApp, *, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count, then pass on."""
        if scope["type"] == "http" and not scope["path"].startswith("/sandbox"):
            self._requests.add(scope["method"], scope["path"])
        await self._app(scope, receive, send)
