"""One sync, top to bottom: read, judge, score, compare, write, remember.

Kill it between any two requests: what was committed stands, the rest is read or written again by the next run, which
ends in the same state. Every page is one transaction with its signals; cursors move only after the last page of a
window; updates carry absolute values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from config.locale import Texts
from config.reading import ConfigError
from connectors.errors import CrmError, Fatal, NotPermitted
from connectors.protocol import Account, FieldSet, Level
from scoring.mapping import Mapping as SignalMapping
from scoring.rules import Programme
from sync.fields import field_set
from sync.job import Job, Progress, Source
from sync.ledger import database, facts, people
from sync.ledger.facts import Entry
from sync.read import Reading, history_start, queries, read
from sync.report import SHOWN, ConnectionReport, Report
from sync.score import score
from sync.show import show


def run(job: Job) -> Report:
    """One run over every connection of a programme.

    A CRM that fails is reported (`Report.connections[…].state`) and does not hold up the others, except during a first
    fill: nobody is scored on half of their history.

    Raises:
        LedgerError: the ledger cannot be used.
        ConfigError: the settings do not fit what the CRMs say of themselves.
    """
    if job.dry:
        job = replace(job, ledger=job.ledger.copy())
    now = job.now()
    connections = {name: ConnectionReport(source.crm) for name, source in job.sources.items()}
    accounts = _sign_in(job, connections)
    with job.ledger.begin() as tx:
        row = database.programme(tx, job.programme)
        database.abandon_runs(tx, row.id, now)
        zone = _time_zone(job, row.time_zone, accounts)
        day = now.astimezone(zone).date()
        horizon = row.horizon or history_start(now, job.history_years)
        if row.opened is None:
            database.open_programme(tx, row.id, time_zone=zone.key, opened=day, horizon=horizon)
        programme = job.programme_at(day)
        number = database.start_run(tx, row.id, now, programme.label)
    report = Report(number, job.programme, programme.label, day, dry=job.dry, connections=connections)
    if row.opened is None:
        report.notes.append(f"first fill: signals since {horizon.isoformat()} count ({job.history_years} years back)")
    course = _Course(job, report, programme, row.id, zone, day, horizon, now)
    report.state = "interrupted"
    try:
        readings = course.read(accounts)
        if course.complete():
            score(job, Entry(number, now, row.id, 0, initial=False), programme, day, report)
            course.show(readings)
        report.state = _state(connections)
    finally:
        for name, source in job.sources.items():
            connections[name].calls = source.connector.usage().calls
        with job.ledger.begin() as tx:
            report.problems = facts.count_problems(tx, number)
            database.end_run(tx, number, job.now(), report.state, report.to_json())
    return report


@dataclass(frozen=True, slots=True)
class _Course:
    """What the steps of one run share."""

    job: Job
    report: Report
    programme: Programme
    programme_id: int
    zone: ZoneInfo
    day: date
    horizon: date
    now: datetime

    def read(self, accounts: Mapping[str, Account]) -> dict[str, Reading]:
        """Steps 2 to 4, connection by connection, and who is whom; the readings that came to their end."""
        done: dict[str, Reading] = {}
        touched: set[int] = set()
        for name, account in accounts.items():
            report = self.report.connections[name]
            try:
                reading = self._prepare(name, self.job.sources[name], account)
                touched |= read(self.job, reading, report)
            except CrmError as error:
                _give_up(report, error)
                continue
            with self.job.ledger.begin() as tx:
                if reading.entry.initial:
                    database.mark_filled(tx, reading.entry.connection, self.now)
            done[name] = reading
        self.job.watch(Progress("link"))
        with self.job.ledger.begin() as tx:
            linked = people.link(tx, Entry(self.report.run, self.now, self.programme_id, 0, initial=False), touched)
        self.report.linked = linked.moved
        self.report.ambiguous = [f"{c}:{record} {why}" for c, record, why in linked.ambiguous[:SHOWN]]
        return done

    def complete(self) -> bool:
        """Whether every connection has been read whole at least once."""
        with self.job.ledger.begin() as tx:
            unfilled = database.unfilled(tx, self.programme_id, list(self.job.sources))
        if unfilled:
            self.report.notes.append(f"nobody is scored before {', '.join(unfilled)} has been read whole once")
        return not unfilled

    def show(self, readings: Mapping[str, Reading]) -> None:
        """Step 7, connection by connection."""
        for name, reading in readings.items():
            report = self.report.connections[name]
            texts = self._texts(reading.entry.connection)
            try:
                show(self.job, reading, texts, report)
            except CrmError as error:
                _give_up(report, error)

    def _prepare(self, name: str, source: Source, account: Account) -> Reading:
        report = self.report.connections[name]
        language = self.job.language or account.language
        with self.job.ledger.begin() as tx:
            row = database.connection(
                tx, self.programme_id, name, crm=source.crm, account=account.id, language=language
            )
            entry = Entry(self.report.run, self.now, self.programme_id, row.id, initial=row.filled is None)
        fields = field_set(self.programme, source.mapping.subject.object, self.job.texts(language))
        mapping = self._fit(source, fields, row.id, report)
        with self.job.ledger.begin() as tx:
            if row.mapping != source.mapping_digest:
                database.reset_cursors(tx, row.id, source.mapping_digest)
                facts.withdraw_others(tx, entry, mapping.objects)
                if row.mapping is not None:
                    report.warnings.append("the mapping is another one: everything is read and judged again")
            report.full = self.job.full or row.mapping != source.mapping_digest
        return Reading(name, source, mapping, fields, entry, self.zone, self.horizon, self.now)

    def _fit(self, source: Source, fields: FieldSet, connection: int, report: ConnectionReport) -> SignalMapping:
        """The mapping without what this org does not have; what it cannot do without is fatal (SR11)."""
        mapping = source.mapping
        for finding in source.connector.check(queries(mapping, fields), fields):
            if finding.level is Level.PASS:
                continue
            text = f"{finding.what}: {finding.cure}" if finding.cure else finding.what
            if finding.level is Level.WARN:
                report.warnings.append(text)
                continue
            ours = not source.mapping.asks(finding.object, finding.field)
            if ours and self.job.dry:
                # Before the fields are made there is nothing to write to, but everything to look at.
                report.warnings.append(text)
                continue
            if ours or mapping.needs(finding.object, finding.field):
                raise NotPermitted(text)
            smaller = mapping.without(finding.object, finding.field)
            lost = {(rule.object, rule.name) for rule in mapping.signals} - {
                (rule.object, rule.name) for rule in smaller.signals
            }
            with self.job.ledger.begin() as tx:
                known = sorted(signal for object_, signal in lost if facts.has_signals(tx, connection, object_, signal))
            if known:
                # Going on would leave old incidents standing with nobody to withdraw them.
                raise NotPermitted(f"{text}; {', '.join(known)} came from there until now")
            if lost:
                report.warnings.append(f"{text}; off here: {', '.join(sorted({signal for _, signal in lost}))}")
            mapping = smaller
        return mapping

    def _texts(self, connection: int) -> Texts:
        with self.job.ledger.begin() as tx:
            return self.job.texts(database.language_of(tx, connection))


def _sign_in(job: Job, connections: Mapping[str, ConnectionReport]) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for name, source in job.sources.items():
        try:
            accounts[name] = source.connector.account()
            connections[name].account = accounts[name].id
        except CrmError as error:
            _give_up(connections[name], error)
    return accounts


def _time_zone(job: Job, stored: str | None, accounts: Mapping[str, Account]) -> ZoneInfo:
    """The programme's time zone: as set, as stored at first contact, or as all CRMs agree.

    Raises:
        ConfigError: the CRMs differ and nothing is set.
    """
    if job.time_zone is not None:
        return job.time_zone
    if stored is not None:
        return ZoneInfo(stored)
    zones = {account.time_zone for account in accounts.values()}
    if len(zones) > 1:
        each = ", ".join(f"{name} {account.time_zone}" for name, account in accounts.items())
        raise ConfigError(f'time_zone: the CRMs differ ({each}); write the programme\'s own, such as "Europe/Paris"')
    return ZoneInfo(zones.pop() if zones else "UTC")


def _give_up(report: ConnectionReport, error: CrmError) -> None:
    report.state = "failed" if isinstance(error, Fatal) else "try later"
    report.message = str(error)


def _state(connections: Mapping[str, ConnectionReport]) -> str:
    states = {each.state for each in connections.values()}
    return next((state for state in ("failed", "try later") if state in states), "done")
