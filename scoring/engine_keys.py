"""The subjects of a scoring by partition, sorted a piece at a time by as many threads as there are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scoring.engine_columns import NO_INTS, Column, keys
from scoring.kernel_pack import count_keys, scatter_keys

Each: TypeAlias = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]  # `map`, or by several threads

_PIECE = 1 << 17
_SHORT = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Keys:
    """The two words of each subject in pieces; the second of each is empty for integers, and where all are alike.

    `base` is the least of the first words and `span` how many there are up to the greatest; both 0 where these are
    texts, or do not fit in 32 bits. `common` is the second word of texts that have the same.
    """

    pieces: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
    base: int = 0
    span: int = 0
    common: int | None = None

    @classmethod
    def of(cls, found: Column, each: Each) -> "Keys":
        """Those of a column."""
        pieces = list(each(lambda at: keys(found.slice(at, _PIECE)), range(0, max(1, len(found)), _PIECE)))
        text = any(len(high) for _, high in pieces)
        edges = list(each(lambda piece: _edges(pieces[piece][text]), range(len(pieces))))
        if None in edges:
            return cls(pieces)
        least, greatest = min(edge[0] for edge in edges), max(edge[1] for edge in edges)
        if not text:
            return cls(pieces, least, greatest - least + 1) if greatest - least < _SHORT else cls(pieces)
        return cls([(low, NO_INTS) for low, _ in pieces], common=least) if least == greatest else cls(pieces)

    def __len__(self) -> int:
        return sum(len(low) for low, _ in self.pieces)

    @property
    def two(self) -> bool:
        """Whether both words tell who it is."""
        return any(len(high) for _, high in self.pieces)

    @property
    def text(self) -> bool:
        """Whether they are texts."""
        return self.two or self.common is not None

    def sorted(
        self, partitions: int, shift: int, each: Each
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """Where each partition begins; and by partition their first words less `base`, their second, and their rows."""
        firsts = np.cumsum([0, *(len(low) for low, _ in self.pieces)])
        counts = np.zeros((len(self.pieces), partitions), np.int64)
        chosen = [np.empty(len(low), np.uint16) for low, _ in self.pieces]
        finish(each(lambda k: count_keys(*self.pieces[k], self.base, shift, chosen[k], counts[k]), range(len(chosen))))
        starts = np.append(0, np.cumsum(counts.sum(axis=0)))
        cursors = starts[:-1] + np.cumsum(counts, axis=0) - counts
        rows = np.empty(len(self), np.int32)
        low = np.empty(len(self), np.int64)
        high = np.empty(len(self) if self.two else 0, np.int64)

        def scatter(k: int) -> int:
            return scatter_keys(*self.pieces[k], self.base, int(firsts[k]), chosen[k], cursors[k], low, high, rows)

        finish(each(scatter, range(len(chosen))))
        return starts, low, high, rows


def _edges(words: NDArray[np.int64]) -> tuple[int, int] | None:
    return (int(words.min()), int(words.max())) if len(words) else None


def finish(results: Iterable[object]) -> None:
    """Wait for each, and let the first failure through."""
    for _ in results:
        pass
