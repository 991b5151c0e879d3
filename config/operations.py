"""The settings of what runs unattended: when, how much at once, whom to tell, how long things are kept."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _cron(text: str) -> str:
    from config import crontab  # noqa: PLC0415 - it loads the scheduler, for settings that name a time alone

    crontab.trigger(text)
    return text


def _address(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("should be an address that begins with https://")
    return text


def _mailbox(text: str) -> str:
    if "@" not in text.strip("@"):
        raise ValueError("should be a mail address")
    return text


Cron = Annotated[str, AfterValidator(_cron)]
Address = Annotated[str, AfterValidator(_address)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Share = Annotated[float, Field(ge=0, le=1)]
Months = Annotated[int, Field(ge=1, le=1200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BrakeSettings(_Part):
    """A run that would change more than `share` of the records, and more than `least`, asks first."""

    share: Share = 0.2
    least: Annotated[int, Field(ge=0)] = 50


class ScheduleSettings(_Part):
    """When each job runs: five fields of a crontab, in UTC, where no hour comes twice (OP04); None: never.

    `jitter` seconds at most are added, so that a thousand installations do not call at the same second. `port` is where
    health and metrics answer; None: nowhere.
    """

    sync: Cron | None = "*/15 * * * *"
    reconcile: Cron | None = "7 3 * * 0"
    purge: Cron | None = "30 2 * * *"
    jitter: Annotated[int, Field(ge=0, le=3600)] = 30
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] | None = None


class MailSettings(_Part):
    """A mail server, and from whom to whom; `password` is a reference to a secret."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    sender: Mailbox
    to: Annotated[tuple[Mailbox, ...], Field(min_length=1)]
    user: str | None = None
    password: dict[str, str] | None = None
    starttls: bool = True


class AlertSettings(_Part):
    """Whom to tell, and from when on: shares of living records refused and of the day's calls used, hours of silence.

    `webhook` is an address or a reference to a secret: most of them hold one.
    """

    webhook: Address | dict[str, str] | None = None
    mail: MailSettings | None = None
    rejects: Share = 0.05
    quota: Share = 0.8
    silent_hours: Annotated[int, Field(ge=1)] = 48


class RetentionSettings(_Part):
    """How many months things are kept: signals by kind, and what runs wrote (undo reaches as far back as that)."""

    signals: dict[str, Months] = Field(default_factory=dict)
    runs: Months | None = None


class SlowSettings(_Part):
    """The slow round over all records, for what moves no date: a slice every `hours`, of about `calls`; 0: none."""

    calls: Annotated[int, Field(ge=0)] = 20
    hours: Annotated[float, Field(ge=0)] = 1.0


class ReconcileSettings(_Part):
    """A reconciliation that would take more than `share` of the known records away is refused."""

    share: Share = 0.05
