"""What Salesforce's answers mean: tables of status and code to what to do, pure and tested without a network."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from connectors.http import Action, Answer, Verdict, seconds
from connectors.protocol import OutcomeKind


class _Rule(NamedTuple):
    """Matches when everything given matches; `says` is a part of the message. The first rule that matches holds."""

    status: range | None
    codes: tuple[str, ...]
    says: str
    verdict: Verdict


def _rule(action: Action, sentence: str, *codes: str, status: int | range | None = None, says: str = "") -> _Rule:
    return _Rule(
        range(status, status + 1) if isinstance(status, int) else status, codes, says, Verdict(action, sentence)
    )


_CALL_RULES = (
    # SR22: refreshing cannot help, the user may not use the API.
    _rule(
        Action.SIGN_IN_REFUSED,
        "this user may not use the REST API: give the integration user API Enabled, and the client app the scope api",
        "INVALID_SESSION_ID",
        says="not valid for use with the REST API",
    ),
    _rule(Action.SIGN_IN, "the session has ended", "INVALID_SESSION_ID"),
    _rule(
        Action.SIGN_IN_REFUSED,
        "the client app was refused: check client_id and client_secret, and that the client credentials flow is on, "
        "with a run-as user (Setup > External Client App Manager)",
        "invalid_client",
        "invalid_client_id",
        "invalid_grant",
        "unauthorized_client",
        "invalid_app_access",
        "inactive_user",
        "inactive_org",
        "INVALID_LOGIN",
    ),
    _rule(
        Action.SIGN_IN_REFUSED,
        "client credentials need the org's My Domain: set domain to what Setup > My Domain shows",
        "unsupported_grant_type",
        "INVALID AUTH",
    ),
    # SR25: one code, two meanings.
    _rule(
        Action.QUOTA,
        "the org's calls of the last 24 hours are used up; the next run goes on where this one stopped",
        "REQUEST_LIMIT_EXCEEDED",
        says="TotalRequests",
    ),
    _Rule(
        None,
        ("REQUEST_LIMIT_EXCEEDED",),
        "",
        Verdict(Action.RETRY, "too many long calls run at once in this org", wait=60.0),
    ),
    _rule(Action.SMALLER, "the query took too long", "QUERY_TIMEOUT"),
    _rule(Action.CURSOR_LOST, "the query's cursor has expired: this window is read again", "INVALID_QUERY_LOCATOR"),
    # SR28: looks like size, is a permission.
    _rule(
        Action.NOT_PERMITTED,
        "reading this many activities needs the permission View All Data; trying again cannot help",
        "OPERATION_TOO_LARGE",
    ),
    _rule(
        Action.NOT_PERMITTED,
        "a transaction security policy of the org stopped the call: an admin must exempt the integration user",
        "TXN_SECURITY_METERING_ERROR",
    ),
    _rule(
        Action.NOT_PERMITTED,
        "the integration user may not call the API: tick API Enabled (Setup > Permission Sets > its own > System "
        "Permissions); an edition without the API has no such box",
        "API_DISABLED_FOR_ORG",
        "API_CURRENTLY_DISABLED",
    ),
    _rule(
        Action.NOT_PERMITTED,
        "the integration user lacks a permission for this",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "FUNCTIONALITY_NOT_ENABLED",
    ),
    _rule(
        Action.RETRY,
        "Salesforce is busy",
        "SERVER_UNAVAILABLE",
        "UNKNOWN_EXCEPTION",
        "API_TEMPORARILY_UNAVAILABLE",
        "UNABLE_TO_LOCK_ROW",
    ),
    _rule(Action.SIGN_IN, "the session has ended", status=401),
    _rule(Action.RETRY, "Salesforce asks to slow down", status=429),
    _rule(Action.RETRY, "Salesforce is not answering properly", status=range(500, 600)),
    _rule(Action.REFUSED, "the object or field does not exist, or is hidden from us", "INVALID_TYPE", "INVALID_FIELD"),
    _rule(Action.REFUSED, "there is nothing at this address", status=404),
)
_OTHERWISE = Verdict(Action.REFUSED, "Salesforce refused the call")


def judge(answer: Answer) -> Verdict:
    """What to do about a call that did not succeed."""
    for rule in _CALL_RULES:
        if (
            (rule.status is None or answer.status in rule.status)
            and (not rule.codes or answer.code in rule.codes)
            and rule.says.lower() in answer.message.lower()
        ):
            return rule.verdict
    return _OTHERWISE


def read_answer(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An `Answer` of what Salesforce sends with an error: a list of errors, one OAuth error, or text."""
    headers = headers or {}
    first: Mapping[str, Any] = {}
    message = ""
    if isinstance(content, list) and content and isinstance(content[0], Mapping):
        first = content[0]
    elif isinstance(content, Mapping):
        first = content
    elif isinstance(content, str):
        message = content
    return Answer(
        status=status,
        code=str(first.get("errorCode") or first.get("error") or ""),
        message=str(first.get("message") or first.get("error_description") or message),
        details=tuple(str(name) for name in fields) if isinstance(fields := first.get("fields"), list) else (),
        retry_after=seconds(headers.get("Retry-After")),
        request=headers.get("X-SFDC-Request-Id", "") or headers.get("X-Request-Id", ""),
    )


class RowVerdict(NamedTuple):
    """What one row's error means; with `shrink`, sending it again in a smaller batch may help."""

    kind: OutcomeKind
    sentence: str
    shrink: bool = False


_ROW_RULES: dict[str, RowVerdict] = {}


def _rows(verdict: RowVerdict, *codes: str) -> None:
    _ROW_RULES.update(dict.fromkeys(codes, verdict))


_rows(
    RowVerdict(OutcomeKind.GONE, "The record was deleted or merged away since we read it."),
    "ENTITY_IS_DELETED",  # SW04: never again
    "INVALID_CROSS_REFERENCE_KEY",  # what an update of an id that was never there, or is purged, is answered
    "NOT_FOUND",
)
_rows(
    RowVerdict(
        OutcomeKind.RETRY, "Somebody else is changing the record or its account; the next run writes it.", shrink=True
    ),
    "UNABLE_TO_LOCK_ROW",  # SW03
    "API_TEMPORARILY_UNAVAILABLE",
    "SERVER_UNAVAILABLE",
)
_rows(
    RowVerdict(
        OutcomeKind.REJECTED,
        "An automation of this org (trigger or flow) failed on our update; its owner must look at it.",
        shrink=True,  # SW08: customer code that breaks on 200 rows often manages 10
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "CANNOT_EXECUTE_FLOW_TRIGGER",
    "LIMIT_EXCEEDED",
    "APEX_ERROR",
    "UNKNOWN_EXCEPTION",
)
_rows(
    RowVerdict(
        OutcomeKind.REJECTED, "A duplicate rule of this org blocks every change of the record: merge or exempt it."
    ),
    "DUPLICATES_DETECTED",
)
_rows(
    RowVerdict(
        OutcomeKind.REJECTED, "A validation rule of this org refuses the record as it is: correct it or the rule."
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "REQUIRED_FIELD_MISSING",
    "FIELD_FILTER_VALIDATION_EXCEPTION",
)
_rows(
    RowVerdict(OutcomeKind.REJECTED, "The value does not fit the field in this org: compare it with `fields plan`."),
    "STRING_TOO_LONG",
    "NUMBER_OUTSIDE_VALID_RANGE",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    "INVALID_TYPE_ON_FIELD_IN_RECORD",
)
_rows(
    RowVerdict(OutcomeKind.REJECTED, "The integration user may not edit the field or the record: run `fields apply`."),
    "INVALID_FIELD_FOR_INSERT_UPDATE",
    "INVALID_FIELD",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "CANNOT_UPDATE_CONVERTED_LEAD",
)
_rows(
    RowVerdict(OutcomeKind.REJECTED, "This is not an id of this object in this org."),
    "MALFORMED_ID",
    "INVALID_ID_FIELD",
)


def judge_row(code: str) -> RowVerdict:
    """What to do about one row that a collections call did not write."""
    return _ROW_RULES.get(code, RowVerdict(OutcomeKind.REJECTED, "Salesforce refused the record."))


def row_error(row: Mapping[str, Any]) -> tuple[str, str]:
    """Code and message of the first error of a failed row; a failed row has no id."""
    errors: Sequence[Mapping[str, Any]] = row.get("errors") or [{}]
    return str(errors[0].get("statusCode") or "UNKNOWN"), str(errors[0].get("message") or "")
