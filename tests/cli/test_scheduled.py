"""Scheduled jobs that cannot even begin: seen in health and exit code, told once, and once when it is over."""

import errno
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

import cli.schedule
import cli.sync
from cli.compose import compose
from cli.exits import Exit
from cli.schedule import Work
from config import crontab
from config.operations import ScheduleSettings
from config.reading import ConfigError
from sync.alerts import Message
from sync.job import Job
from sync.ledger import Ledger, LedgerBusy, LedgerError
from sync.reconcile import reconcile
from sync.report import Report
from sync.run import run as sync_run
from tests.cli.conftest import Command, Site
from tests.cli.test_doctor import small_site


@pytest.fixture
def small(tmp_path) -> Iterator[Site]:
    with small_site(tmp_path) as site:
        yield site


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    messages: list[Message] = []
    monkeypatch.setattr(cli.schedule, "ways", lambda *_, **__: {"webhook": messages.append})
    return messages


@pytest.fixture
def work(small: Site, command: Command, sent: list[Message]) -> Work:
    assert command("fields", "apply").code == 0
    assert command("sync").code == 0
    return Work(small.settings, compose(small.settings), threading.Event())


def run(work: Work, error: Exception | None = None) -> None:
    """One run of the job; with an error, of one that ends so."""
    with pytest.MonkeyPatch.context() as patch:
        if error is not None:
            patch.setattr(cli.schedule, "perform", lambda *_, **__: (_ for _ in ()).throw(error))
        work.tasks()["sync"].work()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LedgerError("ledger l: the disk is full; make room and run again"), Exit.USAGE),
        (ConfigError("s.toml: programme: should be text"), Exit.USAGE),
        (KeyError("something of ours"), Exit.DEFECT),
    ],
)
def test_what_keeps_a_job_from_running_is_told_once_and_its_end_once(
    work: Work, sent: list[Message], error: Exception, code: Exit
):
    for _ in range(3):
        run(work, error)
    assert [(each.name, each.raised) for each in sent] == [("stopped sync", True)]
    assert work.health() == {"well": False, "jobs": {"sync": "error"}}
    assert work.worst() is code
    for _ in range(2):
        run(work)
    assert [(each.name, each.raised) for each in sent[1:]] == [("stopped sync", False)]
    assert work.health() == {"well": True, "jobs": {"sync": "done"}}
    assert work.worst() is Exit.DONE


def test_what_passes_by_itself_is_told_when_it_has_not_by_the_next_run(work: Work, sent: list[Message]):
    busy = LedgerBusy("ledger l: the server does not answer; run again when it answers")
    run(work, busy)
    run(work)
    assert sent == []
    run(work, busy)
    run(work, busy)
    run(work, busy)
    assert [each.text for each in sent] == ["sync: ledger l: the server does not answer; run again when it answers"]


def test_a_message_that_could_not_be_sent_is_sent_after_the_next_run(work: Work, monkeypatch: pytest.MonkeyPatch):
    tried: list[Message] = []

    def send(message: Message) -> None:
        tried.append(message)
        if len(tried) == 1:
            raise OSError("no route")

    others: list[Message] = []
    monkeypatch.setattr(cli.schedule, "ways", lambda *_, **__: {"webhook": send, "mail": others.append})
    for _ in range(3):
        run(work, LedgerError("ledger l: the disk is full"))
    assert (len(tried), len(others)) == (2, 1)


def test_a_crm_that_stays_away_is_told_and_makes_health_unwell_whichever_process_finds_it(
    work: Work, small: Site, sent: list[Message]
):
    small.remote.faults({"fault": [{"does": "status", "status": 503, "crm": "salesforce"}]})
    run(work)
    assert (sent, work.health()) == ([], {"well": True, "jobs": {"sync": "try later"}})
    small.remote.sleep(900)
    again = Work(small.settings, compose(small.settings), threading.Event())
    for _ in range(2):
        run(again)
        assert again.health() == {"well": False, "jobs": {"sync": "try later"}}
        small.remote.sleep(900)
    assert [(each.name, each.raised) for each in sent] == [("late salesforce", True)]
    small.remote.faults({})
    run(again)
    assert again.health()["well"]
    assert [(each.name, each.raised) for each in sent[1:]] == [("late salesforce", False)]


def test_a_first_fill_that_never_ends_hides_nothing_of_the_other_crm(
    small: Site, command: Command, sent: list[Message]
):
    both = small.settings.read_text("utf-8")
    small.settings.write_text(both.replace("[connections.hubspot]\n", ""), "utf-8")
    assert command("fields", "apply").code == 0
    assert command("sync").code == 0
    small.settings.write_text(both, "utf-8")
    assert command("fields", "apply").code == 0
    small.remote.faults({"fault": [{"does": "page", "status": 403, "crm": "hubspot", "path": "deals"}]})
    work = Work(small.settings, compose(small.settings), threading.Event())
    for _ in range(2):
        small.remote.sleep(49 * 3600)
        run(work)
    assert {(each.name, each.raised) for each in sent} == {("failed hubspot", True), ("silent salesforce", True)}
    small.remote.faults({})
    run(work)
    assert {(each.name, each.raised) for each in sent[2:]} == {("failed hubspot", False)}


def test_an_alert_is_raised_in_the_metrics_though_nobody_can_be_told(work: Work, small: Site, monkeypatch):
    def down(_message: Message) -> None:
        raise ConnectionError

    monkeypatch.setattr(cli.schedule, "ways", lambda *_, **__: {"webhook": down})
    run(work, ConfigError("the settings are wrong"))
    small.remote.sleep(49 * 3600)
    run(work)
    said = work.metrics.text()
    assert b'bonus_malus_alert_raised{alert="stopped sync"} 0.0' in said
    assert b'bonus_malus_alert_raised{alert="silent salesforce"} 1.0' in said
    run(work, ConfigError("the settings are wrong"))
    assert b'bonus_malus_alert_raised{alert="stopped sync"} 1.0' in work.metrics.text()


def test_an_alert_that_was_raised_before_a_restart_is_raised_in_the_metrics_after_it(work: Work, small: Site):
    small.remote.faults({"fault": [{"does": "status", "status": 503, "crm": "salesforce"}]})
    for _ in range(2):
        run(work)
        small.remote.sleep(900)
    again = Work(small.settings, compose(small.settings), threading.Event())
    run(again)
    assert b'bonus_malus_alert_raised{alert="late salesforce"} 1.0' in again.metrics.text()


def test_whom_to_tell_is_read_anew_for_each_run(work: Work, small: Site, monkeypatch: pytest.MonkeyPatch):
    addresses: list[object] = []
    monkeypatch.setattr(cli.schedule, "ways", lambda settings, *_, **__: addresses.append(settings.webhook) or {})
    text = small.settings.read_text("utf-8")
    small.settings.write_text(f'{text}\n[alerts]\nwebhook = "https://example.com/new"\n', "utf-8")
    run(work)
    assert addresses == ["https://example.com/new"]


def test_every_job_once_ends_with_the_code_of_the_first_that_did_not_go_well(small: Site, command: Command):
    assert command("fields", "apply").code == 0
    said = command("schedule", "--once")
    assert (said.code, said.out) == (0, "sync: done\nreconcile: done\npurge: done\n")
    text = small.settings.read_text("utf-8")
    small.settings.write_text(f"history_years = 6\n{text}", "utf-8")
    said = command("schedule", "--once")
    assert said.code == 2
    assert "history_years = 6: the first fill read back to" in said.err
    assert "sync: error (exit code 2)\n" in said.out


def test_a_skipped_run_that_cannot_be_noted_is_a_line_in_the_log(work: Work, monkeypatch, caplog):
    monkeypatch.setattr(logging.getLogger("cli"), "propagate", True)
    monkeypatch.setattr(Ledger, "open", lambda *_, **__: (_ for _ in ()).throw(LedgerError("the server is gone")))
    work.skipped("sync")
    assert [record.getMessage() for record in caplog.records] == ["skipped, still running", "the server is gone"]


def test_sigterm_ends_what_runs_once_as_it_ends_a_sync_and_nothing_else_begins(
    small: Site, command: Command, monkeypatch
):
    def asked_meanwhile(job: Job) -> Report:
        os.kill(os.getpid(), signal.SIGTERM)
        return sync_run(job)

    assert command("fields", "apply").code == 0
    monkeypatch.setattr(cli.schedule, "run", asked_meanwhile)
    said = command("schedule", "--once")
    assert (said.code, said.out) == (4, "sync: interrupted (exit code 4)\n")


def test_a_reconciliation_whose_time_comes_during_a_sync_waits_for_its_end(work: Work, monkeypatch):
    """Skipped, it would come a week later: and meet the next sync."""
    began, go_on, order = threading.Event(), threading.Event(), []

    def slow(job: Job) -> Report:
        began.set()
        assert go_on.wait(30)
        order.append("sync")
        return sync_run(job)

    monkeypatch.setattr(cli.schedule, "run", slow)
    monkeypatch.setattr(
        cli.schedule, "reconcile", lambda job, **more: order.append("reconcile") or reconcile(job, **more)
    )
    tasks = work.tasks()
    threads = [threading.Thread(target=tasks[name].work) for name in ("sync", "reconcile")]
    threads[0].start()
    assert began.wait(30)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join()
    assert order == ["sync", "reconcile"]
    assert work.health()["jobs"] == {"sync": "done", "reconcile": "done"}


def test_a_job_that_waits_for_its_turn_does_not_begin_when_it_is_time_to_end(work: Work):
    work._stop.set()
    work.tasks()["reconcile"].work()
    assert work.health()["jobs"] == {}


def test_no_job_of_the_defaults_begins_when_a_sync_does():
    defaults = ScheduleSettings()
    first = [crontab.trigger(each) for each in (defaults.sync, defaults.reconcile)]
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    weekly = first[1].get_next_fire_time(None, moment)
    assert first[0].get_next_fire_time(None, weekly) - weekly > timedelta(minutes=5)


def test_a_port_that_another_program_has_is_one_line(small, command):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        small.settings.write_text(small.settings.read_text("utf-8") + f"\n[schedule]\nport = {port}\n", "utf-8")
        said = command("schedule")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert f"schedule: nobody can answer at 127.0.0.1:{port} (" in said.err


def test_a_report_that_cannot_be_kept_changes_nothing_about_a_run_that_wrote(small, command, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cli.sync, "replace_file", full)
    command("fields", "apply")
    small.remote.sleep(900)
    said = command("sync", "--first-fill", "--report", "first.json")
    assert said.code == 0
    last = said.err.splitlines()[-1]
    assert last.startswith("--report first.json: No space left on device; the run is done, and kept: ")
    assert last.endswith("runs show 1 --json")
    assert command("sync", "--dry-run", "--report", "first.json").code == 2


def test_a_scheduled_reconciliation_that_stops_to_ask_is_told(
    work: Work, sent: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(job: Job, **options: float) -> Report:
        report = reconcile(job, **options)
        name, each = next(iter(report.connections.items()))
        report.connections[name] = replace(each, state="asked", message="9 of 9 records are not there any more")
        report.state = "asked"
        return report

    with monkeypatch.context() as patch:
        patch.setattr(cli.schedule, "reconcile", stopped)
        work.tasks()["reconcile"].work()
    assert [(each.raised, each.text.partition(": ")[2]) for each in sent] == [
        (True, "9 of 9 records are not there any more")
    ]
    assert work.health()["jobs"]["reconcile"] == "asked"
    work.tasks()["reconcile"].work()
    assert [each.raised for each in sent] == [True, False]
    assert {each.name for each in sent} == {"vanished salesforce"}
