"""The time zones of a programme: what is its own now, and which one was in force when something was recorded.

The settings may name another zone later. What was recorded until then keeps the day it had, and what was judged by it
(art. 8) stays; so does what was recorded before version 12 of the ledger, when it was dated in UTC.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from scoring.recorded import at_its_offset
from sync.ledger import schema

INSTANT = timedelta(microseconds=1)  # the least that a database tells apart


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of a programme in order, and since when each is in force; what was before that is the first one's."""

    zones: tuple[ZoneInfo, ...]
    since: tuple[datetime, ...]

    @property
    def present(self) -> ZoneInfo:
        """The one in force now."""
        return self.zones[-1]

    def local(self, instant: datetime) -> datetime:
        """The instant in the zone that was in force then: its date is the day that it was there."""
        zone = self.zones[max(bisect_right(self.since, instant) - 1, 0)]
        return at_its_offset(instant.astimezone(zone), "an instant")

    def end(self, day: date) -> datetime:
        """The last instant of a day, or of what there was of it before another zone came into force."""
        ends = ((_end(day, zone), since, until) for zone, since, until in self.spans())
        return next(
            end if until is None else min(end, until - INSTANT)
            for end, since, until in ends
            if since is None or since <= end
        )

    def spans(self) -> Iterator[tuple[ZoneInfo, datetime | None, datetime | None]]:
        """Each zone with when it came into force and the instant before which it was, the present one first.

        One that another took over from at once never was.
        """
        edges = [None, *self.since[1:], None]
        each = [(zone, *edge) for zone, edge in zip(self.zones, pairwise(edges), strict=True)]
        return ((zone, since, until) for zone, since, until in reversed(each) if since is None or since != until)


UNSETTLED = Zones((ZoneInfo("UTC"),), (datetime.min.replace(tzinfo=UTC),))  # before the first contact


def of(tx: Connection, programme: str) -> Zones:
    """Those of a programme, by its name."""
    table = schema.programmes
    id_ = tx.execute(select(table.c.id).where(table.c.name == programme)).scalar_one_or_none()
    return every(tx).get(id_ or 0, UNSETTLED)


def every(tx: Connection) -> dict[int, Zones]:
    """Those of all programmes that have settled one, by their numbers."""
    table = schema.zones
    found: dict[int, list[tuple[ZoneInfo, datetime]]] = {}
    for row in tx.execute(select(table).order_by(table.c.id)):
        found.setdefault(row.programme, []).append((ZoneInfo(row.time_zone), row.since))
    return {programme: Zones(*zip(*rows, strict=True)) for programme, rows in found.items()}


def dating(tx: Connection) -> dict[int, Zones]:
    """The same, as what was recorded is dated by them: in UTC, where that was before version 12."""
    table = schema.programmes
    found = every(tx)
    dated = select(table.c.id, table.c.dated_in_utc).where(table.c.dated_in_utc.is_not(None))
    for programme, last in tx.execute(dated):
        known = found[programme]
        since = (known.since[0], last + INSTANT, *known.since[1:])
        found[programme] = Zones((*UNSETTLED.zones, *known.zones), since)
    return found


def enter(tx: Connection, programme: int, zone: str, since: datetime) -> None:
    """From then on the programme's days are those of that zone."""
    tx.execute(insert(schema.zones).values(programme=programme, since=since, time_zone=zone))


def _end(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC) - INSTANT
