"""Logs: one object a line, ids and numbers only."""

import io
import json
import logging

import pytest

from sync.logs import configure


@pytest.fixture
def lines():
    stream = io.StringIO()
    configure(as_json=True, stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object_with_the_fields_that_are_known(lines):
    logging.getLogger("sync.opening").info("run ended", extra={"run": 7, "state": "done", "email": "a@b.example"})
    (line,) = lines()
    assert line["at"].endswith("+00:00")
    line.pop("at")
    assert line == {"level": "info", "logger": "sync.opening", "message": "run ended", "run": 7, "state": "done"}


def test_a_line_of_text_says_the_same_numbers_last(lines):
    stream = io.StringIO()
    configure(as_json=False, stream=stream)
    logging.getLogger("sync.opening").info("run ended", extra={"state": "done", "run": 7, "email": "a@b.example"})
    assert stream.getvalue().endswith(" INFO sync.opening run ended run=7 state=done\n")


def test_of_an_error_only_its_kind_is_told(lines):
    try:
        int("somebody@example.com")
    except ValueError:
        logging.getLogger("sync.run").exception("broke")
    (line,) = lines()
    assert line["error"] == "ValueError"
    assert "example.com" not in json.dumps(line)


def test_of_an_error_a_line_of_text_too_tells_only_its_kind(lines):
    stream = io.StringIO()
    configure(as_json=False, stream=stream)
    try:
        int("somebody@example.com")
    except ValueError:
        logging.getLogger("sync.run").exception("broke", extra={"run": 7})
    assert stream.getvalue().endswith(" ERROR sync.run broke run=7 error=ValueError\n")
    assert "example.com" not in stream.getvalue()


def test_what_the_scheduler_says_is_a_line_as_ours_or_is_said_by_us(lines, capsys):
    theirs = logging.getLogger("apscheduler.scheduler")
    theirs.warning('Execution of job "sync (trigger: cron)" skipped: maximum number of running instances reached (1)')
    theirs.error("Error notifying listener")
    assert [each["message"] for each in lines()] == ["Error notifying listener"]
    assert capsys.readouterr().err == "", "a line that is no object"


def test_a_sync_logs_its_beginning_and_its_end_and_no_address(lines, world):
    crm = world.crms["a"]
    crm.put("contacts", "1", email="somebody@example.com")
    world.sync()
    assert [each["message"] for each in lines()] == ["run began", "run ended"]
    assert "somebody" not in json.dumps(lines())
