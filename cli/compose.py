"""From a settings file to a job: the one place where settings, connectors, rules and ledger meet."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import requests

from cli.screen import command
from config.mappingfile import load_mapping, mapping_path
from config.openings import Row, load_openings
from config.rates import load_rates
from config.reading import ConfigError, choice
from config.rulefile import load_programme
from config.settings import ConnectionSettings, Settings, load_settings, resolve
from connectors import available, connect, settings_model
from connectors.clock import SystemTime, Time
from connectors.protocol import CrmConnector
from connectors.salesforce.ids import id18
from connectors.secretfile import FileSecrets
from sandbox.remote import Remote
from scoring.rates import Rates
from scoring.rules import Programme
from sync.brake import Brake
from sync.command import Command
from sync.job import Job, Slow, Source
from sync.ledger import Ledger
from sync.progress import LedgerProgress

SECRETS = "bonus-malus.secrets.json"  # beside the settings, for its owner alone

# Public and fixed: they open nothing but a sandbox on this machine.
SANDBOX_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "salesforce": {"client_id": "sandbox-client", "client_secret": "sandbox-secret"},
    "hubspot": {"token": "sandbox-token"},
}


@dataclass(frozen=True, slots=True)
class Composition:
    """A settings file, validated whole together with its rules and mappings; nothing has been sent."""

    settings: Settings
    programme: Programme
    openings: tuple[Row, ...]
    rates: Rates | None
    time: Time
    sources: Callable[[], dict[str, Source]]

    def programme_at(self, day: date) -> Programme:
        """The programme's rules on that day."""
        return load_programme(self.settings.programme, at=day)

    @property
    def has_ledger(self) -> bool:
        """Whether there is one yet; of one on a server it is taken for granted."""
        return "://" in self.settings.ledger or (self.settings.file.parent / self.settings.ledger).exists()

    def ledger(self) -> Ledger:
        """The ledger of these settings."""
        return Ledger.open(self.settings.ledger, beside=self.settings.file.parent)

    @property
    def command(self) -> Command:
        """A command as it can be typed, with these settings."""
        return partial(command, self.settings.file)

    def brake(self, *, first_fill: bool = False, yes_change: int = 0, read: str = "") -> Brake:
        """The brake of these settings, with what a person answered."""
        settings = self.settings
        agreed = first_fill or settings.first_fill == "go"
        return Brake(settings.brake.share, settings.brake.least, agreed, yes_change, read)

    def job(self, sources: Mapping[str, Source], ledger: Ledger, **options: Any) -> Job:
        """One run's job."""
        settings = self.settings
        options.setdefault("brake", self.brake())
        return Job(
            programme=settings.programme_name,
            programme_at=self.programme_at,
            sources=sources,
            ledger=ledger,
            now=self.time.now,
            time_zone=settings.time_zone,
            language=settings.language,
            prefix=settings.prefix,
            history_years=settings.history_years,
            edited_by_hand=settings.edited_by_hand,
            slow=Slow(settings.slow.calls, settings.slow.hours) if settings.slow.calls else None,
            openings=self.openings,
            rates=self.rates,
            command=self.command,
            **options,
        )


def compose(path: Path) -> Composition:
    """Read everything that a run rests on.

    Raises:
        ConfigError: a mistake in settings, rules or a mapping, in one line.
    """
    settings = load_settings(path)
    time = clock(settings)
    programme = load_programme(settings.programme, at=time.now().date())
    mappings = {}
    for connection in settings.connections:
        if connection.crm not in available():
            raise ConfigError(f"{path}: connections.{connection.name}.crm: {choice(connection.crm, available())}")
        file = mapping_path(connection.mapping, beside=path.parent)
        mapping = load_mapping(file, crm=connection.crm, programme=programme)
        mappings[connection.name] = mapping.only(frozenset(name for name, on in programme.signals.items() if on))
    options = {each.name: _options(each, settings) for each in settings.connections}

    def sources() -> dict[str, Source]:
        """Sign nothing in yet, but follow the references to secrets."""
        kept = {each.name: LedgerProgress() for each in settings.connections}
        return {
            each.name: Source(
                connector=_connector(each, options[each.name], settings, time, kept[each.name]),
                progress=kept[each.name],
                crm=each.crm,
                mapping=mappings[each.name],
                mapping_digest=hashlib.sha256(
                    repr((mappings[each.name].subject, mappings[each.name].signals)).encode()
                ).hexdigest(),
            )
            for each in settings.connections
        }

    return Composition(settings, programme, openings(settings, programme), _rates(settings, programme), time, sources)


def openings(settings: Settings, programme: Programme) -> tuple[Row, ...]:
    """The lines of the settings' file of openings; none where they name no file.

    Raises:
        ConfigError: a mistake in the file, or a programme that has no use for it.
    """
    if settings.openings is None:
        return ()
    if not any(programme.signals[name] for name in programme.openings):
        raise ConfigError(
            f"{settings.file}: openings: the programme {programme.name} has no signal that counts as opening; "
            'give it one: [signals.carried_over] counts_as = "opening"'
        )
    return load_openings(settings.openings, programme.rules, whole=_whole)


def _whole(record: str) -> str:
    """A Salesforce id in 18 characters, where a report exports it with 15 (SR35); HubSpot's numbers begin with no 0."""
    return record if record.isdigit() and not record.startswith("0") else id18(record)


def _rates(settings: Settings, programme: Programme) -> Rates | None:
    if settings.rates is None:
        return None
    if not programme.currency:
        raise ConfigError(
            f"{settings.file}: rates: the programme {programme.name} names no currency to convert to; write one in it: "
            '[currency] reference = "…" since.2026-01-01 = "EUR"'
        )
    return load_rates(settings.rates, base=settings.rates_base)


def _options(connection: ConnectionSettings, settings: Settings) -> Mapping[str, Any]:
    if settings.sandbox is None:
        return connection.options
    return {"url": settings.sandbox, **connection.options}


def _connector(
    connection: ConnectionSettings,
    options: Mapping[str, Any],
    settings: Settings,
    time: Time,
    progress: LedgerProgress,
) -> CrmConnector:
    model = settings_model(connection.crm)
    public = SANDBOX_OPTIONS.get(connection.crm, {}) if settings.sandbox else {}
    named = ConnectionSettings(connection.name, connection.crm, connection.mapping, options)
    return connect(
        connection.crm,
        resolve(named, model, file=settings.file, public=public),
        time=time,
        progress=progress,
        secrets=FileSecrets(settings.file.parent / SECRETS),  # what a vendor replaces; made when there is something
    )


def clock(settings: Settings) -> Time:
    """The clock of these settings: the sandbox's where one stands for the CRMs.

    Raises:
        ConfigError: the sandbox does not answer.
    """
    if settings.sandbox is None:
        return SystemTime()
    remote = Remote(settings.sandbox)
    try:
        remote.now()
    except (requests.RequestException, ValueError, KeyError) as error:
        raise ConfigError(
            f"{settings.file}: sandbox: nobody answers at {settings.sandbox}; start it: bonus-malus sandbox"
        ) from error
    return remote
