"""Alerts: one message when something begins to be wrong, one when it is over, and none in between.

What is wrong is a function of a run's report and the ledger; what was told is remembered in the ledger, so that a
restart tells nothing twice. A first fill tells nothing: it reads everything and may well take the day's calls.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from sync import rejects
from sync.ledger import Ledger, database, results, schema
from sync.report import Report

log = logging.getLogger(__name__)

REASONS = {"failed": "failed", "asked": "stopped to ask a person"}


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on somebody is told: shares of the living records and of the day's calls, and hours of silence."""

    rejects: float = 0.05
    quota: float = 0.8
    silent: timedelta = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Message:
    """Something changed: `name` is raised now, or over."""

    name: str
    raised: bool
    text: str


def wrong(tx: Connection, report: Report, limits: Limits, now: datetime) -> dict[str, str]:
    """What this run says of each alert: why it is raised, or empty for what is well."""
    found = dict.fromkeys(REASONS, "")
    for state, words in REASONS.items():
        said = [f"{name}: {each.message}" for name, each in report.connections.items() if each.state == state]
        if said:
            found[state] = f"run {report.run} {words}: {'; '.join(said)}"
    programme = database.programme(tx, report.programme).id
    table = schema.connections
    rows = tx.execute(select(table).where(table.c.programme == programme, table.c.filled.is_not(None)))
    for row in rows:
        each = report.connections.get(row.name)
        if each is None or each.state == "skipped":
            continue
        refused = rejects.count(tx, row.id)
        living = results.count_living(tx, row.id) if refused else 0
        over = refused > limits.rejects * living
        found[f"rejects {row.name}"] = f"{refused} of {living} records are refused" if over else ""
        if each.used_today is not None and each.limit_today:
            low = each.used_today > limits.quota * each.limit_today
            used = f"{each.used_today} of the {each.limit_today} calls of the day are used"
            found[f"quota {row.name}"] = used if low else ""
        last = _last_signal(tx, row.id)
        silent = each.state == "done" and last is not None and now - last > limits.silent
        found[f"silent {row.name}"] = f"nothing came in since {last:%Y-%m-%d %H:%M} UTC" if silent else ""
    return found


def tell(
    ledger: Ledger, programme: str, found: Mapping[str, str], now: datetime, send: Callable[[Message], None]
) -> list[Message]:
    """Send a message for each alert that changed; those sent.

    What could not be sent is not taken for told, and is tried again after the next run.
    """
    told: list[Message] = []
    table = schema.alerts
    for name, detail in found.items():
        with ledger.begin() as tx:
            id_ = database.programme(tx, programme).id
            here = (table.c.programme == id_) & (table.c.name == name)
            row = tx.execute(select(table).where(here)).one_or_none()
        if bool(detail) == (row is not None and row.raised):
            continue
        since = now if row is None else row.since
        message = Message(name, bool(detail), detail or f"{name}: over; it began at {since:%Y-%m-%d %H:%M} UTC")
        try:
            send(message)
        except OSError as error:
            log.warning("alert not sent: %s", type(error).__name__, extra={"alert": name})
            continue
        values = {"raised": bool(detail), "since": now, "detail": detail}
        with ledger.begin() as tx:
            if row is None:
                tx.execute(insert(table).values(programme=id_, name=name, **values))
            else:
                tx.execute(update(table).where(here).values(values))
        told.append(message)
    return told


def _last_signal(tx: Connection, connection: int) -> datetime | None:
    table = schema.signals
    # By the highest id: entries are made in the order of time, and an index leads there.
    query = select(func.max(table.c.id)).where(table.c.connection == connection)
    last = tx.execute(query).scalar_one()
    return None if last is None else tx.execute(select(table.c.recorded).where(table.c.id == last)).scalar_one()
