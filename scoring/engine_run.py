"""One scoring, top to bottom: read and scatter the pieces, score the partitions, read the rest plainly."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import BinaryIO, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring import kernel_columns
from scoring.engine_columns import BadTable, Part, Table, column
from scoring.engine_events import Currencies, events_of
from scoring.engine_keys import Keys, finish
from scoring.engine_plain import PlainReading, Target, read_plainly
from scoring.engine_result import Labels, Result, blank, table
from scoring.engine_scorer import Scorer
from scoring.engine_store import Group, Layout, Memory, Scratch, Spill, give_back
from scoring.engine_subjects import fixed_of, flags_of, opened_of
from scoring.kernel_calendar import EPOCH
from scoring.kernel_law import Name, Param
from scoring.kernel_pack import (
    place_events,
    scatter_events,
    select_events,
)
from scoring.kernel_plan import AMOUNT_LIMIT, Plan
from scoring.kernel_subjects import Subjects
from scoring.rules import Rules

_SUBJECTS = 4096  # the state of so many stays in one core's cache
_MOST = 4096  # partitions
_JOBS = 512  # that threads take them in: handing one out costs a tenth of scoring it
_FILES = 64  # that a spill is spread over
_T = TypeVar("_T")
NOBODY = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Scattering:
    """How events find their partition: by the hash of their key, as `Keys` has it.

    `text`: it is one; None where there is nobody, so that it is not known.
    """

    text: bool | None
    base: int
    span: int
    common: int | None
    partitions: int
    shift: int


class _TooWide(Exception):
    """An amount does not fit in a record of this layout."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one scoring was given."""

    parts: Sequence[Part]
    table: Table
    plan: Plan
    openings: NDArray[np.int32]
    labels: Labels
    plain: PlainReading
    again: Sequence[Part]  # read once more by the plain reading
    executor: Executor | None
    outlook: bool

    def tables(self, spill: Callable[[], BinaryIO] | None) -> Iterator[Table]:
        """One table of all subjects in their order; with `spill` several, in the order of hashes."""
        keys = Keys.of(column(self.table, "subject"), self._each)
        if spill is not None:
            give_back()  # the column in one piece; sorting its keys needs as much
        partitions = 2
        while partitions < _MOST and partitions * _SUBJECTS < len(keys):
            partitions *= 2
        shift = 65 - partitions.bit_length()
        subjects = self._subjects(keys, partitions, shift)
        layout = Layout(
            keys.two, self.plan.needs_money, any("source" in part.schema.names for part in self.parts), keys.span > 0
        )
        scattering = Scattering(keys.text if len(keys) else None, keys.base, keys.span, keys.common, partitions, shift)
        del keys  # as large as the subjects, which have their own by now
        try:
            store = self._stored(layout, scattering, spill)
        except _TooWide:
            layout = replace(layout, wide=True)
            store = self._stored(layout, scattering, spill)
        if spill is not None:
            give_back()  # what reading left behind; scoring needs room of its own
        left: list[NDArray[np.int32]] = []
        with closing(store):
            for group in store.groups():
                mine, rows = (subjects, None) if spill is None else subjects.only(group.first, group.last)
                result, number = self._score(group, mine, layout)
                by_plain = NOBODY
                if number:
                    by_plain = np.flatnonzero(result[:, kernel_columns.STATUS] == kernel_columns.PLAIN).astype(np.int32)
                if rows is None:
                    yield self._table(self.table, result, self._read_plainly(result, by_plain, by_plain))
                else:
                    left.append(rows[by_plain])
                    kept = np.flatnonzero(result[:, kernel_columns.STATUS] != kernel_columns.PLAIN)
                    yield self._table(self.table.take(pa.array(rows[kept])), result[kept], {})
        if left and (rows := np.concatenate(left)).size:
            result = blank(len(rows), outlook=self.outlook)
            result[:, kernel_columns.STATUS] = kernel_columns.PLAIN
            statuses = self._read_plainly(result, np.arange(len(rows), dtype=np.int32), rows)
            yield self._table(self.table.take(pa.array(rows)), result, statuses)

    def _stored(self, layout: Layout, scattering: Scattering, spill: Callable[[], BinaryIO] | None) -> Memory | Spill:
        """All pieces read and scattered.

        Raises:
            _TooWide: an amount needs a wider layout.
        """
        store: Memory | Spill
        if spill is None:
            store = Memory(layout, sum(part.rows for part in self.parts), scattering.partitions, len(self.parts))
        else:
            store = Spill(layout, scattering.partitions, len(self.parts), _FILES, spill)
        currencies, scratch = Currencies(), Scratch()  # no longer than they are needed

        def scatter(piece: int) -> None:
            self._scatter(piece, store, currencies, scattering, scratch)

        try:
            finish(self._each(scatter, range(len(self.parts))))
        except BaseException:
            store.close()
            raise
        return store

    def _subjects(self, keys: Keys, partitions: int, shift: int) -> Subjects:
        return Subjects(
            *keys.sorted(partitions, shift, self._each),
            opened_of(self.table),
            fixed_of(self.table, self.plan.programme.fixed_review),
            self.openings,
            flags_of(self.table, "by_hand"),
        )

    def _each(self, work: Callable[[int], _T], numbers: Iterable[int]) -> Iterable[_T]:
        return map(work, numbers) if self.executor is None else self.executor.map(work, numbers)

    def _scatter(
        self, piece: int, store: Memory | Spill, currencies: Currencies, by: Scattering, scratch: Scratch
    ) -> None:
        """Read one piece and put its rows into their partitions."""
        found = events_of(self.parts[piece].piece(scratch), self.plan, currencies)
        if by.text is not None and (len(found.high) > 0) != by.text and len(found.low):
            raise BadTable("subject: integers here and texts there")
        rows = len(found.days)
        if store.layout.sources and rows and not len(found.sources):
            raise BadTable("source: in some pieces of the events only")
        words, chosen = scratch.of("words", rows, np.uint32), scratch.of("chosen", rows, np.int32)
        partition = scratch.of("partitions", rows, np.uint16)
        params = self.plan.law.params
        number = select_events(
            found.days, found.signals, found.liabilities, found.extras, found.kinds,
            params[Param.DAY], params[Param.CUTOFF], EPOCH, words, chosen,
        )  # fmt: skip
        starts = np.zeros(by.partitions + 2, np.int64)
        place_events(
            number, chosen, found.low, found.high, by.base, by.span, by.common is not None, by.common or 0, by.shift,
            partition, starts[1:],
        )  # fmt: skip
        np.cumsum(starts, out=starts)
        records, cursor = store.place(piece, starts)
        wider = scatter_events(
            number, chosen, found.low, found.high, by.base, words, found.amounts, found.valid, found.offset,
            self.plan.valued, AMOUNT_LIMIT, found.sources, found.originals, partition, cursor, store.layout.places,
            records,
        )  # fmt: skip
        if wider:
            raise _TooWide
        store.keep(piece, records)

    def _score(self, group: Group, subjects: Subjects, layout: Layout) -> tuple[Result, int]:
        """The result of the subjects of some partitions, by their rows; and how many are left to the plain reading."""
        names = self.plan.law.names
        result = blank(int(subjects.starts[-1]), outlook=self.outlook, each=self._each)
        rules = self.plan.programme.rules
        tied = isinstance(rules, Rules) and rules.factors.full == rules.factors.partial
        fading = int(np.max(np.where(names[:, Name.FADES], names[:, Name.EXPIRY], 1)))

        rows = np.diff(group.starts, axis=1).sum(axis=0)[: group.last - group.first]
        largest = int(rows.max(initial=0)), int(np.diff(subjects.starts).max(initial=0))
        events = (group.starts, group.records, layout.places, subjects)
        scorer = Scorer(events, largest, (self.plan.law, tied), fading, result)
        largest_first = np.argsort(rows)[::-1].tolist()  # so that no thread is left with it
        jobs = min(_JOBS, len(largest_first))
        return result, sum(self._each(lambda job: sum(map(scorer.score, largest_first[job::jobs])), range(jobs)))

    def _table(self, subjects: Table, result: Result, statuses: dict[int, str]) -> Table:
        return table(column(subjects, "subject"), result, statuses, self.labels, self._tiers, each=self._each)

    def _read_plainly(self, result: Result, places: NDArray[np.int32], rows: NDArray[np.int32]) -> dict[int, str]:
        """Fill in the rows of a result that are left to the plain reading; returns their statuses."""
        if not len(rows):
            return {}
        chosen = self.table.take(pa.array(rows))
        return read_plainly(self.again, chosen, self.plain, Target(result, places.tolist(), self.labels, self._tiers))

    @property
    def _tiers(self) -> list[str]:
        return [tier.name for tier in self.plan.programme.tiers]
