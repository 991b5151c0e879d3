"""Health, metrics and messages of a scheduled process, over real sockets."""

import http.server
import json
import threading
from pathlib import Path

import pytest
import requests

from cli.health import answering
from cli.notify import ways
from config.operations import AlertSettings, MailSettings
from config.reading import ConfigError
from sync.alerts import Message, State, Told, deliver

FAILED = Message("failed salesforce", raised=True, text="run 7 failed: salesforce: a scope is missing")


def ask(port, path):
    return requests.get(f"http://127.0.0.1:{port}{path}", timeout=60)


@pytest.mark.parametrize(("well", "status"), [(True, 200), (False, 503)])
def test_health_says_by_its_status_whether_a_person_must_come(well, status):
    with answering("127.0.0.1", 0, health=lambda: {"well": well, "jobs": {}}, metrics=lambda: b"m 1\n") as port:
        found = ask(port, "/health")
        assert (found.status_code, found.json()) == (status, {"well": well, "jobs": {}})
        assert ask(port, "/metrics").text == "m 1\n"
        assert ask(port, "/anything").status_code == 404


@pytest.fixture
def hook():
    """A webhook that keeps what it is sent, and answers with `status`."""
    taken = []

    class Hook(http.server.BaseHTTPRequestHandler):
        status = 200

        def do_POST(self):
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer(self.status)

        def do_GET(self):  # whoever is redirected asks so, without the message
            self._answer(200)

        def _answer(self, status):
            self.send_response(status)
            self.send_header("Location", "/sign-in")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", taken, Hook
        server.shutdown()
        thread.join()


def test_a_webhook_is_sent_one_text_and_what_machines_need(hook):
    url, taken, _ = hook
    ways(AlertSettings(webhook=url), "customers", file=Path("s.toml"))["webhook"](FAILED)
    assert taken == [
        {
            "text": "bonus-malus customers: failed salesforce raised: run 7 failed: salesforce: a scope is missing",
            "alert": "failed salesforce",
            "raised": True,
        }
    ]


def test_a_webhook_that_refuses_is_an_error_that_the_next_run_tries_again(hook):
    url, _, server = hook
    server.status = 500
    with pytest.raises(OSError, match="500"):
        ways(AlertSettings(webhook=url), "customers", file=Path("s.toml"))["webhook"](FAILED)


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_webhook_that_leads_to_a_page_for_people_has_not_been_told(hook, status):
    url, _, server = hook
    server.status = status
    with pytest.raises(OSError, match="redirected"):
        ways(AlertSettings(webhook=url), "customers", file=Path("s.toml"))["webhook"](FAILED)


@pytest.mark.parametrize(
    "settings",
    [
        {"webhook": "https://example..com/"},
        {"mail": MailSettings(host="example..com", sender="a@example.com", to=("b@example.com",))},
    ],
    ids=["webhook", "mail"],
)
def test_an_address_that_is_none_was_not_told_and_breaks_no_run(settings):
    found = ways(AlertSettings(**settings), "customers", file=Path("s.toml"))
    told = deliver(Told(), State(raised=True), found, lambda _: FAILED)
    assert not told.state.raised


def test_a_mail_is_sent_to_everyone_named_with_the_password_from_where_it_is_kept(monkeypatch):
    did = []

    class Smtp:
        def __init__(self, host, port, timeout):
            did.append((host, port))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def starttls(self, context):
            did.append("starttls")

        def login(self, user, password):
            did.append((user, password))

        def send_message(self, mail):
            did.append((mail["Subject"], mail["To"], mail.get_content().strip()))
            assert mail["Date"].datetime.tzinfo, "a mail without a day may be put away unread"
            assert mail["Message-ID"].endswith("@example.com>")

    monkeypatch.setattr("smtplib.SMTP", Smtp)
    monkeypatch.setenv("MAIL_PASSWORD", "kept elsewhere")
    mail = {
        "host": "mail.example.com",
        "sender": "Bonus <b@example.com>",
        "to": ["a@example.com", "c@example.com"],
        "user": "b",
        "password": {"env": "MAIL_PASSWORD"},
    }
    ways(AlertSettings.model_validate({"mail": mail}), "customers", file=Path("s.toml"))["mail"](FAILED)
    subject, text = "bonus-malus customers: failed salesforce raised", "run 7 failed: salesforce: a scope is missing"
    assert did == [
        ("mail.example.com", 587),
        "starttls",
        ("b", "kept elsewhere"),
        (subject, "a@example.com, c@example.com", text),
    ]


def test_a_webhook_whose_secret_is_not_there_is_told_before_anything_runs():
    settings = AlertSettings(webhook={"env": "BONUS_MALUS_NOT_SET"})
    with pytest.raises(ConfigError, match=r"alerts.webhook: the environment variable BONUS_MALUS_NOT_SET is not set"):
        ways(settings, "customers", file=Path("s.toml"))
