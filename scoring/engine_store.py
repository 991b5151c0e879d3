"""Where scattered events wait for their partition: in memory, or in files that the caller gives.

Each piece of events arrives sorted by partition; `starts[piece, partition]` says where in the arrays each part of it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.int64] | NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns events have beside their words."""

    text: bool = False
    money: bool = False
    sources: bool = False

    def arrays(self, rows: int) -> tuple[Array, ...]:
        """Room for that many: low, high, words, amounts, sources, originals; what events do not have is empty."""
        sizes = (True, self.text, True, self.money, self.sources, self.sources)
        kinds = (np.int64, np.int64, np.uint32, np.int64, np.int64, np.int64)
        return tuple(np.empty(rows if size else 0, kind) for size, kind in zip(sizes, kinds, strict=True))


@dataclass(frozen=True, slots=True)
class Group:
    """The events of the partitions `first` to `last` (exclusive): arrays, and where in them each piece's part lies."""

    first: int
    last: int
    arrays: tuple[Array, ...]
    starts: NDArray[np.int64]


@dataclass(slots=True)
class Memory:
    """All events in memory: one group. Pages of the room that is never filled are never used."""

    layout: Layout
    room: int
    partitions: int
    pieces: int
    arrays: tuple[Array, ...] = field(init=False)
    starts: NDArray[np.int64] = field(init=False)
    lock: Lock = field(default_factory=Lock)
    used: int = 0

    def __post_init__(self) -> None:
        self.arrays = self.layout.arrays(self.room)
        self.starts = np.zeros((self.pieces, self.partitions + 1), np.int64)

    def place(self, piece: int, starts: NDArray[np.int64]) -> tuple[tuple[Array, ...], NDArray[np.int64]]:
        """Room for one piece: the arrays to scatter it into, and where in them each partition begins."""
        with self.lock:
            if self.used + int(starts[-1]) > self.room:
                raise ValueError(f"piece {piece} has more rows than it was said to have")
            first = self.used
            self.used += int(starts[-1])
        self.starts[piece] = first + starts
        return self.arrays, self.starts[piece][:-1].copy()

    def keep(self, piece: int, arrays: tuple[Array, ...]) -> None:
        """It is there already."""

    def groups(self) -> Iterator[Group]:
        """Everything at once."""
        yield Group(0, self.partitions, self.arrays, self.starts)


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

    def __post_init__(self) -> None:
        self.files = min(self.files, self.partitions)
        self.opened = [self.make() for _ in range(self.files)]
        self.locks = [Lock() for _ in range(self.files)]
        self.counts = np.zeros((self.pieces, self.partitions + 1), np.int64)
        self.order = [[] for _ in range(self.files)]

    def place(self, piece: int, starts: NDArray[np.int64]) -> tuple[tuple[Array, ...], NDArray[np.int64]]:
        """Room for one piece, in arrays of its own."""
        self.counts[piece] = starts
        return self.layout.arrays(int(starts[-1])), starts[:-1].copy()

    def keep(self, piece: int, arrays: tuple[Array, ...]) -> None:
        """Write each group's part of the piece to its file."""
        width = self.partitions // self.files
        for number, file in enumerate(self.opened):
            first, last = self.counts[piece][[number * width, (number + 1) * width]]
            with self.locks[number]:
                self.order[number].append(piece)
                for array in arrays:
                    file.write(memoryview(array[first:last]).cast("B") if last > first and len(array) else b"")

    def groups(self) -> Iterator[Group]:
        """One group after the other; its file is closed when the next one is asked for."""
        width = self.partitions // self.files
        for number, file in enumerate(self.opened):
            first, last = number * width, (number + 1) * width
            lengths = self.counts[:, last] - self.counts[:, first]
            arrays = self.layout.arrays(int(lengths.sum()))
            starts = np.zeros((self.pieces, width + 1), np.int64)
            file.seek(0)
            at = 0
            for piece in self.order[number]:
                length = int(lengths[piece])
                starts[piece] = at + self.counts[piece, first : last + 1] - self.counts[piece, first]
                for array in arrays:
                    if length and len(array):
                        file.readinto(memoryview(array[at : at + length]).cast("B"))  # type: ignore[attr-defined] # every binary file has it
                at += length
            yield Group(first, last, arrays, starts)
            file.close()
