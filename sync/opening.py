"""How a run begins and ends: signed in, with the leases of its connections, and its row closed whatever happens."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from connectors.errors import CrmError, Fatal
from connectors.protocol import Account
from scoring.rules import Programme
from sync import lease, rejects, settled
from sync.job import Job, StoppedError
from sync.lease import Holder, Lease, LeaseLostError
from sync.ledger import database, facts, history, rivals, zones
from sync.ledger.database import ConnectionRow, ProgrammeRow
from sync.ledger.facts import Entry
from sync.read import history_start
from sync.report import ConnectionReport, Report

log = logging.getLogger(__name__)

# What a run is called when its connections fared differently: the first of these that one of them was.
WORST = ("failed", "try later", "asked", "held", "skipped")
SOME = 5  # problems that a report names


@dataclass(frozen=True, slots=True)
class Opened:
    """A run that has begun: `rows` are the connections that are its own to work on, by name."""

    job: Job
    report: Report
    programme: Programme
    programme_id: int
    zone: ZoneInfo
    day: date
    horizon: date
    now: datetime
    rows: Mapping[str, ConnectionRow]

    def entry(self, connection: int = 0, *, initial: bool = False) -> Entry:
        """Who writes an entry in this run."""
        return Entry(self.report.run, self.now, self.programme_id, connection, initial=initial)


@contextmanager
def opened(job: Job, *, kind: str = "sync") -> Iterator[Opened]:
    """A run, from its row to its end.

    A connection that another run works on is left to it, and says so; so does one whose CRM does not let us in.

    Raises:
        LedgerError: the ledger cannot be used, or another run took over.
        ConfigError: the settings do not fit what the CRMs say of themselves.
    """
    if job.dry:
        job = replace(job, ledger=job.ledger.copy())
    connections = {name: ConnectionReport(source.crm) for name, source in job.sources.items()}
    accounts = _sign_in(job, connections)
    with job.ledger.begin() as tx:
        lease.serialise(tx)
        # Only now: whoever signed in more slowly would begin in the past of a run that began meanwhile.
        met = _Met(job.now(), accounts, connections)
        course, leased = _begin(tx, job, kind, met)
    report, lost = course.report, False
    log.info("run began", extra={"run": report.run, "kind": kind})
    report.state = "interrupted"
    try:
        with leased.beating():
            for name, row in course.rows.items():
                job.sources[name].progress.bind(course.job.begin, row.id)
            yield course
    except StoppedError as stop:
        report.state = "interrupted"
        report.notes.append(str(stop))
    except LeaseLostError:
        lost = True
        raise
    finally:
        for name, source in job.sources.items():
            usage = source.connector.usage()
            each = connections[name]
            each.calls, each.used_today, each.limit_today = usage.calls, usage.used_today, usage.limit_today
        if not lost:
            with course.job.begin() as tx:
                report.problems = facts.count_problems(tx, report.run)
                report.unusable = [
                    f"{each['connection']}:{each['object']} {each['record']}: {each['what']}; {each['cure']}"
                    for each in history.problems(tx, report.run, limit=SOME)
                ]
                for name, row in course.rows.items():
                    connections[name].refused = rejects.count(tx, row.id)
                database.end_run(tx, report.run, job.now(), report.state, report.to_json())
                leased.release(tx)
        if job.dry:
            job.ledger.close()  # the copy
        log.info("run ended", extra={"run": report.run, "kind": kind, "state": report.state, "records": report.written})


def state_of(report: Report) -> str:
    """The one word for a run whose connections fared differently."""
    states = {each.state for each in report.connections.values()}
    return next((state for state in WORST if state in states), "done")


def give_up(report: ConnectionReport, error: CrmError) -> None:
    """Say why a connection came to no end."""
    report.state = "failed" if isinstance(error, Fatal) else "try later"
    report.message = str(error)


@dataclass(frozen=True, slots=True)
class _Met:
    """Who answered when this run signed in."""

    now: datetime
    accounts: Mapping[str, Account]
    connections: dict[str, ConnectionReport]


def _begin(tx: Connection, job: Job, kind: str, met: _Met) -> tuple[Opened, Lease]:
    now, connections = met.now, met.connections
    row = database.programme(tx, job.programme)
    known = settled.time_zone(job, row, met.accounts)
    zone = known or ZoneInfo("UTC")
    settled.check_history(job, row)
    day = now.astimezone(zone).date()
    horizon = row.horizon or history_start(now, job.history_years)
    if row.opened is None and known:
        database.open_programme(tx, row.id, opened=day, horizon=horizon)
        zones.enter(tx, row.id, zone.key, now)
    moved = settled.follow_zone(tx, row, zone, now)
    programme = job.programme_at(day)
    number = database.start_run(tx, row.id, now, programme.label, kind=kind)
    rows, tokens = _take(tx, job, row, number, met) if known else ({}, {})
    lease.abandon(tx, row.id, now, by=number)
    leased = Lease(job.ledger, number, job.now, tokens)
    report = Report(number, job.programme, programme.label, day, dry=job.dry, connections=connections)
    for name, connection in rows.items():
        connections[name].first_fill = connection.filled is None
    report.first_fill = any(each.first_fill for each in connections.values())
    report.notes += [*moved, *settled.left_out(tx, job, row.id)]
    if not known:
        report.notes.append("nothing was read: the programme's time zone is settled when every CRM has answered once")
    elif row.opened is None:
        report.notes.append(f"first fill: signals since {horizon.isoformat()} count ({job.history_years} years back)")
    fenced = replace(job, fence=leased.fence)
    return Opened(fenced, report, programme, row.id, zone, day, horizon, now, rows), leased


def _take(
    tx: Connection, job: Job, programme: ProgrammeRow, run: int, met: _Met
) -> tuple[dict[str, ConnectionRow], dict[int, int]]:
    """The connections that are ours from now on, and their tokens; a dry run works on a copy and needs none."""
    rows: dict[str, ConnectionRow] = {}
    tokens: dict[int, int] = {}
    for name, account in met.accounts.items():
        language, report = job.language or account.language, met.connections[name]
        rivals.refuse_prefix(tx, job.programme, name, job.prefix)
        row = database.connection(
            tx, programme.id, name, crm=report.crm, account=account.id, language=language, prefix=job.prefix
        )
        if not job.dry:
            token = lease.take(tx, row.id, run, met.now)
            if isinstance(token, Holder):
                report.state, report.message = "skipped", str(token)
                continue
            tokens[row.id] = token
        rows[name] = settled.follow_language(tx, row, job.language, met.connections[name].warnings)
    return rows, tokens


def _sign_in(job: Job, connections: Mapping[str, ConnectionReport]) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for name, source in job.sources.items():
        try:
            accounts[name] = source.connector.account()
            connections[name].account = accounts[name].id
        except CrmError as error:
            give_up(connections[name], error)
    return accounts
