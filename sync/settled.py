"""What the first contact settled, and settings that say otherwise since: they are followed whole, or refused."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from config.reading import ConfigError
from connectors.protocol import Account
from sync.job import Job
from sync.ledger import database
from sync.ledger.database import ConnectionRow, ProgrammeRow
from sync.read import history_days

A_DAY = 1  # the first fill's, in UTC or where the programme is at home


def time_zone(job: Job, row: ProgrammeRow, accounts: Mapping[str, Account]) -> ZoneInfo | None:
    """The programme's time zone: as set, as stored at first contact, or as all CRMs agree; None before all answered.

    Raises:
        ConfigError: the CRMs differ and nothing is set.
    """
    if job.time_zone is not None:
        return job.time_zone
    if row.time_zone is not None:
        return ZoneInfo(row.time_zone)
    zones = {account.time_zone for account in accounts.values()}
    if len(zones) > 1:
        each = ", ".join(f"{name} {account.time_zone}" for name, account in accounts.items())
        raise ConfigError(f'time_zone: the CRMs differ ({each}); write the programme\'s own, such as "Europe/Paris"')
    return ZoneInfo(zones.pop()) if len(accounts) == len(job.sources) else None


def follow_zone(tx: Connection, row: ProgrammeRow, zone: ZoneInfo, now: datetime) -> list[str]:
    """Read everything again where the days are another zone's from now on; what there is to say of that."""
    if row.time_zone in (None, zone.key):
        return []
    database.set_time_zone(tx, row.id, zone.key, now)
    return [f"time_zone was {row.time_zone} and is {zone.key}: everything is read and judged again, by its days"]


def check_history(job: Job, row: ProgrammeRow) -> None:
    """Refuse another `history_years`: what was too old for the first fill was never entered.

    Raises:
        ConfigError: it is another number than at the first fill.
    """
    if row.opened is None or row.horizon is None:
        return
    days = (row.opened - row.horizon).days
    if abs(days - history_days(job.history_years)) > A_DAY:
        raise ConfigError(
            f"history_years = {job.history_years}: the first fill read back to {row.horizon}, and that stays; write "
            f"history_years = {round(days / history_days(1))} again, or name a new ledger in the settings"
        )


def left_out(tx: Connection, job: Job, programme: int) -> list[str]:
    """What there is to say of connections that the ledger has and the settings no longer name."""
    named = job.connections or job.sources
    return [
        f"{name} is not in the settings any more: nothing is read or written there; what was read there still counts"
        for name in database.filled(tx, programme)
        if name not in named
    ]


def follow_language(tx: Connection, row: ConnectionRow, wanted: str | None, warnings: list[str]) -> ConnectionRow:
    """The connection, its records to be written again where the settings name another language than they are in."""
    if wanted in (None, row.language):
        return row
    database.set_language(tx, row.id, wanted)
    warnings.append(f"language was {row.language} and is {wanted}: every record is written again")
    return replace(row, language=wanted)
