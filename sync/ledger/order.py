"""The order of sources as integers, so that columns count the signals of one day in the order of the plain reading.

The plain reading orders sources by connection, kind of object, length of the id and the id itself (HR06). Here an id is
split into its last nine characters, which are an integer, and its head; heads are few, are gathered from the rows, and
get ranks. So all ids of a ledger are never held at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scoring.kernel_ids import BITS, TAIL, split

Columns: TypeAlias = Mapping[str, Any]  # by name: connection, record; object, original and signal as dictionaries

MOST = 512  # heads that fit beside the tail into 63 bits
ANY = 0xFFFF  # the kind of an id of which only the connection is known
NONE = -1  # an order that is not there


class Head(NamedTuple):
    """What ids of one kind have in common; sorts as the ids do."""

    connection: str
    object: str
    length: int
    text: str


@dataclass(slots=True)
class Order:
    """What is known of the ids of a ledger; `missed` whether rows were met whose head has no rank yet.

    `names` are those of the connections, `orders` the signals that a refund may take back; without any, it may be all.
    """

    names: Mapping[int, str]
    orders: frozenset[str]
    missed: bool = False
    _heads: dict[int, tuple[int, Head]] = field(default_factory=dict)  # by fingerprint: the kind, and the head
    _kinds: dict[str, int] = field(default_factory=dict)
    _ordered: set[int] = field(default_factory=set)  # kinds of which orders are made, with their connection
    _ranks: tuple[NDArray[np.uint64], NDArray[np.int64]] | None = None
    _wanted: tuple[NDArray[np.uint64], NDArray[np.int64]] | None = None
    _lock: Lock = field(default_factory=Lock)

    def learn(self, columns: Columns) -> None:
        """Take note of the heads of these rows."""
        kinds = self._kinds_of(columns)
        tails, heads = _split(columns["record"], kinds)
        self._note(columns, kinds, heads, tails >= 0)
        self.settle()

    def settle(self) -> None:
        """Rank what has been noted: from now on nothing is missed."""
        heads = sorted(self._heads.items(), key=lambda item: item[1][1])
        fingerprints = np.array([fingerprint for fingerprint, _ in heads], np.uint64)
        places = np.arange(len(heads), dtype=np.int64)
        by = np.argsort(fingerprints)
        self._ranks = fingerprints[by], places[by]
        self._wanted = self._by_connection([head for _, head in heads])
        self.missed = False

    def encode(self, columns: Columns) -> tuple[Any, Any, NDArray[np.bool_]]:
        """Sources and originals as integers that compare as they should, and the rows that need the plain reading."""
        if self._ranks is None or self._wanted is None:
            self.settle()
        assert self._ranks is not None  # noqa: S101 - settled
        assert self._wanted is not None  # noqa: S101 - as above
        kinds = self._kinds_of(columns)
        tails, heads = _split(columns["record"], kinds)
        ranks, known = _find(self._ranks, heads)
        fresh = ~known & (tails >= 0)
        if self._note_orders(columns, kinds) or (fresh.any() and len(self._heads) <= MOST):
            self._note(columns, kinds, heads, fresh)
            self.missed = True
        strange = (tails < 0) | (ranks >= MOST) | ~known
        sources = np.where(strange, 0, ranks << BITS * TAIL | tails)
        originals, unclear = self._originals(columns, kinds, len(sources))
        return pa.array(sources), originals, strange | unclear

    def _originals(self, columns: Columns, kinds: NDArray[np.int32], rows: int) -> tuple[Any, NDArray[np.bool_]]:
        """The orders that refunds name: a record of that id, whatever kind of object it is, in the same connection."""
        originals = columns["original"]
        named = np.asarray(pc.not_equal(originals.dictionary, ""))[originals.indices.to_numpy()]
        unclear = np.zeros(rows, bool)
        if not named.any():
            return pa.nulls(rows, pa.int64()), unclear
        assert self._wanted is not None  # noqa: S101 - `encode` settled
        at = np.flatnonzero(named)
        tails, heads = _split(originals.take(pa.array(at)), kinds[at] | ANY)
        ranks, known = _find(self._wanted, heads)
        unclear[at] = known & ((ranks < 0) | (ranks >= MOST) | (tails < 0))
        found = np.full(rows, NONE)
        found[at] = np.where(known & ~unclear[at], ranks << BITS * TAIL | tails, NONE)
        return pa.array(found, mask=~named), unclear

    def _kinds_of(self, columns: Columns) -> NDArray[np.int32]:
        """Connection and kind of object of each row as one integer."""
        objects = columns["object"]
        with self._lock:
            numbers = [self._kinds.setdefault(each, len(self._kinds)) for each in objects.dictionary.to_pylist()]
        connections = columns["connection"].cast(pa.int32()).to_numpy(zero_copy_only=False)
        kinds = np.array(numbers, np.int32)[objects.indices.to_numpy()]
        return np.asarray(connections << 16 | kinds, np.int32)

    def _note(
        self, columns: Columns, kinds: NDArray[np.int32], heads: NDArray[np.uint64], which: NDArray[np.bool_]
    ) -> None:
        at = np.flatnonzero(which)
        fresh, first = np.unique(heads[at], return_index=True)
        with self._lock:
            for fingerprint, row in zip(fresh.tolist(), at[first].tolist(), strict=True):
                if fingerprint not in self._heads and len(self._heads) <= MOST:
                    record, kind = columns["record"][row].as_py(), int(kinds[row])
                    head = Head(self.names[kind >> 16], columns["object"][row].as_py(), len(record), record[:-TAIL])
                    self._heads[fingerprint] = kind, head
        self._note_orders(columns, kinds)

    def _note_orders(self, columns: Columns, kinds: NDArray[np.int32]) -> bool:
        """Whether orders come from a kind of object that gave none before."""
        if self.orders:
            signals = columns["signal"]
            ordered = np.asarray(pc.is_in(signals.dictionary, pa.array(sorted(self.orders))))
            kinds = kinds[ordered[signals.indices.to_numpy()]]
        found = set(pc.unique(pa.array(kinds)).to_pylist()) - self._ordered
        with self._lock:
            self._ordered |= found
        return bool(found)

    def _by_connection(self, heads: Iterable[tuple[int, Head]]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Ranks of those heads that orders have, by fingerprints of ids whose kind is not known; -1: of several."""
        ranks: dict[int, int] = {}
        for rank, (kind, head) in enumerate(heads):
            if kind in self._ordered:
                text = pa.array([head.text + "0" * (head.length - len(head.text))])
                fingerprint = int(_split(text, np.array([kind | ANY], np.int32))[1][0])
                ranks[fingerprint] = -1 if fingerprint in ranks else rank
        ordered = sorted(ranks.items())
        return np.array([each for each, _ in ordered], np.uint64), np.array([each for _, each in ordered], np.int64)


def _split(texts: Any, kinds: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    texts = texts.cast(pa.string())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    tails, heads = np.empty(len(texts), np.int64), np.empty(len(texts), np.uint64)
    split(ends, np.frombuffer(data, np.uint8) if data and len(data) else np.zeros(1, np.uint8), kinds, tails, heads)
    return tails, heads


def _find(
    known: tuple[NDArray[np.uint64], NDArray[np.int64]], heads: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The rank of each head, and whether it has one."""
    fingerprints, ranks = known
    if not len(fingerprints):
        return np.zeros(len(heads), np.int64), np.zeros(len(heads), bool)
    places = np.minimum(np.searchsorted(fingerprints, heads), len(fingerprints) - 1)
    return ranks[places], fingerprints[places] == heads
