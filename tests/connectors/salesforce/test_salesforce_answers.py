"""The tables that say what Salesforce's answers mean."""

from typing import Any

import pytest

from connectors.http import Action, Answer
from connectors.protocol import OutcomeKind
from connectors.salesforce.answers import _ROW_RULES, judge, judge_row, read_answer, row_error


@pytest.mark.parametrize(
    ("status", "code", "message", "action"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", Action.SIGN_IN),
        (401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API", Action.SIGN_IN_REFUSED),
        (400, "invalid_client", "invalid client credentials", Action.SIGN_IN_REFUSED),
        (400, "invalid_grant", "no client credentials user enabled", Action.SIGN_IN_REFUSED),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Action.QUOTA),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", Action.RETRY),
        (400, "QUERY_TIMEOUT", "Your query request was running for too long.", Action.SMALLER),
        (400, "INVALID_QUERY_LOCATOR", "invalid query locator", Action.CURSOR_LOST),
        (400, "OPERATION_TOO_LARGE", "exceeded 100000 distinct who/what's", Action.NOT_PERMITTED),
        (403, "TXN_SECURITY_METERING_ERROR", "", Action.NOT_PERMITTED),
        (403, "INSUFFICIENT_ACCESS", "use of the Metadata API requires …", Action.NOT_PERMITTED),
        (400, "INVALID_FIELD", "No such column", Action.REFUSED),
        (400, "INVALID_TYPE", "sObject type 'X' is not supported", Action.REFUSED),
        (404, "NOT_FOUND", "The requested resource does not exist", Action.REFUSED),
        (429, "", "", Action.RETRY),
        (500, "UNKNOWN_EXCEPTION", "", Action.RETRY),
        (503, "SERVER_UNAVAILABLE", "", Action.RETRY),
        (502, "", "<html>", Action.RETRY),
        (400, "MALFORMED_QUERY", "unexpected token", Action.REFUSED),
        (401, "", "<html>", Action.SIGN_IN),
    ],
)
def test_a_call_that_failed_is_judged_by_status_code_and_words(status: int, code: str, message: str, action: Any):
    verdict = judge(Answer(status, code, message))
    assert verdict.action is action
    assert verdict.sentence


@pytest.mark.parametrize(
    ("code", "kind", "shrink"),
    [
        ("ENTITY_IS_DELETED", OutcomeKind.GONE, False),
        ("INVALID_CROSS_REFERENCE_KEY", OutcomeKind.GONE, False),
        ("UNABLE_TO_LOCK_ROW", OutcomeKind.RETRY, True),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", OutcomeKind.REJECTED, True),
        ("DUPLICATES_DETECTED", OutcomeKind.REJECTED, False),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", OutcomeKind.REJECTED, False),
        ("STRING_TOO_LONG", OutcomeKind.REJECTED, False),
        ("A_CODE_OF_TOMORROW", OutcomeKind.REJECTED, False),
    ],
)
def test_a_row_that_failed_is_judged_by_its_code(code: str, kind: Any, shrink: Any):
    verdict = judge_row(code)
    assert (verdict.kind, verdict.shrink) == (kind, shrink)


def test_every_row_code_has_a_sentence_with_its_end():
    assert all(judge_row(code).sentence.endswith(".") for code in _ROW_RULES)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ([{"errorCode": "INVALID_FIELD", "message": "No such\ncolumn"}], "INVALID_FIELD", "No such\ncolumn"),
        ({"error": "invalid_client", "error_description": "wrong"}, "invalid_client", "wrong"),
        ("<html>down</html>", "", "<html>down</html>"),
        ([], "", ""),
        (None, "", ""),
    ],
)
def test_an_error_is_read_in_each_form_it_is_sent(content: Any, code: str, message: str):
    answer = read_answer(400, content, {"Retry-After": "7"})
    assert (answer.code, answer.message, answer.retry_after) == (code, message, 7.0)


def test_a_failed_row_without_details_still_has_a_code():
    assert row_error({"success": False}) == ("UNKNOWN", "")
