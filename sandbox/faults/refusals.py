"""What the services say when they do not do what they were asked: their statuses, codes and words."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.faults.option import Count, Refusing, Seconds
from sandbox.faults.transport import PAGE
from sandbox.faults.turn import Turn
from sandbox.hubspot.errors import Refusal as HubSpotRefusal
from sandbox.hubspot.rate import too_many
from sandbox.salesforce.errors import Refusal as SalesforceRefusal

_JSON = "application/json;charset=UTF-8"
_CORRELATION = "00000000-0000-7000-8000-000000000000"
_SERVER_ERROR = 500
# Which statuses a service answers in its own JSON; what its front door answers is a page.
_SALESFORCE = {
    500: ("UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support"),
    503: ("SERVER_UNAVAILABLE", "server temporarily unavailable"),
}
_HUBSPOT = {
    423: ("Locked", None),
    477: ("This account is currently being migrated between data hosting locations", "MIGRATION_IN_PROGRESS"),
    500: ("internal error", None),
    503: ("The service is temporarily unavailable", None),
}
CODES: dict[str, tuple[int, str, str]] = {
    "CONCURRENT_REQUESTS": (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."),
    "CONCURRENT_APEX": (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgApex Limit exceeded."),
    "TOTAL_REQUESTS": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "QUERY_TIMEOUT": (400, "QUERY_TIMEOUT", "Your query request was running for too long."),
    "INVALID_QUERY_LOCATOR": (400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
    "SERVER_UNAVAILABLE": (503, "SERVER_UNAVAILABLE", "server temporarily unavailable"),
    "UNKNOWN_EXCEPTION": (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."),
    "OPERATION_TOO_LARGE": (403, "OPERATION_TOO_LARGE", "exceeded 100000 distinct who/what's"),
    "TXN_SECURITY_METERING_ERROR": (403, "TXN_SECURITY_METERING_ERROR", "Exceeded the limit of transaction security."),
    "NO_REST": (401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"),
    "NO_API": (403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."),
    "EXCEEDED_ID_LIMIT": (400, "EXCEEDED_ID_LIMIT", "Number of IDs in the result exceeds the limit"),
    "INVALID_REPLICATION_DATE": (400, "INVALID_REPLICATION_DATE", "startDate before org replication enabled date"),
}  # fmt: skip
Policy = Literal["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"]


@dataclass(frozen=True, slots=True)
class Status:
    """A status of the service or of what stands before it, with the body that comes with it.

    `done` means that the call was done nevertheless. 429, 503 and 477 may tell when to come back.
    """

    status: Refusing
    retry_after: Seconds | None = None
    done: bool = False

    async def play(self, turn: Turn) -> None:
        """Every call it strikes, whatever it asks for."""
        if self.done:
            await turn.hear()
        body, kind = self._body(turn.crm)
        await turn.answer(self.status, body, kind, _waiting(self.retry_after))

    def _body(self, crm: str) -> tuple[bytes, str]:
        if crm == "salesforce" and self.status in _SALESFORCE:
            code, message = _SALESFORCE[self.status]
            return _json([{"errorCode": code, "message": message}]), _JSON
        if crm == "hubspot" and self.status in _HUBSPOT:
            message, category = _HUBSPOT[self.status]
            return _json(HubSpotRefusal(self.status, message, category=category).body(_CORRELATION)), _JSON
        if self.status < _SERVER_ERROR:
            return _json({"status": "error", "message": f"status {self.status}"}), _JSON
        return PAGE.encode(), "text/html;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Rate:
    """HubSpot's 429 of one of its policies, with or without the seconds to wait (HR24, HR25)."""

    policy: Policy = "TEN_SECONDLY_ROLLING"
    retry_after: Seconds | None = None

    async def play(self, turn: Turn) -> None:
        """The call is not looked at."""
        body = _json(too_many(self.policy).body(_CORRELATION))
        await turn.answer(429, body, _JSON, _waiting(self.retry_after))


@dataclass(frozen=True, slots=True)
class Refuse:
    """One of Salesforce's refusals by name: SR22, SR24, SR25, SR27, SR28."""

    code: str

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"code is one of {', '.join(CODES)}, not {self.code}")

    async def play(self, turn: Turn) -> None:
        """The call is not looked at."""
        status, code, message = CODES[self.code]
        await turn.answer(status, _json(SalesforceRefusal(status, code, message).body()), _JSON)


@dataclass(frozen=True, slots=True)
class Unauthorized:
    """401 although the token is good: once with `times = 1`, for ever without (SR21)."""

    async def play(self, turn: Turn) -> None:
        """In the words of the CRM called."""
        if turn.crm == "salesforce":
            body: Any = SalesforceRefusal(401, "INVALID_SESSION_ID", "Session expired or invalid").body()
        else:
            message = "The OAuth token used to make this call expired 0 second(s) ago."
            body = HubSpotRefusal(401, message, category="EXPIRED_AUTHENTICATION").body(_CORRELATION)
        await turn.answer(401, _json(body), _JSON)


@dataclass(frozen=True, slots=True)
class Reject:
    """HubSpot refuses a batch as a whole and does not say why (HW03), if it has more than `inputs` inputs."""

    inputs: Count = 1

    async def play(self, turn: Turn) -> None:
        """A smaller batch goes through."""
        sent = await turn.body()
        try:
            count = len(json.loads(sent)["inputs"])
        except (ValueError, KeyError, TypeError):
            count = 0
        if count <= self.inputs:
            await turn.pass_on(sent)
            return
        body = HubSpotRefusal(400, "There was a problem with the request.", category="VALIDATION_ERROR")
        await turn.answer(400, _json(body.body(_CORRELATION)), _JSON)


def _waiting(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {"retry-after": f"{seconds:g}" if seconds % 1 else str(int(seconds))}


def _json(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
