"""Where scattered events wait for their partition: in memory, or in files that the caller gives.

Each piece of events arrives sorted by partition; `starts[piece, partition]` says where each part of it is.
"""

from collections.abc import Callable, Iterator
from ctypes import CDLL, c_int, c_size_t, c_void_p
from dataclasses import dataclass, field
from mmap import PAGESIZE
from threading import Lock, local
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.kernel_room import empty

Records: TypeAlias = NDArray[np.int32]  # (rows, width), as `kernel_pack` writes them


_POPULATE_WRITE = 23  # what Linux calls it since 5.14; elsewhere nothing comes of it
_system = CDLL(None)
_madvise = _system.madvise
_madvise.argtypes = (c_void_p, c_size_t, c_int)
_trim = getattr(_system, "malloc_trim", None)  # glibc's


def fetch_pages(array: NDArray[Any]) -> None:
    """Let the system find all pages of an array that is about to be filled: a third less than one by one as it is."""
    begin = array.__array_interface__["data"][0]
    first = -(-begin // PAGESIZE) * PAGESIZE
    if (size := begin + array.nbytes - first) >= PAGESIZE:
        _madvise(first, size, _POPULATE_WRITE)


def give_back() -> None:
    """Give the system the memory that nothing lies in any more: what was read left it in pieces.

    Else it stays this process's, which waits for its next run with the most that it ever held.
    """
    pa.default_memory_pool().release_unused()
    if _trim is not None:
        _trim(0)


class Scratch(local):
    """Each thread's room for one piece at a time, kept for the next: what is given back has to be filled anew."""

    def __init__(self) -> None:
        """Made anew in each thread."""
        self._kept: dict[tuple[str, Any], NDArray[Any]] = {}

    def of(self, name: str, rows: int, kind: Any, *, whole: bool = False) -> NDArray[Any]:
        """Room of that name for so many numbers, with whatever was in it before; `whole`: all of it will be filled."""
        found = self._kept.get((name, kind))
        if found is None or len(found) < rows:
            found = self._kept[name, kind] = empty(rows, kind)
            if whole:
                fetch_pages(found)
        return found[:rows]


@dataclass(frozen=True, slots=True)
class Layout:
    """What events have beside their words; `two`: both words of their keys, else only the first.

    `short`: that takes 32 bits, not 64; `wide`: an amount takes 64, not 32.
    """

    two: bool = False
    money: bool = False
    sources: bool = False
    short: bool = False
    wide: bool = False

    @property
    def widths(self) -> NDArray[np.int64]:
        """How many integers of 32 bits the key's second word, amount, source and original take."""
        return np.array([2 * self.two, (1 + self.wide) * self.money, 2 * self.sources, 2 * self.sources])

    @property
    def places(self) -> NDArray[np.int64]:
        """Where in a record those stand, 0 for what events do not have; last, if amounts are wide and keys short."""
        begin = self._before + np.cumsum(self.widths) - self.widths
        return np.append(np.where(self.widths > 0, begin, 0), [self.wide, self.short]).astype(np.int64)

    @property
    def width(self) -> int:
        """How many integers of 32 bits a record takes."""
        return self._before + int(self.widths.sum())

    def records(self, rows: int) -> Records:
        """Room for that many."""
        return empty((rows, self.width), np.int32)

    @property
    def _before(self) -> int:
        return 3 - self.short


@dataclass(frozen=True, slots=True)
class Group:
    """The events of the partitions `first` to `last` (exclusive), and where among them each piece's part lies."""

    first: int
    last: int
    records: Records
    starts: NDArray[np.int64]


@dataclass(slots=True)
class Memory:
    """All events in memory: one group. Pages of the room that is never filled are never used."""

    layout: Layout
    room: int
    partitions: int
    pieces: int
    records: Records = field(init=False)
    starts: NDArray[np.int64] = field(init=False)
    lock: Lock = field(default_factory=Lock)
    used: int = 0

    def __post_init__(self) -> None:
        self.records = self.layout.records(self.room)
        self.starts = np.zeros((self.pieces, self.partitions + 2), np.int64)  # the last holds what is of no subject

    def place(self, piece: int, starts: NDArray[np.int64]) -> tuple[Records, NDArray[np.int64]]:
        """Room for one piece: the records to scatter it into, and where among them each partition begins."""
        with self.lock:
            if self.used + int(starts[-1]) > self.room:
                raise ValueError(f"piece {piece} has more rows than it was said to have")
            first = self.used
            self.used += int(starts[-1])
        self.starts[piece] = first + starts
        fetch_pages(self.records[first : first + int(starts[-1])])
        return self.records, self.starts[piece][:-1].copy()

    def keep(self, piece: int, records: Records) -> None:
        """It is there already."""

    def close(self) -> None:
        """Nothing is open."""

    def groups(self) -> Iterator[Group]:
        """Everything at once."""
        yield Group(0, self.partitions, self.records, self.starts)


@dataclass(slots=True)
class Spill:
    """Events in one file for each group of partitions, read back a group at a time."""

    layout: Layout
    partitions: int
    pieces: int
    files: int
    make: Callable[[], BinaryIO]
    opened: list[BinaryIO] = field(init=False)
    locks: list[Lock] = field(init=False)
    counts: NDArray[np.int64] = field(init=False)
    order: list[list[int]] = field(init=False)
    scratch: Scratch = field(default_factory=Scratch)

    def __post_init__(self) -> None:
        self.files = min(self.files, self.partitions)
        self.opened = [self.make() for _ in range(self.files)]
        self.locks = [Lock() for _ in range(self.files)]
        self.counts = np.zeros((self.pieces, self.partitions + 2), np.int64)
        self.order = [[] for _ in range(self.files)]

    def place(self, piece: int, starts: NDArray[np.int64]) -> tuple[Records, NDArray[np.int64]]:
        """Room for one piece, the thread's own until its next one."""
        self.counts[piece] = starts
        rows, width = int(starts[-1]), self.layout.width
        return self.scratch.of("records", rows * width, np.int32).reshape(rows, width), starts[:-1].copy()

    def keep(self, piece: int, records: Records) -> None:
        """Write each group's part of the piece to its file."""
        width = self.partitions // self.files
        for number, file in enumerate(self.opened):
            first, last = self.counts[piece][[number * width, (number + 1) * width]]
            with self.locks[number]:
                self.order[number].append(piece)
                if last > first:
                    file.write(records[first:last].tobytes())

    def close(self) -> None:
        """Give the files up."""
        for file in self.opened:
            file.close()

    def groups(self) -> Iterator[Group]:
        """One group after the other; its file is closed when the next one is asked for."""
        self.scratch = Scratch()  # what the old one holds is not wanted any more
        width = self.partitions // self.files
        for number, file in enumerate(self.opened):
            first, last = number * width, (number + 1) * width
            lengths = self.counts[:, last] - self.counts[:, first]
            records = self.layout.records(int(lengths.sum()))
            starts = np.zeros((self.pieces, width + 1), np.int64)
            file.seek(0)
            at = 0
            for piece in self.order[number]:
                length = int(lengths[piece])
                starts[piece] = at + self.counts[piece, first : last + 1] - self.counts[piece, first]
                if length:
                    read = np.frombuffer(file.read(records[at : at + length].nbytes), np.int32)
                    records[at : at + length] = read.reshape(length, -1)
                at += length
            yield Group(first, last, records, starts)
            file.close()
