"""Standings in columns: who is due, with what they had before, and the rows of those who move."""

from dataclasses import dataclass
from datetime import UTC, date
from itertools import repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select, text

from sync.ledger import bulk, load_postgresql, outlook, schema
from sync.ledger.arrow import Read
from sync.ledger.facts import Entry

_NAME = pa.dictionary(pa.int16(), pa.string())  # tiers and statuses are few
DUE = pa.schema(
    [
        pa.field("subject", pa.int64()),
        pa.field("woken", pa.bool_()),  # something of theirs changed
        pa.field("by_day", pa.bool_()),  # the day moves them
        pa.field("standing", pa.int64()),  # the last one's number; 0: none
        pa.field("same", pa.bool_()),  # it was made under the same rules
        pa.field("coefficient", pa.int32()),
        pa.field("expected", pa.int32()),
        pa.field("points", pa.int32()),
        pa.field("tier", _NAME),
        pa.field("status", _NAME),
    ]
)
SEEN = pa.schema(
    [
        pa.field("since", pa.string()),  # the day of the last standing
        pa.field("outlook", pa.string()),  # what was foreseen of them; empty: nothing
    ]
)
"""Beside those, where few move."""

_COLUMNS = """
u.subject AS subject, CASE WHEN w.subject IS NULL THEN 0 ELSE 1 END AS woken,
CASE WHEN u.due <= '{day}' THEN 1 ELSE 0 END AS by_day, coalesce(u.standing, 0) AS standing,
CASE WHEN t.rules = {rules} THEN 1 ELSE 0 END AS same,
coalesce(t.coefficient, 0) AS coefficient, coalesce(t.expected, 0) AS expected, coalesce(t.points, 0) AS points,
coalesce(t.tier, '') AS tier, coalesce(t.status, '') AS status {seen}
"""
_HERE = "u.programme = {programme} AND EXISTS (SELECT 1 FROM contacts AS c WHERE c.subject = u.subject AND NOT c.gone)"
_BESIDE = "LEFT JOIN standings AS t ON t.id = u.standing {outlooks}"
# What was foreseen is read where few move: of everybody it would be a hundred megabytes.
_FORESEEN = {
    "seen": ", coalesce(CAST(t.day AS TEXT), '') AS since, coalesce(o.says, '') AS outlook",
    "outlooks": "LEFT JOIN outlooks AS o ON o.subject = u.subject",
}
_UNASKED = {"seen": "", "outlooks": ""}
# Those whom the day or the rules move are found by going through everybody, who was woken beside them by their numbers.
_DUE = f"""
SELECT * FROM (
SELECT {_COLUMNS} FROM current AS u LEFT JOIN woken AS w ON w.subject = u.subject {_BESIDE}
WHERE {_HERE} AND (u.due <= '{{day}}' OR u.rules IS NULL OR u.rules <> {{rules}}) {{limit}}
) AS moving UNION ALL
SELECT {_COLUMNS} FROM woken AS w CROSS JOIN current AS u {_BESIDE}
WHERE u.subject = w.subject AND {_HERE} AND (u.due IS NULL OR u.due > '{{day}}') AND u.rules = {{rules}}
"""  # noqa: S608 - numbers and days alone are put in
_RULES = "(SELECT rules FROM runs WHERE id = {run})"
# The database counts in UTC, or in its session's zone: late (art. 8) is more than a day later than this, in any zone.
_LATE = {
    "sqlite": "e.recorded > datetime(min(e.on_day, b.on_day), '+{days} days')",
    "postgresql": "e.recorded > least(e.on_day, b.on_day) + {days}",
}
_CORRECTED = """
SELECT DISTINCT c.subject FROM signals AS e {by_index} CROSS JOIN signals AS b CROSS JOIN contacts AS c
WHERE e.replaces IS NOT NULL AND b.id = e.replaces AND c.connection = e.connection AND c.record = e.contact
AND NOT e.initial AND {late}
"""
# What was carried over and is no more: whether that came in time depends on the first review, not on its own day.
_TAKEN_BACK = """
SELECT DISTINCT c.subject FROM signals AS e {by_index} CROSS JOIN contacts AS c
WHERE e.replaces IS NOT NULL AND e.withdrawn AND e.carried IS NOT NULL
AND c.connection = e.connection AND c.record = e.contact
"""
_DECIDED = "SELECT DISTINCT c.subject FROM decisions AS d CROSS JOIN contacts AS c WHERE c.id = d.contact"
# Some of many subjects are found by their key: the planner, who knows nothing of a table that was just made, would go
# through everybody for each piece.
_BY_KEY = ("enable_hashjoin", "enable_mergejoin")
_ROWS = "id, run, recorded, subject, day, coefficient, expected, points, tier, status, rules, breakdown"
_KEPT = ("subject", "coefficient", "expected", "points", "tier", "status")


def due(ask: Read, entry: Entry, day: date, *, most: int | None = None) -> pa.Table:
    """Who moves on that day, by subject, as `DUE`: everybody, or with `most` also what was foreseen of them (`SEEN`).

    Of more than so many these are not all.
    """
    rules = _RULES.format(run=entry.run)
    more = {"limit": "", **_UNASKED} if most is None else {"limit": f"LIMIT {most}", **_FORESEEN}
    schema_ = DUE if most is None else pa.schema([*DUE, *SEEN])
    query = _DUE.format(rules=rules, programme=entry.programme, day=day, **more)
    batches = [
        pa.record_batch([batch[field.name].cast(field.type) for field in schema_], schema=schema_)
        for batch in ask(query)
    ]
    found = pa.Table.from_batches(batches, schema_).combine_chunks()
    del batches  # of everybody they are as large as what is made of them
    return found if _is_sorted(found["subject"].to_numpy()) else found.sort_by("subject").combine_chunks()


def _is_sorted(subjects: NDArray[np.int64]) -> bool:
    return bool((subjects[:-1] < subjects[1:]).all())


def by_hand(tx: Connection, correction_years: int) -> set[int]:
    """Who needs the plain reading: people decided about them, or a correction may be too late (art. 8)."""
    late = _LATE[tx.dialect.name].format(days=365 * correction_years)
    # Few entries replace another one; without statistics SQLite would go through all of them.
    by_index = "INDEXED BY signals_replaces" if tx.dialect.name == "sqlite" else ""
    queries = (query.format(late=late, by_index=by_index) for query in (_DECIDED, _TAKEN_BACK, _CORRECTED))
    return {subject for query in queries for subject in tx.execute(text(query)).scalars()}


def is_alone(tx: Connection, entry: Entry) -> bool:
    """Whether no other run has entered, or can yet enter, what this one's instant does not cover."""
    runs = schema.runs
    other = (runs.c.programme == entry.programme) & (runs.c.id != entry.run)
    beside = other & ((runs.c.state == "running") | (runs.c.started >= entry.at))
    return tx.execute(select(runs.c.id).where(beside).limit(1)).first() is None


@dataclass(frozen=True, slots=True)
class Made:
    """Under which rules standings were made, and for which day."""

    rules: str
    day: date


def store(tx: Connection, entry: Entry, fresh: pa.Table, made: Made) -> None:
    """Enter standings of these subjects, which `next_change` too says of, and make them theirs."""
    if fresh.num_rows:
        fresh = fresh.sort_by("subject")
        (_sqlite if tx.dialect.name == "sqlite" else _postgresql)(tx, entry, fresh, made)


def _sqlite(tx: Connection, entry: Entry, fresh: pa.Table, made: Made) -> None:
    instant, day = f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}", str(made.day)
    subjects, *shown = (fresh[name].to_pylist() for name in _KEPT)
    ids = bulk.numbers(tx, schema.standings, fresh.num_rows)
    # What all rows have in common is repeated; the columns of each row end with the shortest.
    run, at, on, rules, unsaid = map(repeat, (entry.run, instant, day, made.rules, "null"))
    rows = list(zip(ids, run, at, subjects, on, *shown, rules, unsaid, strict=False))
    places = ", ".join("?" * len(rows[0]))
    tx.exec_driver_sql(f"INSERT INTO standings ({_ROWS}) VALUES ({places})", rows)  # noqa: S608 - our own names
    changes = fresh["next_change"].cast(pa.string()).to_pylist()
    moved = list(zip(ids, rules, changes, subjects, strict=False))
    tx.exec_driver_sql("UPDATE current SET standing = ?, rules = ?, due = ? WHERE subject = ?", moved)


def _postgresql(tx: Connection, entry: Entry, fresh: pa.Table, made: Made) -> None:
    ids = pa.array(bulk.numbers(tx, schema.standings, fresh.num_rows), pa.int64())
    same = {
        "run": pa.scalar(entry.run),
        "recorded": pa.scalar(entry.at, pa.timestamp("us", "UTC")),
        "day": pa.scalar(made.day),
        "rules": pa.scalar(made.rules),
        "breakdown": pa.scalar("null"),
    }
    rows = {"id": ids, **{name: fresh[name] for name in _KEPT}}
    rows |= {name: pa.repeat(value, fresh.num_rows) for name, value in same.items()}
    load_postgresql.copy_in(tx, "standings", iter([pa.table(rows)]))
    tx.exec_driver_sql(
        "CREATE TEMPORARY TABLE IF NOT EXISTS moved (subject integer, standing integer, due date) ON COMMIT DROP"
    )
    moved = pa.table({"subject": fresh["subject"], "standing": ids, "due": fresh["next_change"]})
    load_postgresql.copy_in(tx, "moved", iter([moved]))
    for setting in _BY_KEY:
        tx.exec_driver_sql(f"SET LOCAL {setting} = off")
    tx.execute(
        text(
            "UPDATE current SET standing = moved.standing, rules = :rules, due = moved.due "
            "FROM moved WHERE moved.subject = current.subject"
        ),
        {"rules": made.rules},
    )
    for setting in _BY_KEY:
        tx.exec_driver_sql(f"RESET {setting}")
    tx.exec_driver_sql("DROP TABLE moved")


def plain_columns(table: pa.Table) -> pa.Table:
    """What the engine made, in the types of `DUE`, names as texts, and `next_change`."""
    kept = {name: table[name].cast(_plain(DUE.field(name).type)) for name in _KEPT}
    return pa.table(kept | {"next_change": table["next_change"]}).combine_chunks()


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def entries(table: pa.Table) -> pa.Table:
    """The same, and the outlook as it is kept."""
    return plain_columns(table).append_column("outlook", outlook.texts(table["outlook"]))


def foreseen(due: pa.Table, day: date, floor: int | None) -> tuple[pa.Table, pa.Table]:
    """What was foreseen of that day, as `entries`; and those who are due of whom nothing was.

    A balance is shown with that floor: points that go from below it are not missed.
    """
    holds = pc.and_(pc.invert(due["woken"]), due["same"]).to_pylist()
    said = zip(due["outlook"].to_pylist(), due["since"].to_pylist(), holds, strict=True)
    steps = [outlook.step(text, since, str(day)) if held else None for text, since, held in said]
    found = [each for each in steps if each is not None]
    reached = pa.array([each is not None for each in steps], pa.bool_())
    known = due.filter(reached)
    points = pc.subtract(known["points"], pa.array([each.lost for each in found], pa.int32()))
    if floor is not None:
        points = pc.max_element_wise(points, pa.scalar(floor, pa.int32()))
    changes = pa.array([each.next_change for each in found], pa.date32())
    moved = known.set_column(known.schema.get_field_index("points"), DUE.field("points"), points)
    moved = plain_columns(moved.append_column("next_change", changes))
    rest = due.filter(pc.invert(reached)).combine_chunks()
    return moved.append_column("outlook", known["outlook"].combine_chunks()), rest


def differs(after: pa.Table, before: pa.Table) -> NDArray[np.bool_]:
    """Which rows show other numbers than the standing before."""
    found = np.zeros(after.num_rows, bool)
    for name in _KEPT[1:]:
        found |= np.asarray(pc.not_equal(after[name], before[name]))
    return found


def count_subjects(tx: Connection) -> int:
    """How many subjects this ledger has."""
    return int(tx.execute(select(func.count()).select_from(schema.current)).scalar_one())
