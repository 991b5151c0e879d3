"""What the calendar alone brings next to those whom the engine scored.

Points go on many more days than anything else happens, and change a balance only. What the engine foresaw of such
days (`scoring.engine_result.OUTLOOK`) is kept as a text, `2026-12-03:20 2026-12-09:10 2027-01-10`: the points that go
on each day, and last the day that it does not reach. So nobody's signals are read for it again, and an order that
comes in changes nothing of it before the next review. It holds as long as nobody is woken (`facts.wake`) and the rules
are the same; whoever is scored has it made anew. Days up to that of the last standing may stand before the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from sync.ledger import bulk
from sync.ledger.facts import forget_outlooks

LOST, NEXT = ":", " "
DAY = len("2026-12-03")
_ANEW = "INSERT OR REPLACE INTO outlooks (subject, says) VALUES (?, ?)"


def texts(outlooks: Any) -> Any:
    """A column of the engine as texts; empty where nothing is foreseen."""
    each = outlooks.combine_chunks() if isinstance(outlooks, pa.ChunkedArray) else outlooks
    days, lost = each.flatten().flatten()
    both = (column.cast(pa.string()) for column in (days, lost))
    said = pc.binary_join_element_wise(*both, LOST, null_handling="skip")
    return pc.binary_join(pa.ListArray.from_arrays(each.offsets, said), NEXT)


@dataclass(frozen=True, slots=True)
class Step:
    """What an outlook says of a day: the points that went since another one, and when something changes next."""

    lost: int
    next_change: date


def step(text: str, since: str, day: str) -> Step | None:
    """From the end of one day to that of another (ISO 8601); None if it begins later or does not reach it."""
    lost = None
    while text and text[:DAY] <= day:
        here, _, text = text.partition(NEXT)
        if here[:DAY] > since:
            lost = (lost or 0) + int(here[DAY + 1 :] or 0)
    return Step(lost, date.fromisoformat(text[:DAY])) if text and lost is not None else None


def ahead(text: str, day: str) -> str:
    """What an outlook says of the days after that one."""
    while text and text[:DAY] <= day:
        text = text.partition(NEXT)[2]
    return text


def keep(
    tx: Connection, day: date, subjects: Sequence[int], before: Sequence[str | None], after: Sequence[str]
) -> None:
    """The outlooks, as they were, if that was asked, and as they are, of subjects with a new standing of that day.

    What says the same of the days to come is not written again: days before the standing's are taken no more.
    """
    pairs = zip(subjects, before, after, strict=True)
    today = str(day)
    moved = [
        (subject, says)
        for subject, said, says in pairs
        if said is None or (said != says and ahead(said, today) != ahead(says, today))
    ]
    rows = [(subject, says) for subject, says in moved if says]
    if tx.dialect.name != "sqlite":
        forget_outlooks(tx, [subject for subject, _ in moved])
        bulk.copy(tx, "outlooks", ("subject", "says"), rows)
        return
    forget_outlooks(tx, [subject for subject, says in moved if not says])
    if rows:  # each is looked for once: to forget it and to enter it anew would be twice
        tx.exec_driver_sql(_ANEW, rows)
