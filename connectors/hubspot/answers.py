"""What HubSpot's answers mean: tables of status and code to what to do, pure and tested without a network."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from connectors.http import Action, Answer, Verdict, seconds
from connectors.protocol import OutcomeKind


class _Rule(NamedTuple):
    """Matches when everything given matches. The first rule that matches holds."""

    statuses: frozenset[int]
    codes: tuple[str, ...]
    verdict: Verdict


def _rule(
    action: Action, sentence: str, *statuses: int, codes: tuple[str, ...] = (), wait: float | None = None
) -> _Rule:
    return _Rule(frozenset(statuses), codes, Verdict(action, sentence, wait))


_CALL_RULES = (
    _rule(  # HR24: not for hours of retries
        Action.QUOTA,
        "the portal's calls of the day are used up until midnight of its time zone; the next run goes on from here",
        429,
        codes=("DAILY",),
    ),
    _rule(Action.RETRY, "too many calls a second", 429, codes=("SECONDLY",), wait=1.0),
    _rule(Action.RETRY, "too many calls in ten seconds", 429, wait=10.0),
    _rule(
        Action.SIGN_IN_REFUSED,
        "the token was refused: make a new Service Key (Settings > Integrations > Service Keys), and set token to it",
        401,
    ),
    _rule(Action.NOT_PERMITTED, "the token lacks a scope; add it to the Service Key", 403),
    _rule(Action.RETRY, "the record is locked", 423, wait=2.0),
    _rule(Action.LATER, "the portal is being moved to another data centre; the next run goes on from here", 477),
    _rule(Action.SMALLER, "the address is too long", 414),
    _rule(Action.RETRY, "HubSpot is not answering properly", 408, *range(500, 600)),
    _rule(Action.REFUSED, "it exists already", 409),
    _rule(Action.REFUSED, "there is no such object or record", 404),
)
_OTHERWISE = Verdict(Action.REFUSED, "HubSpot refused the call")


def judge(answer: Answer) -> Verdict:
    """What to do about a call that did not succeed."""
    for rule in _CALL_RULES:
        if answer.status in rule.statuses and (not rule.codes or answer.code in rule.codes):
            return rule.verdict
    return _OTHERWISE


def read_answer(status: int, body: bytes | str | None, headers: Mapping[str, str]) -> Answer:
    """An `Answer` of what HubSpot sends with an error; a body that is not JSON is not repeated."""
    try:
        parsed = json.loads(body or "{}")
    except ValueError:
        parsed = {}
    content: Mapping[str, Any] = parsed if isinstance(parsed, Mapping) else {}
    header = {name.lower(): value for name, value in headers.items()}
    return Answer(
        status=status,
        code=str(content.get("policyName") or content.get("category") or content.get("errorType") or ""),
        message=str(content.get("message") or ""),
        details=tuple(dict.fromkeys(_details(content))),
        retry_after=seconds(header.get("retry-after")),
        request=str(content.get("correlationId") or header.get("x-hubspot-correlation-id") or ""),
    )


def _details(content: Mapping[str, Any]) -> Iterator[str]:
    """Scopes that are missing, and the codes of single errors. Every part may be absent."""
    errors = content.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if not isinstance(error, Mapping):
            continue
        if error.get("code"):
            yield str(error["code"])
        context = error.get("context")
        for key in ("requiredGranularScopes", "requiredScopes"):
            scopes = context.get(key) if isinstance(context, Mapping) else None
            yield from (str(scope) for scope in (scopes if isinstance(scopes, list) else ()))


class RowVerdict(NamedTuple):
    """What one row's error means."""

    kind: OutcomeKind
    sentence: str


_ROW_RULES = {
    "OBJECT_NOT_FOUND": RowVerdict(OutcomeKind.GONE, "The record was archived or merged away since we read it."),
    "CONFLICT": RowVerdict(OutcomeKind.RETRY, "Somebody else is changing the record; the next run writes it."),
    "INTERNAL_ERROR": RowVerdict(OutcomeKind.RETRY, "HubSpot failed on the record; the next run writes it."),
    "RATE_LIMITS": RowVerdict(OutcomeKind.RETRY, "HubSpot asked to slow down; the next run writes it."),
    # HW12: since 2026-09 an admin's validation rules hold for the API too; it will be refused again.
    "VALIDATION_ERROR": RowVerdict(
        OutcomeKind.REJECTED, "A rule of this portal refuses the record or the value: correct it, or the rule."
    ),
}


def judge_row(category: str) -> RowVerdict:
    """What to do about one row that a batch update did not write."""
    return _ROW_RULES.get(category, RowVerdict(OutcomeKind.REJECTED, "HubSpot refused the record."))
