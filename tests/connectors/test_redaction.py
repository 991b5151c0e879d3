"""AU03, SW19: no secret and no customer's e-mail address in an error, a log or a repr."""

import logging
import traceback
from typing import Any

import pytest

from connectors import settings_model
from connectors.errors import CrmError
from connectors.redaction import LONGEST, Redactor, basic

SECRETS = {"salesforce": "a-very-secret-phrase", "hubspot": "pat-eu1-very-secret"}


def test_au03_secrets_mails_and_headers_are_masked_in_one_short_line():
    redact = Redactor(("s3cret",))
    redact.learn("t0ken")
    text = redact("s3cret and t0ken of ann@example.org\n  Authorization: Bearer abcdefgh12345 " + "x" * 900)
    assert text.startswith("*** and *** of *** Authorization: Bearer *** xxx")
    assert len(text) == LONGEST
    assert "\n" not in text
    assert "s3cret" not in repr(redact)


def test_au03_the_basic_form_of_a_secret_is_known():
    assert basic("user", "pass") == "dXNlcjpwYXNz"


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_au03_settings_do_not_show_their_secret(name: str):
    field = "client_secret" if name == "salesforce" else "token"
    more = {"client_id": "id", "domain": "acme.my"} if name == "salesforce" else {}
    model = settings_model(name)
    assert SECRETS[name] not in repr(model(**{field: SECRETS[name]}, **more))
    with pytest.raises(ValueError, match="unknown") as caught:
        model(**{field: SECRETS[name]}, **more, unknown=SECRETS[name])
    assert SECRETS[name] not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        (400, "{secret} of ann@example.org", "text/plain"),
        (401, "{secret}", "text/html"),
        (500, "{secret}", "application/json"),
    ],
)
def test_au03_a_vendor_that_repeats_our_secret_does_not_leak_it(
    online: Any, faults: Any, caplog: pytest.LogCaptureFixture, answer: tuple[int, str, str]
):
    status, body, kind = answer
    caplog.set_level(logging.DEBUG)
    secret = SECRETS[online.name]
    field = "client_secret" if online.name == "salesforce" else "token"
    stranger = online.connect(**{field: secret})
    faults(
        "oauth2/token" if online.name == "salesforce" else "/account-info",
        status,
        body.format(secret=secret),
        kind=kind,
    )
    with pytest.raises(CrmError) as caught:
        stranger.account()
    stranger.close()
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(stranger)
    assert secret not in shown
    assert basic("sandbox-client", secret) not in shown
    assert "ann@example.org" not in shown


def test_au03_debug_logs_of_a_whole_set_up_hold_no_token(online: Any, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    online.connector.apply_fields(online.fields)
    online.contact("Secretive Person")
    online.settle()
    online.read()
    for secret in (
        "sandbox-secret",
        "sandbox-token",
        "sessionId",
        "Secretive",
        basic("sandbox-client", "sandbox-secret"),
    ):
        assert secret not in caplog.text
