"""Steps 5 and 6 of a sync where many subjects move: signals in columns to the engine, standings in columns back.

What the columns do not hold is left to the plain reading, which comes afterwards (`sync.score`): subjects about whom
people decided, late corrections, and those of whom something changed that no number shows. Both ways enter the same.
"""

import gc
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import chain, pairwise
from queue import Queue
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection

from scoring.engine import Part, score, score_parts
from scoring.rules import Programme
from scoring.standing import standing
from sync import parquet_pages
from sync.ledger import Ledger, arrow, columns, outlook, scored
from sync.ledger.facts import Entry, settle
from sync.report import SHOWN
from sync.warm import note, warm

THREADS = 2  # that read everybody, or so many that it takes longer than the start of another reader
PIECE = 2_500  # subjects read at once by their numbers
FIRST = 500  # of them, which are waited for
PAGE = 10_000  # subjects entered at once
DENSE = 8  # where at least one subject in so many moves, all signals are read in the order they lie in
WIDE = 2_000_000  # signals from which on they wait on disk instead of in memory
SEVERAL = 10_000  # subjects of whom the signals are read by more than one
NAMED = SHOWN  # of those who moved most


@dataclass(slots=True)
class Scored:
    """What came of it: how many have a new standing, had none before, need attention, moved; who moved most.

    `left` are those who are still due. `most` holds (numbers that moved, by how much the expected coefficient did,
    subject, standing before).
    """

    subjects: int = 0
    first: int = 0
    attention: int = 0
    moved: int = 0
    left: list[int] = field(default_factory=list)
    most: list[tuple[int, int, int, int]] = field(default_factory=list)


def ready(programme: Programme, day: date) -> bool:
    """Whether the engine knows every rule of this programme; its loops are loaded then, or compiled for the first time.

    That may take a minute, which no transaction should wait for.
    """
    warm(programme, day)
    known = open_doors(programme, day)
    _settle()
    return known


def open_doors(programme: Programme, day: date) -> bool:
    """Go once through all that is compiled, with nobody; whether the engine knows every rule of this programme."""
    nobody = pa.table({"subject": pa.array([0], pa.int64())})
    known = not score(columns.nothing(), nobody, programme, day)["plain"][0].as_py()
    parquet_pages.open_doors()
    note()
    return known


@cache
def _settle() -> None:
    """What is loaded by now stays: to go through it for garbage takes as long as scoring some thousand subjects."""
    gc.freeze()


def score_many(tx: Connection, ledger: Ledger, entry: Entry, programme: Programme, day: date) -> Scored:
    """Score those who move by the engine and enter their standings, in this transaction; the others stay due."""
    found, made = Scored(), scored.Made(programme.label, day)
    with ExitStack() as stack:
        asks = [stack.enter_context(arrow.reader(ledger, tx))]  # it starts while it is found out who is due
        source = columns.Source.of(ledger, entry.programme, programme.takes_back.values(), tx)
        few = scored.count_subjects(tx) // DENSE
        due = scored.due(arrow.soon(tx, asks[0]), entry, day, most=few + 1)
        if dense := due.num_rows > few:
            due = scored.due(asks[0], entry, day)
        threads = THREADS if (dense or due.num_rows >= SEVERAL) and not ledger.private else 1
        asks += [stack.enter_context(arrow.reader(ledger, tx)) for _ in range(threads - 1)]
        readers: arrow.Readers = Queue()
        moving = due["subject"].to_numpy()
        apart = pa.array(sorted(scored.by_hand(tx, programme.rules.correction_years)), pa.int64())
        if len(apart):
            due = due.filter(pc.invert(pc.is_in(due["subject"], apart))).combine_chunks()
        executor = None if ledger.private else stack.enter_context(ThreadPoolExecutor(threads))
        scoring = _Scoring(programme, day, source, readers, executor)
        if dense:
            source.learn(asks[0])
        for ask in asks:
            readers.put(ask)
        standings = scoring.everybody(due) if dense else _some(scoring, due)
        entered = [_enter(tx, entry, _Page(table, due, programme), made, found) for table in standings]
    found.left = np.setdiff1d(moving, np.concatenate([moving[:0], *entered]), assume_unique=True).tolist()
    return found


def _some(scoring: "_Scoring", due: pa.Table) -> Iterator[pa.Table]:
    """What was foreseen of that day and what is scored, together in the order of subjects.

    A page of the ledger's file holds a hundred of them: so it is written once.
    """
    foreseen, unforeseen = scored.foreseen(due, scoring.day, scoring.programme.points_floor)
    begin = 0
    for table in scoring.some(unforeseen):
        if table.num_rows:
            end = int(np.searchsorted(foreseen["subject"].to_numpy(), table["subject"][-1].as_py()))
            yield from _pages(pa.concat_tables([foreseen.slice(begin, end - begin), table]).sort_by("subject"))
            begin = end
    yield from _pages(foreseen.slice(begin))


def _pages(table: pa.Table) -> Iterator[pa.Table]:
    return (table.slice(at, PAGE) for at in range(0, table.num_rows, PAGE))


@dataclass(frozen=True, slots=True)
class _Scoring:
    """Subjects who are due in, what the engine makes of them out, as `scored.entries`."""

    programme: Programme
    day: date
    source: columns.Source
    readers: arrow.Readers
    executor: ThreadPoolExecutor | None

    def everybody(self, due: pa.Table) -> Iterator[pa.Table]:
        """Of all signals, in the order they lie in."""
        spill = tempfile.TemporaryFile if self.source.last > WIDE else None

        def tables() -> Iterator[pa.Table]:
            return self._score(self.source.parts(self.readers), due, executor=self.executor, spill=spill)

        return complete(self.source, tables)

    def some(self, due: pa.Table) -> Iterator[pa.Table]:
        """Of their own signals alone; while one piece is scored and entered, the next ones are read."""
        last = due.num_rows
        edges = [0, *range(FIRST, last, PIECE), last] if last else []
        pieces = [due.slice(at, end - at) for at, end in pairwise(edges)]

        def read(piece: pa.Table) -> pa.Table:
            return self.source.of_some(self.readers, piece["subject"].to_pylist())

        read_ = (self.executor.map if self.executor else map)(read, pieces)  # threads begin at once
        each = (self._score([_held(events)], piece) for piece, events in zip(pieces, read_, strict=True))
        return chain.from_iterable(each)

    def _score(self, parts: Sequence[Part], due: pa.Table, **how: Any) -> Iterator[pa.Table]:
        """Without those that the plain reading must make: what the engine says of them stands for it."""
        unread = standing((), self.programme, self.day)
        subjects = due.select(["subject"])
        for table in score_parts(parts, subjects, self.programme, self.day, unread=unread, outlook=True, **how):
            yield scored.entries(table.filter(pc.invert(table["plain"])))


def _held(table: pa.Table) -> Part:
    return Part(table.num_rows, table.schema, lambda: table)


def complete(source: columns.Source, tables: Callable[[], Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """All tables; begun again if an id was met that the sample did not know of, before anything was made of it."""
    while True:
        each = tables()
        first = next(each, None)
        if not source.order.missed:
            break
        source.order.settle()
        del each, first  # as much as the next ones need
    if first is not None:
        yield first
        yield from each


class _Page:
    """Some standings beside what their subjects had before."""

    def __init__(self, after: pa.Table, due: pa.Table, programme: Programme) -> None:
        places = np.searchsorted(due["subject"].to_numpy(), after["subject"].to_numpy())
        self.before = due.take(pa.array(places))
        self.after = after
        self.moved = scored.differs(self.after, self.before)
        self.new = self.before["standing"].to_numpy() == 0
        calendar = np.asarray(self.before["by_day"]) | ~np.asarray(self.before["same"])
        self.fresh = self.new | calendar | self.moved
        self.attention = self.fresh & np.asarray(pc.greater(self.after["coefficient"], programme.attention))

    def most(self) -> list[tuple[int, int, int, int]]:
        """The largest moves."""
        at = np.flatnonzero(self.moved & ~self.new)
        before, after = self.before.take(pa.array(at)), self.after.take(pa.array(at))
        numbers = np.zeros(len(at), np.int64)
        for name in ("tier", "coefficient", "expected"):
            numbers += np.asarray(pc.not_equal(before[name], after[name]))
        by = np.abs(before["expected"].to_numpy() - after["expected"].to_numpy())
        largest = np.lexsort((by, numbers))[::-1][:NAMED]
        columns_ = (numbers, by, after["subject"].to_numpy(), before["standing"].to_numpy())
        return list(zip(*(each[largest].tolist() for each in columns_), strict=True))


def _enter(tx: Connection, entry: Entry, page: _Page, made: scored.Made, found: Scored) -> NDArray[np.int64]:
    """Enter what differs from before, and say of whom; who was woken and moved nowhere is left to the plain reading."""
    fresh, before = (each.filter(pa.array(page.fresh)) for each in (page.after, page.before))
    scored.store(tx, entry, fresh, made)
    settle(tx, before["subject"].filter(before["woken"]).to_pylist())
    subjects, after = fresh["subject"].to_pylist(), fresh["outlook"].to_pylist()
    asked = "outlook" in before.schema.names
    outlook.keep(tx, made.day, subjects, before["outlook"].to_pylist() if asked else [None] * len(subjects), after)
    found.subjects += int(page.fresh.sum())
    found.first += int(page.new.sum())
    found.attention += int(page.attention.sum())
    if moved := int((page.moved & ~page.new).sum()):
        found.moved += moved
        found.most = sorted([*found.most, *page.most()], reverse=True)[:NAMED]
    return np.asarray(fresh["subject"].to_numpy())
