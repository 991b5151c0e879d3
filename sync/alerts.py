"""Alerts: one message when something begins to be wrong, one when it is over, and none in between.

What is wrong is a function of a run's report and the ledger; what was told is remembered in the ledger, for each way
of sending, so that a restart tells nothing twice. A first fill tells nothing of its connection but that it fails: it
reads everything and may well take the day's calls.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from sync import rejects
from sync.brake import more_than
from sync.ledger import Ledger, database, operation, results, schema
from sync.report import Report

log = logging.getLogger(__name__)

NOT_READ = {"try later", "skipped"}  # states of a connection that leave open what is wrong with it
READ = ("done", "asked", "held")  # states of a connection that was read to the end
WHOLE = "asked"  # an alert of the whole run
OF_A_CONNECTION = ("failed", "late", "rejects", "quota", "silent", "vanished")  # each is followed by its name
RUNS_BACK = 20  # looked through for the last one that tried a connection


def late(connection: str) -> str:
    """The alert of a connection that did not come to its end, nor did it in the run before."""
    return f"late {connection}"


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


# Sends it. Raises OSError when it cannot be delivered, ValueError where the address is none.
Way = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class State:
    """An alert as somebody was told of it; not raised before anything was told."""

    raised: bool = False
    since: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of an alert; `behind` are the ways of sending that did not get through with it, and their state."""

    state: State = State()
    behind: Mapping[str, State] = field(default_factory=dict)


def wrong(tx: Connection, report: Report, limits: Limits, now: datetime) -> dict[str, str | None]:
    """What this run says of each alert: why it is raised, empty for what is well; left out what it cannot know.

    None: it is raised for a connection that the settings do not have any more.
    """
    found: dict[str, str | None] = {}
    if report.state == "interrupted":  # it did not come to see what is wrong, or over
        return found
    asked = [f"{name}: {each.message}" for name, each in report.connections.items() if each.state == "asked"]
    if asked or not {each.state for each in report.connections.values()} & {"failed", *NOT_READ}:
        found[WHOLE] = f"run {report.run} stopped to ask a person: {'; '.join(asked)}" if asked else ""  # all at once
    programme = database.programme(tx, report.programme).id
    table = schema.connections
    rows = {row.name: row for row in tx.execute(select(table).where(table.c.programme == programme))}
    for name, each in report.connections.items():
        if each.state not in NOT_READ:
            found[f"failed {name}"] = f"run {report.run} failed: {each.message}" if each.state == "failed" else ""
        row = rows.get(name)
        if each.state == "skipped" or (row is not None and row.filled is None):
            continue
        if each.state != "try later":
            found[late(name)] = ""
        elif (before := _late_before(tx, programme, name, report.run)) is not None:
            found[late(name)] = f"runs {before} and {report.run} did not come to their end: {each.message}"
        if row is not None:
            found |= _of_connection(tx, row, report, limits, now)
    raised = [name for name, is_raised in told(tx, programme).items() if is_raised and name != WHOLE]
    return found | {name: None for name in raised if name.partition(" ")[2] not in report.connections}


def but_of_first_fills(found: Mapping[str, str | None], report: Report) -> dict[str, str | None]:
    """What is told while connections are read whole for the first time: of these nothing but that it failed."""
    filling = {name for name, each in report.connections.items() if each.first_fill}

    def is_told(alert: str) -> bool:
        kind, _, connection = alert.partition(" ")
        return kind == "failed" or not (filling if alert == WHOLE else connection in filling)

    return {alert: detail for alert, detail in found.items() if is_told(alert)}


def told(tx: Connection, programme: int) -> dict[str, bool]:
    """Every alert that anybody was told of, by name: whether it is raised, as far as all were told."""
    table = operation.alerts
    rows = tx.execute(select(table).where(table.c.programme == programme))
    return {row.name: row.raised for row in rows if row.name.partition(" ")[0] in (WHOLE, *OF_A_CONNECTION)}


def vanished(report: Report) -> dict[str, str]:
    """What a reconciliation says: raised where it stopped to ask, left out where it did not come to its end."""
    return {
        f"vanished {name}": f"run {report.run}: {each.message}" if each.state == "asked" else ""
        for name, each in report.connections.items()
        if each.state in READ
    }


def _of_connection(tx: Connection, row: Row[Any], report: Report, limits: Limits, now: datetime) -> dict[str, str]:
    """What a run says of a connection that was read whole once."""
    each, found = report.connections[row.name], dict[str, str]()
    refused = rejects.count(tx, row.id)
    living = results.count_living(tx, row.id) if refused else 0
    over = more_than(limits.rejects, refused, of=living)
    found[f"rejects {row.name}"] = f"{refused} of {living} records are refused" if over else ""
    if each.used_today is not None and each.limit_today:
        low = more_than(limits.quota, each.used_today, of=each.limit_today)
        used = f"{each.used_today} of the {each.limit_today} calls of the day are used"
        found[f"quota {row.name}"] = used if low else ""
    last = _last_signal(tx, row.id)
    silent = last is not None and now - last > limits.silent
    # Nobody knows what comes in where nothing could be read.
    if not silent or each.state in READ:
        found[f"silent {row.name}"] = f"nothing came in since {last:%Y-%m-%d %H:%M} UTC" if silent else ""
    return found


def tell(
    ledger: Ledger, programme: str, found: Mapping[str, str | None], now: datetime, ways: Mapping[str, Way]
) -> list[Message]:
    """Send a message for each alert that changed, once each way; those that changed.

    What did not get through by one way is not taken for told there, and is tried again that way after the next run.
    """
    changed: list[Message] = []
    table = operation.alerts
    with ledger.begin() as tx:
        id_ = database.programme(tx, programme).id
        rows = tx.execute(select(table).where(table.c.programme == id_))
        known = {row.name: State(row.raised, row.since, row.detail) for row in rows}
    for name, detail in found.items():
        # A way that is behind has a row of its own: `mail: failed`.
        behind = {way: known[row] for way in ways if (row := f"{way}: {name}") in known}
        before = Told(known.get(name, State()), behind)

        end = "is over" if detail is not None else "its connection is no longer in the settings"

        def words(state: State, name: str = name, detail: str | None = detail, end: str = end) -> Message:
            return Message(name, bool(detail), detail or f"it began at {state.since:%Y-%m-%d %H:%M} UTC and {end}")

        after = deliver(before, State(bool(detail), now, detail or ""), ways, words)
        if after == before:
            continue
        if after.state != before.state:
            changed.append(words(before.state))
        rows_after = {name: after.state} | {f"{way}: {name}": state for way, state in after.behind.items()}
        values = [
            {"programme": id_, "name": row, "raised": state.raised, "since": state.since or now, "detail": state.detail}
            for row, state in rows_after.items()
        ]
        with ledger.begin() as tx:
            gone = [name, *(f"{way}: {name}" for way in ways)]
            tx.execute(delete(table).where(table.c.programme == id_, table.c.name.in_(gone)))
            tx.execute(insert(table), values)
    return changed


def deliver(before: Told, new: State, ways: Mapping[str, Way], words: Callable[[State], Message]) -> Told:
    """Send that an alert is raised now, or over, by each way that does not know it yet; what is told then.

    `words` makes the message for somebody who knows an earlier state.
    """
    known = {way: before.behind.get(way, before.state) for way in ways}
    owed = [way for way, state in known.items() if state.raised != new.raised]
    for way in owed:
        message = words(known[way])
        try:
            ways[way](message)
        except (OSError, ValueError) as error:
            log.warning("alert not sent: %s", type(error).__name__, extra={"alert": message.name, "way": way})
        else:
            known[way] = new
    # Where nobody is to be told, or nobody needs to be, it is remembered all the same.
    reached = not owed or new in known.values()
    state = new if new.raised != before.state.raised and reached else before.state
    return Told(state, {way: each for way, each in known.items() if each.raised != state.raised})


def _late_before(tx: Connection, programme: int, connection: str, run: int) -> int | None:
    """The run before this one, where that connection did not come to its end in it either."""
    table = schema.runs
    query = (
        select(table.c.id, table.c.report)
        .where(table.c.programme == programme, table.c.kind == "sync", table.c.id < run)
        .where(table.c.state != "interrupted")
        .order_by(table.c.id.desc())
        .limit(RUNS_BACK)
    )
    for row in tx.execute(query):
        state = row.report.get("connections", {}).get(connection, {}).get("state", "skipped")
        if state != "skipped":
            return int(row.id) if state == "try later" else None
    return None


def _last_signal(tx: Connection, connection: int) -> datetime | None:
    table = schema.signals
    # By the highest id: entries are made in the order of time, and an index leads there.
    query = select(func.max(table.c.id)).where(table.c.connection == connection)
    last = tx.execute(query).scalar_one()
    return None if last is None else tx.execute(select(table.c.recorded).where(table.c.id == last)).scalar_one()
