"""The doctor: everything that could go wrong before it does, each finding with its cure. Writes nothing anywhere."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select, text

from config.locale import Texts
from config.prefix import DEFAULT
from connectors.errors import CrmError, QuotaSpent, SignInRefused, TryLater
from connectors.protocol import Account, FieldSet, Finding, Level
from scoring.rules import Programme
from sync import contests, hold
from sync.command import Command, plain
from sync.fields import collide, field_set
from sync.fit import until_now
from sync.job import Source
from sync.ledger import Ledger, LedgerBusy, LedgerError, history, rivals, schema, zones
from sync.read import queries

_APPLY = f"run `{plain('fields apply')}`"  # what a connector says of a field of ours
HERE = "here"  # the place of findings that are no connection's


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was looked at: in which connection, or `here`."""

    place: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Doctor:
    """A programme over some CRMs, to be looked at. `ledger` opens it, None where there is none yet."""

    programme: Programme
    programme_name: str
    sources: Mapping[str, Source]
    ledger: Callable[[], Ledger | None]
    now: Callable[[], datetime]
    time_zone: ZoneInfo | None
    language: str | None
    prefix: str = DEFAULT
    command: Command = plain

    def examine(self) -> Iterator[Checked]:
        """Every finding, as soon as it is known: here first, then connection by connection."""
        known = _Known()
        for finding in self._ledger(known):
            yield Checked(HERE, finding)
        accounts: dict[str, Account] = {}
        for name, source in self.sources.items():
            try:
                accounts[name] = source.connector.account()
            except CrmError as error:
                yield Checked(name, _unmet(error))
                continue
            for finding in self._connection(name, source, accounts[name], known):
                yield Checked(name, finding)
        for finding in self._together(accounts):
            yield Checked(HERE, finding)

    def _ledger(self, known: "_Known") -> Iterator[Finding]:
        try:
            ledger = self.ledger()
            if ledger is None:
                yield Finding(Level.PASS, "no ledger yet; the first sync makes it")
                return
            with closing(ledger), ledger.reading() as tx:
                yield _sound(tx)
                try:
                    ledger.may_write()
                except LedgerBusy:
                    yield Finding(Level.PASS, "somebody is writing the ledger just now, and was not waited for")
                runs = history.runs(tx, self.programme_name, limit=1)
                held = hold.listed(tx, self.programme_name)
                known.accounts.update(_accounts(tx, self.programme_name))
                known.others.extend(_others(tx, self.programme_name))
                renamed = self._renamed(tx)
                shared = _shared(tx, self.programme_name)
                disputed = self._without_object(tx)
        except LedgerError as error:
            yield Finding(
                Level.FAIL,
                str(error),
                "do what it says; where that is not possible, put a backup back or name another ledger",
            )
            return
        if len(self.sources) > 1:
            yield from _shared_addresses(shared)
        for what in renamed:
            yield Finding(Level.FAIL, what, "do as it says: until then every run refuses")
        if disputed:
            what = f"contests about a derived incident that is not there any more: {disputed}"
            cure = f"{self.command('contest list')}; what counts now can be contested by itself"
            yield Finding(Level.WARN, what, cure)
        for name, (run, _) in held.items():
            what = f"{name} is on hold since run {run}: nothing is written there"
            yield Finding(Level.WARN, what, f"when you are ready: {self.command('resume')}")
        if runs and self.now() < runs[0].started:
            what = f"the clock says {self.now():%Y-%m-%d %H:%M} UTC, and run {runs[0].id} began later than that"
            cure = "set the clock of this machine right; if it was ahead then, put back a backup from before that run"
            yield Finding(Level.FAIL, what, cure)
        if runs and runs[0].state in ("failed", "interrupted"):
            cure = f"{self.command(f'runs show {runs[0].id}')} says why"
            ended = "failed" if runs[0].state == "failed" else "was interrupted"
            yield Finding(Level.WARN, f"the last run, {runs[0].id}, {ended}", cure)

    def _without_object(self, tx: Connection) -> int:
        """How many contests hold nothing any more."""
        zone = self.time_zone or zones.of(tx, self.programme_name).present
        day = self.now().astimezone(zone).date()
        return len(contests.without_object(contests.listed(tx, self.programme_name, self.programme, day)))

    def _renamed(self, tx: Connection) -> list[str]:
        """Of which connections the fields are called otherwise in the ledger."""
        found: list[str] = []
        for name in self.sources:
            try:
                rivals.refuse_prefix(tx, self.programme_name, name, self.prefix)
            except LedgerError as error:
                found.append(str(error))
        return found

    def _connection(self, name: str, source: Source, account: Account, known: "_Known") -> Iterator[Finding]:
        kind = "a sandbox or test account" if account.is_sandbox else "production"
        yield Finding(Level.PASS, f"signed in to {account.name} ({account.id}), {kind}")
        before = known.accounts.get(name)
        if before is not None and before != account.id:
            what = f"{name} was account {before} until now, and {account.id} answers"
            cure = (
                "correct the connection's settings; for another account (a refreshed sandbox too), a ledger of its own"
            )
            yield Finding(Level.FAIL, what, cure)
        for programme, crm, id_, prefix in known.others:
            if (crm, id_) == (source.crm, account.id) and collide(prefix, self.prefix):
                what = f"the programme {programme} of this ledger writes the same fields of {name}"
                yield Finding(Level.FAIL, what, 'give this one fields of its own: prefix = "loyalty", for example')
        texts = Texts(self.language or account.language)
        fields = field_set(self.programme, source.mapping.subject.object, texts, self.prefix)
        asked = queries(source.mapping, fields)
        for look in (source.connector.check, source.connector.inspect):
            try:
                yield from self._gathered(name, source, fields, look(asked, fields))
            except CrmError as error:
                yield _unmet(error)

    def _gathered(self, name: str, source: Source, fields: FieldSet, findings: Sequence[Finding]) -> Iterator[Finding]:
        """The findings, our missing fields as one, and what the mapping can do without as a warning."""
        unready: list[Finding] = []
        for finding in findings:
            ours = finding.object == fields.object and finding.cure == _APPLY
            if ours:
                unready.append(finding)
            elif finding.level is Level.FAIL and (known := self._until_now(name, source, finding)):
                what = f"{finding.what}; {', '.join(known)} came from there until now, and every sync stops there"
                yield replace(finding, what=what)
            elif finding.level is Level.FAIL and _optional(source, finding):
                yield replace(finding, level=Level.WARN, what=f"{finding.what}; the signals that need it are off")
            else:
                yield finding
        if unready:
            names = ", ".join(finding.field for finding in unready)
            verb = "is" if len(unready) == 1 else "are"
            what = f"{len(unready)} of our {len(fields.fields)} fields {verb} missing, hidden or read-only: {names}"
            yield Finding(Level.FAIL, what, f"run `{self.command('fields apply')}`", fields.object)

    def _until_now(self, name: str, source: Source, finding: Finding) -> list[str]:
        """The signals that are in the ledger, and come from what is missing now."""
        if not _optional(source, finding):
            return []
        table, programmes = schema.connections, schema.programmes
        query = (
            select(table.c.id)
            .join(programmes, programmes.c.id == table.c.programme)
            .where(programmes.c.name == self.programme_name, table.c.name == name)
        )
        smaller = source.mapping.without(finding.object, finding.field)
        try:
            ledger = self.ledger()
            if ledger is None:
                return []
            with closing(ledger), ledger.reading() as tx:
                id_ = tx.execute(query).scalar_one_or_none()
                return [] if id_ is None else until_now(tx, id_, source.mapping, smaller)
        except LedgerError:
            return []  # told above

    def _together(self, accounts: Mapping[str, Account]) -> Iterator[Finding]:
        ids = [account.id for account in accounts.values()]
        for name, account in accounts.items():
            if ids.count(account.id) > 1:
                cure = "take one of them out of the settings: every fact would count twice"
                yield Finding(Level.FAIL, f"{name} is the same account as another connection ({account.id})", cure)
        zones = {account.time_zone for account in accounts.values()}
        if self.time_zone is None and len(zones) > 1:
            each = ", ".join(f"{name} {account.time_zone}" for name, account in accounts.items())
            cure = 'write the programme\'s own into the settings: time_zone = "Europe/Paris"'
            yield Finding(Level.FAIL, f"the CRMs are in different time zones: {each}", cure)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger knows of accounts: this programme's by connection, and what other programmes write where."""

    accounts: dict[str, str] = field(default_factory=dict)
    others: list[tuple[str, str, str, str]] = field(default_factory=list)  # programme, CRM, account, prefix


def _unmet(error: CrmError) -> Finding:
    """Why nothing more could be looked at."""
    match error:
        case SignInRefused():
            cure = "correct the connection's settings, or the client app or key in the CRM"
            return Finding(Level.FAIL, f"sign-in: {error}", cure)
        case QuotaSpent():
            cure = "wait until the day's count falls, or find out what else calls this account"
        case TryLater():
            cure = "run the doctor again later; if it stays so, look at the network and the CRM's status page"
        case _:
            cure = "give the integration user or key what the message names, then run the doctor again"
    return Finding(Level.FAIL, str(error), cure)


def _optional(source: Source, finding: Finding) -> bool:
    mapping = source.mapping
    return mapping.asks(finding.object, finding.field) and not mapping.needs(finding.object, finding.field)


def _sound(tx: Connection) -> Finding:
    """What the database says of itself."""
    if tx.dialect.name != "sqlite":
        return Finding(Level.PASS, "the ledger answers")
    said = tx.execute(text("PRAGMA quick_check(1)")).scalar_one()
    if said == "ok":
        return Finding(Level.PASS, "the ledger is sound")
    return Finding(Level.FAIL, f"the ledger is damaged: {' '.join(said.split())}", "bring back the last backup of it")


def _shared(tx: Connection, programme: str) -> dict[str, int]:
    """Of each connection, how many e-mail addresses stand on several living contacts."""
    table, connections, programmes = schema.contacts, schema.connections, schema.programmes
    several = (
        select(table.c.connection, table.c.email)
        .where(table.c.gone.is_(False), table.c.email.is_not(None))
        .group_by(table.c.connection, table.c.email)
        .having(func.count() > 1)
        .subquery()
    )
    query = (
        select(connections.c.name, func.count())
        .join_from(several, connections, connections.c.id == several.c.connection)
        .join(programmes, programmes.c.id == connections.c.programme)
        .where(programmes.c.name == programme)
        .group_by(connections.c.name)
    )
    return {row[0]: int(row[1]) for row in tx.execute(query)}


def _shared_addresses(shared: Mapping[str, int]) -> Iterator[Finding]:
    """An address that several contacts share tells nobody apart: it links no one to another CRM."""
    for name, count in shared.items():
        what = f"{name}: {count} e-mail addresses stand on several contacts; they link nobody to another CRM"
        yield Finding(Level.WARN, what, "merge the contacts that are one person, or give them addresses of their own")


def _accounts(tx: Connection, programme: str) -> dict[str, str]:
    """Which account each connection was at its first contact (AU04)."""
    table, programmes = schema.connections, schema.programmes
    query = (
        select(table.c.name, table.c.account)
        .join(programmes, programmes.c.id == table.c.programme)
        .where(programmes.c.name == programme)
    )
    return {row.name: row.account for row in tx.execute(query)}


def _others(tx: Connection, programme: str) -> list[tuple[str, str, str, str]]:
    """Which fields of which accounts other programmes of this ledger write."""
    table, programmes = schema.connections, schema.programmes
    query = select(programmes.c.name, table.c.crm, table.c.account, table.c.prefix)
    joined = query.join_from(table, programmes, programmes.c.id == table.c.programme)
    return [(row[0], row[1], row[2], row[3]) for row in tx.execute(joined.where(programmes.c.name != programme))]
