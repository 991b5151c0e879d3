"""`bonus-malus schedule`: the jobs of the settings, in this process, until it is told to end."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from cli.compose import Composition, compose
from cli.erase import perform_purge
from cli.exits import Exit
from cli.failures import told
from cli.health import answering
from cli.notify import ways
from cli.screen import console
from cli.sync import exit_code, perform
from config.reading import ConfigError
from sync import alerts
from sync.alerts import Message, State, Told, Way
from sync.job import Job
from sync.ledger import database
from sync.logs import configure
from sync.metrics import Metrics
from sync.reconcile import reconcile
from sync.report import Report
from sync.run import run
from sync.schedule import Task, scheduler

log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="Run every job once, now, and end.")
@click.pass_context
def schedule(context: click.Context, *, once: bool) -> Exit:
    """Run the jobs of the settings' [schedule], with alerts, health and metrics, until SIGTERM or Ctrl-C.

    SIGTERM lets a running job finish its page. Two of these on one ledger do no harm: the lease keeps them apart.
    """
    path: Path = context.obj
    if not context.meta["log_json"]:
        configure(as_json=False)
    composition = compose(path)
    stop = threading.Event()
    work = Work(path, composition, stop)
    tasks = work.tasks()
    if once:
        for job, task in tasks.items():
            task.work()
            console().print(work.ended(job), highlight=False)
            if work.interrupted(job):
                break
        return work.worst()
    settings = composition.settings.schedule
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    made = scheduler(tasks, jitter=settings.jitter, skipped=work.skipped)
    with ExitStack() as stack:
        if settings.port is not None:
            try:
                port = stack.enter_context(
                    answering(settings.host, settings.port, health=work.health, metrics=work.metrics.text)
                )
            except OSError as error:
                place = f"{path}: schedule: nobody can answer at {settings.host}:{settings.port}"
                raise ConfigError(f"{place} ({error.strerror or error}); name another host or port") from error
            console().print(f"health and metrics at http://{settings.host}:{port}/health and /metrics")
        made.start()
        for each in made.get_jobs():
            console().print(f"{each.id}: next at {each.next_run_time:%Y-%m-%d %H:%M:%S} UTC")
        stop.wait()
        made.shutdown(wait=True)
    return Exit.DONE


class Work:
    """The jobs, and what they said last."""

    def __init__(self, path: Path, composition: Composition, stop: threading.Event) -> None:
        self.metrics = Metrics()
        self._path = path
        self._composition = composition
        self._stop = stop
        self._ways = self._named(composition)
        self._last: dict[str, str] = {}
        self._codes: dict[str, Exit] = {}
        self._broken: set[str] = set()  # whose last run could not begin, or broke off
        self._stopped: dict[str, Told] = {}  # what was told of that
        self._late: set[str] = set()  # alerts of connections that do not come to their end
        self._turn = threading.Lock()  # sync and reconcile come at one minute at times: a week is long for the second

    def tasks(self) -> dict[str, Task]:
        """The jobs that the settings switch on."""
        when = self._composition.settings.schedule
        share = self._composition.settings.reconcile.share
        found: Mapping[str, tuple[str | None, Callable[[], None]]] = {
            "sync": (when.sync, lambda: self._run("sync", run)),
            "reconcile": (when.reconcile, lambda: self._run("reconcile", lambda job: reconcile(job, share=share))),
            "purge": (when.purge, self._purge),
        }
        return {name: Task(cron, work) for name, (cron, work) in found.items() if cron is not None}

    def health(self) -> dict[str, Any]:
        """How the jobs ended last; not well when one failed with an error of ours, or a person must act or look."""
        well = not self._late and not {"failed", "error"} & set(self._last.values())
        return {"well": well, "jobs": dict(self._last)}

    def ended(self, name: str) -> str:
        """A line for a job: how it ended, and the exit code of the same command where that is not 0."""
        code = self._codes[name]
        return f"{name}: {self._last[name]}" + (f" (exit code {code:d})" if code is not Exit.DONE else "")

    def interrupted(self, name: str) -> bool:
        """Whether a job was asked to end (SIGTERM): no other one begins."""
        return self._last[name] == "interrupted"

    def worst(self) -> Exit:
        """What the first job that did not end well would have ended with as a command."""
        return next((code for code in self._codes.values() if code is not Exit.DONE), Exit.DONE)

    def skipped(self, name: str) -> None:
        """A job's time came while its last run still goes on: a row that can be seen (OP05)."""
        log.warning("skipped, still running", extra={"job": name})
        try:
            with closing(self._composition.ledger()) as ledger, ledger.begin() as tx:
                programme = database.programme(tx, self._composition.settings.programme_name).id
                now = self._composition.time.now()
                number = database.start_run(tx, programme, now, "", kind=name)
                database.end_run(tx, number, now, "skipped", {"notes": ["skipped: the last run was still going on"]})
        except Exception as error:  # noqa: BLE001 - the scheduler would print a traceback; the job itself will tell
            log.warning("%s", told(error)[0], extra={"job": name})

    def _run(self, name: str, work: Callable[[Job], Report]) -> None:
        with self._turn:
            if not self._stop.is_set():
                self._in_turn(name, work)

    def _in_turn(self, name: str, work: Callable[[Job], Report]) -> None:
        began = time.monotonic()
        try:
            composition = self._composed()
            report = perform(composition, quiet=True, work=work, stopping=self._stop.is_set)
            ended = composition.time.now()
            self._ran(name, report.state, exit_code(report))
            self.metrics.saw(name, report, seconds=time.monotonic() - began, ended=ended.timestamp())
            self._tell(composition, name, report)
        except Exception as error:  # noqa: BLE001 - the next run may go well, and a defect is to be seen as well
            self._broke(name, error)

    def _purge(self) -> None:
        try:
            composition = self._composed()
            with closing(composition.ledger()) as ledger:
                perform_purge(composition.settings, ledger, composition.time.now)
            self._ran("purge", "done", Exit.DONE)
        except Exception as error:  # noqa: BLE001 - as above
            self._broke("purge", error)

    def _composed(self) -> Composition:
        """Anew each time, as cron would: settings, rules and secrets may have changed, and whom to tell."""
        composition = compose(self._path)
        self._ways = self._named(composition)
        return composition

    def _named(self, composition: Composition) -> dict[str, Way]:
        return ways(composition.settings.alerts, composition.settings.programme_name, file=self._path)

    def _tell(self, composition: Composition, name: str, report: Report) -> None:
        settings = composition.settings
        limits = alerts.Limits(
            settings.alerts.rejects, settings.alerts.quota, timedelta(hours=settings.alerts.silent_hours)
        )
        now = composition.time.now()
        with closing(composition.ledger()) as ledger:
            with ledger.begin() as tx:
                found = alerts.wrong(tx, report, limits, now) if name == "sync" else alerts.vanished(report)
            found = alerts.but_of_first_fills(found, report)
            known = [alerts.late(connection) for connection in report.connections]
            self._late = {each for each in known if found.get(each, each in self._late)}
            for message in alerts.tell(ledger, settings.programme_name, found, now, self._ways):
                self._note(message)
            with ledger.begin() as tx:
                # Another process may have told of one: what was raised before a restart is raised after it.
                programme = database.programme(tx, settings.programme_name).id
                raised = alerts.told(tx, programme)
            # What this run found is so, whether anybody could be told of it or not.
            for alert, is_raised in (raised | {name: bool(detail) for name, detail in found.items()}).items():
                self.metrics.alert(alert, raised=is_raised)

    def _ran(self, name: str, state: str, code: Exit) -> None:
        self._last[name], self._codes[name] = state, code
        self._broken.discard(name)
        self._say(name, raised=False, text="it runs again")

    def _broke(self, name: str, error: Exception) -> None:
        """Note a run that could not even begin, or broke off: perhaps without a ledger that would remember it.

        What passes by itself is told when it has not passed by the next run.
        """
        line, code = told(error)
        self._last[name], self._codes[name] = "error", code
        self.metrics.broke(name)
        log.error("%s", line, extra={"job": name})
        if code is not Exit.TRY_LATER or name in self._broken:
            self._say(name, raised=True, text=line)
        self._broken.add(name)

    def _say(self, name: str, *, raised: bool, text: str) -> None:
        message = Message(f"stopped {name}", raised, f"{name}: {text}")
        before = self._stopped.get(name, Told())
        self._stopped[name] = alerts.deliver(before, State(raised), self._ways, lambda _: message)
        if self._stopped[name].state != before.state:
            self._note(message)
        self.metrics.alert(message.name, raised=raised)

    def _note(self, message: Message) -> None:
        log.warning("%s", message.text, extra={"alert": message.name})
