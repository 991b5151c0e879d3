"""The settings file: which CRMs, which programme, where the ledger is. Secrets only by reference.

::

    programme = "customers"
    ledger = "bonus-malus.db"

    [connections.salesforce]
    crm = "salesforce"
    domain = "acme.my"
    client_id = { env = "SALESFORCE_CLIENT_ID" }
    client_secret = { file = "/run/secrets/salesforce" }

A reference is `{ env = NAME }`, `{ file = PATH }` (beside the settings, as everything that they name) or
`{ keyring = "service/user" }`; it is followed only when the secret is needed, and its text never reaches a log, an
error or the ledger.
"""

import os
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from config.operations import (
    AlertSettings,
    BrakeSettings,
    ReconcileSettings,
    RetentionSettings,
    ScheduleSettings,
    SlowSettings,
)
from config.prefix import DEFAULT, wrong
from config.reading import ConfigError, choice, read_toml, validate


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    programme: str = "customers"
    ledger: str = "bonus-malus.db"
    time_zone: str | None = None
    language: Literal["en", "fr"] | None = None
    prefix: str = DEFAULT
    history_years: Annotated[int, Field(ge=1, le=30)] = 3
    sandbox: str | None = None
    openings: str | None = None
    rates: str | None = None
    rates_base: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    edited_by_hand: Literal["restore", "adjust", "report"] = "restore"
    first_fill: Literal["ask", "go"] = "ask"
    brake: BrakeSettings = BrakeSettings()
    reconcile: ReconcileSettings = ReconcileSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    slow: SlowSettings = SlowSettings()
    alerts: AlertSettings = AlertSettings()
    retention: RetentionSettings = RetentionSettings()
    connections: dict[str, dict[str, Any]] = Field(min_length=1)

    @field_validator("sandbox")
    @classmethod
    def _on_this_machine(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("the sandbox is on this machine: http://127.0.0.1:PORT")
        return url

    @field_validator("prefix")
    @classmethod
    def _that_every_crm_takes(cls, prefix: str) -> str:
        if why := wrong(prefix):
            raise ValueError(why)
        return prefix

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone; {_zone_like(name)}")
        return name


def _zone_like(name: str) -> str:
    """The zone that was meant, where it can be told: hundreds are no choice. People name the city alone."""
    zones = sorted(available_timezones())
    cities = {zone.rpartition("/")[2].lower(): zone for zone in zones}
    near = get_close_matches(name, zones, n=1) or [
        cities[city] for city in get_close_matches(name.lower().replace(" ", "_"), cities, n=1)
    ]
    return f"nearest: {near[0]}" if near else "give one such as Europe/Paris, or UTC"


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """One CRM: its name here, its kind, its mapping, and what only its connector understands (secrets unresolved)."""

    name: str
    crm: str
    mapping: str
    options: MappingOf[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """A settings file, whole.

    `prefix` are the words that our fields' names begin with, the programme's own on each account. `edited_by_hand` says
    what happens to a person's edit of one of our fields; `first_fill`, whether the first writing
    to a CRM asks a person. `sandbox` is the address of a sandbox
    that is every connection's CRM: its clock is then the clock, and its public credentials are used. `openings` is a
    file of what customers bring from elsewhere, `rates` one of rates of exchange, as the ECB publishes them.
    """

    file: Path
    programme: str
    ledger: str
    time_zone: ZoneInfo | None
    language: Literal["en", "fr"] | None
    prefix: str
    history_years: int
    sandbox: str | None
    openings: Path | None
    rates: Path | None
    rates_base: str
    edited_by_hand: Literal["restore", "adjust", "report"]
    first_fill: Literal["ask", "go"]
    brake: BrakeSettings
    reconcile: ReconcileSettings
    schedule: ScheduleSettings
    slow: SlowSettings
    alerts: AlertSettings
    retention: RetentionSettings
    connections: tuple[ConnectionSettings, ...]

    @property
    def programme_name(self) -> str:
        """What the ledger knows the programme by: its name, or its file's without the ending."""
        return Path(self.programme).stem if self.programme.endswith(".toml") else self.programme


def load_settings(path: Path) -> Settings:
    """Read and validate a settings file; nothing is sent and no secret is looked up.

    Raises:
        ConfigError: a mistake, in one line.
    """
    if not path.exists():
        raise ConfigError(
            f"{path}: there is no such file; `bonus-malus init` writes one, `bonus-malus demo` does without"
        )
    model = validate(_Settings, read_toml(path), file=path)
    connections = []
    for name, table in model.connections.items():
        options = dict(table)
        crm = options.pop("crm", name)
        mapping = options.pop("mapping", crm)
        for key, value in (("crm", crm), ("mapping", mapping)):
            if not isinstance(value, str):
                raise ConfigError(f"{path}: connections.{name}.{key}: should be text in quotes")
        connections.append(ConnectionSettings(name, crm, mapping, options))
    return Settings(
        file=path,
        programme=str(path.parent / model.programme) if model.programme.endswith(".toml") else model.programme,
        ledger=model.ledger,
        time_zone=ZoneInfo(model.time_zone) if model.time_zone else None,
        language=model.language,
        prefix=model.prefix,
        history_years=model.history_years,
        sandbox=model.sandbox,
        openings=path.parent / model.openings if model.openings else None,
        rates=path.parent / model.rates if model.rates else None,
        rates_base=model.rates_base,
        edited_by_hand=model.edited_by_hand,
        first_fill=model.first_fill,
        brake=model.brake,
        reconcile=model.reconcile,
        schedule=model.schedule,
        slow=model.slow,
        alerts=model.alerts,
        retention=model.retention,
        connections=tuple(connections),
    )


def resolve(
    connection: ConnectionSettings,
    model: type[BaseModel],
    *,
    file: Path,
    public: MappingOf[str, str] | None = None,
    environment: MappingOf[str, str] | None = None,
) -> BaseModel:
    """The connector's own settings, with every secret's reference followed.

    `public` holds what stands for a missing option and is no secret (a sandbox's credentials).

    Raises:
        ConfigError: a mistake, a secret written out, or a reference that leads nowhere: which one, and where to set it.
    """
    known = os.environ if environment is None else environment
    options: dict[str, Any] = dict(public or {})
    for key, value in connection.options.items():
        field = model.model_fields.get(key)
        secret = field is not None and field.annotation in (SecretStr, SecretStr | None)
        refers = isinstance(value, dict) and not (field is not None and get_origin(field.annotation) is dict)
        place = f"{file}: connections.{connection.name}.{key}"
        options[key] = follow(value, place, beside=file.parent, environment=known) if secret or refers else value
        if field is not None and field.annotation is Path and isinstance(options[key], str):
            options[key] = file.parent / options[key]  # beside the settings, as everything that they name
    return validate(model, options, file=f"{file}: connections.{connection.name}")


def follow(reference: object, place: str, *, beside: Path, environment: MappingOf[str, str] | None = None) -> str:
    """The secret that a reference leads to, a file's from the folder `beside`; `place` is only named in the error.

    Raises:
        ConfigError: it is no reference, or leads nowhere.
    """
    environment = os.environ if environment is None else environment
    if not isinstance(reference, dict) or len(reference) != 1:
        raise ConfigError(
            f'{place}: a secret is never written here; refer to it: {{ env = "NAME" }}, {{ file = "PATH" }} '
            'or { keyring = "service/user" }'
        )
    ((kind, name),) = reference.items()
    match kind:
        case "env":
            if not environment.get(name):
                raise ConfigError(f"{place}: the environment variable {name} is not set; set it to the secret")
            return environment[name]
        case "file":
            path = beside / str(name)
            try:
                text = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{place}: the secret's file {path} cannot be read; put the secret there") from error
            if not text:
                raise ConfigError(f"{place}: the secret's file {path} is empty; put the secret there")
            return text
        case "keyring":
            import keyring  # noqa: PLC0415 - it looks for every keyring there is, and few settings name one

            service, _, user = str(name).partition("/")
            found = keyring.get_password(service, user)
            if not found:
                raise ConfigError(f"{place}: the keyring has nothing for {name}; say: keyring set {service} {user}")
            return found
    raise ConfigError(f"{place}: {kind!r} is no kind of reference; {choice(kind, ['env', 'file', 'keyring'])}")
