"""The tables that say what HubSpot's answers mean, and the paths of its versions."""

import json
from typing import Any

import pytest

from connectors.http import Action, Answer
from connectors.hubspot.answers import _ROW_RULES, judge, judge_row, read_answer
from connectors.hubspot.paths import versioned
from connectors.protocol import OutcomeKind


@pytest.mark.parametrize(
    ("status", "code", "action", "wait"),
    [
        (429, "DAILY", Action.QUOTA, None),
        (429, "SECONDLY", Action.RETRY, 1.0),
        (429, "TEN_SECONDLY_ROLLING", Action.RETRY, 10.0),
        (429, "", Action.RETRY, 10.0),
        (401, "INVALID_AUTHENTICATION", Action.SIGN_IN_REFUSED, None),
        (403, "MISSING_SCOPES", Action.NOT_PERMITTED, None),
        (423, "", Action.RETRY, 2.0),
        (477, "", Action.LATER, None),
        (414, "", Action.SMALLER, None),
        (409, "OBJECT_ALREADY_EXISTS", Action.REFUSED, None),
        (404, "OBJECT_NOT_FOUND", Action.REFUSED, None),
        (400, "VALIDATION_ERROR", Action.REFUSED, None),
        (500, "", Action.RETRY, None),
        (502, "", Action.RETRY, None),
        (524, "", Action.RETRY, None),
    ],
)
def test_a_call_that_failed_is_judged_by_status_and_policy(status: int, code: str, action: Any, wait: Any):
    verdict = judge(Answer(status, code))
    assert (verdict.action, verdict.wait) == (action, wait)
    assert verdict.sentence


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("OBJECT_NOT_FOUND", OutcomeKind.GONE),
        ("VALIDATION_ERROR", OutcomeKind.REJECTED),
        ("CONFLICT", OutcomeKind.RETRY),
        ("SOMETHING_NEW", OutcomeKind.REJECTED),
        ("", OutcomeKind.REJECTED),
    ],
)
def test_a_row_that_failed_is_judged_by_its_category(category: str, kind: Any):
    assert judge_row(category).kind is kind


def test_every_row_category_has_a_sentence_with_its_end():
    assert all(judge_row(category).sentence.endswith(".") for category in _ROW_RULES)


def test_a_missing_scope_is_named():
    body = {
        "status": "error",
        "message": "This app hasn't been granted all required scopes to make this call.",
        "correlationId": "c-1",
        "category": "MISSING_SCOPES",
        "errors": [{"message": "one or more", "context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}],
    }
    answer = read_answer(403, json.dumps(body), {})
    assert (answer.code, answer.details, answer.request) == ("MISSING_SCOPES", ("crm.objects.deals.read",), "c-1")


def test_an_unknown_property_is_named_by_the_errors_own_code():
    body = {"category": "VALIDATION_ERROR", "errors": [{"message": "x", "code": "PROPERTY_DOESNT_EXIST"}]}
    assert read_answer(400, json.dumps(body), {}).details == ("PROPERTY_DOESNT_EXIST",)


@pytest.mark.parametrize("body", [b"<html>", b"", None, "[]", '"text"', '{"errors": null}'])
def test_any_body_is_an_answer(body: Any):
    answer = read_answer(502, body, {"Retry-After": "3", "X-HubSpot-Correlation-Id": "c-2"})
    assert (answer.status, answer.message, answer.retry_after, answer.request) == (502, "", 3.0, "c-2")


@pytest.mark.parametrize(
    ("legacy", "dated"),
    [
        ("/crm/v3/objects/contacts", "/crm/objects/2026-09/contacts"),
        ("/crm/v3/objects/0-3/batch/read", "/crm/objects/2026-09/0-3/batch/read"),
        ("/crm/v4/associations/deals/contacts/batch/read", "/crm/associations/2026-09/deals/contacts/batch/read"),
        ("/crm/v3/properties/contacts/groups", "/crm/properties/2026-09/contacts/groups"),
        ("/crm/v3/owners", "/crm/owners/2026-09"),
        ("/account-info/v3/details", "/account-info/2026-09/details"),
    ],
)
def test_hw21_every_path_has_its_dated_form(legacy: Any, dated: Any):
    assert versioned(legacy, "2026-09") == dated
    assert versioned(legacy, "2026-03") == dated.replace("2026-09", "2026-03")
    assert versioned(legacy, "legacy") == legacy


def test_hw21_a_path_that_nobody_looked_up_is_not_called():
    with pytest.raises(ValueError, match="no date-based form"):
        versioned("/marketing/v3/emails", "2026-09")
