"""Columns of a Parquet row group as the arrays that scoring wants, in half the time that Arrow takes to make columns.

Compiled loops read the pages (`scoring.kernel_values`), unpacked by themselves (`sync.zstd`) or by Arrow. A column that
is kept in another way than most are (another encoding or type, pages of the second version) is left to Arrow; so is
one that is broken.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.engine_columns import NO_INTS, Coded
from scoring.engine_store import Scratch
from scoring.kernel_pack import NO_AMOUNT
from scoring.kernel_pages import DICTIONARY, ENCODING, KIND, SIZE, VALUES, pages
from scoring.kernel_values import (
    NEW_PLACES,
    PLACES,
    PLAIN,
    SLACK,
    UNPACKED,
    Unpacking,
    after,
    numbers,
    texts,
    unpack,
)
from sync import zstd
from sync.parquet_codec import CODECS, unpacked

_PAGES, _LINE = 8192, 6  # of a column in one row group, at most; what is known of each
_DEPTH = 16  # of the structures in a page's header
_BATCH = 1 << 18  # bytes that Arrow unpacks before they are read: a core's cache holds them
_FAR = 1 << 62
_IN_DICTIONARY = (PLACES, NEW_PLACES)
_NAMES = 4096  # different texts of signals and liabilities, at most
_PLACES = 1 << 20  # values in a dictionary, at most
_NOTHING = np.empty(0, np.uint8)

_Lines: TypeAlias = NDArray[np.int64]  # one a page, as `kernel_pages` has them
_Batch: TypeAlias = tuple[Unpacking, NDArray[np.uint64], NDArray[np.uint8], _Lines]  # its words, bytes, and pages
_Known: TypeAlias = tuple[NDArray[Any], int]  # a dictionary, as long as its places can say; and how many values it has


class _Odd(Exception):
    """A column that is Arrow's to read, or to refuse."""


def arrays_of(file: Any, metadata: Any, number: int, columns: Collection[str], scratch: Scratch) -> dict[str, Any]:
    """What could be read of some columns of a row group, as `engine_columns.Piece` has it.

    `file` is all of it as one of Arrow's buffers.
    """
    group, schema = metadata.row_group(number), metadata.schema
    types = schema.to_arrow_schema()
    found: dict[str, Any] = {}
    for place, name in enumerate(schema.names):
        read = _READ.get(name) if name in columns else None
        if read is not None:
            try:
                found[name] = read(_Chunk.of(file, group, place, schema.column(place), scratch), types.field(name).type)
            except (_Odd, OSError, MemoryError, pa.ArrowException):
                continue
    return found


def open_doors() -> None:
    """Go once through all that is compiled here, with nothing."""
    words, lines = np.zeros(0, np.uint64), np.zeros((0, _LINE), np.int64)
    pages(_NOTHING, 0, 0, np.zeros(_DEPTH, np.int64), lines)
    unpack(UNPACKED, lines)
    texts(UNPACKED, words, _NOTHING, lines, 0, _NOTHING, NO_INTS, NO_INTS)
    for kind in (np.int32, np.int64):
        numbers(UNPACKED, words, _NOTHING, lines, 0, np.zeros(0, kind), 0, 0, _NOTHING, np.zeros(0, kind))


@dataclass(frozen=True, slots=True)
class _Chunk:
    """One column of a row group: its name, where it lies in the file, and how it is packed."""

    file: Any
    begin: int
    end: int
    codec: str | None  # None: it is not packed
    unpacker: zstd.Unpacker | None  # that the loops call
    name: str
    physical: str  # type of its values
    optional: bool  # whether rows may be without a value
    rows: int
    scratch: Scratch

    @classmethod
    def of(cls, file: Any, group: Any, place: int, column: Any, scratch: Scratch) -> "_Chunk":
        """The column of that place; `column` is what the file's schema says of it."""
        found = group.column(place)
        nested = column.max_repetition_level > 0 or column.max_definition_level > 1 or column.path != column.name
        begin = found.data_page_offset
        if found.has_dictionary_page and found.dictionary_page_offset:
            begin = min(begin, found.dictionary_page_offset)
        end = begin + found.total_compressed_size
        if nested or found.compression not in CODECS or not 0 <= begin <= end <= file.size:
            raise _Odd
        codec = CODECS[found.compression]
        return cls(
            file,
            begin,
            end,
            codec,
            zstd.unpacker() if codec == "zstd" else None,
            column.name,
            column.physical_type,
            column.max_definition_level == 1,
            group.num_rows,
            scratch,
        )

    def integers(self, kind: Any, missing: int | None = None) -> NDArray[Any]:
        """The number of each row, as it stands in the file; `missing` where it has none, if it may."""
        if self.physical != f"INT{8 * np.dtype(kind).itemsize}":
            raise _Odd
        words, lines = self._pages(_PLACES)
        known = self._padded("dictionary", np.zeros(1, kind))
        if words is not None:
            number, size = int(words[0, VALUES]), int(words[0, SIZE])
            if number * np.dtype(kind).itemsize > size:
                raise _Odd
            known = self._padded("dictionary", self._dictionary(words).view(kind)[:number])
        out = self.scratch.of(self.name, self.rows, kind, whole=True)
        self._fill(lines, known, missing, out)
        return out

    def coded(self, *, missing: bool) -> Coded:
        """The place of each row's text in a list of texts, one more than the list is long where it has none."""
        words, lines = self._pages(_NAMES)
        if words is None or (lines[:, ENCODING] == PLAIN).any():
            raise _Odd
        data = self._dictionary(words)[: words[0, SIZE]].tobytes()
        names: list[str | None] = list(_texts(data, int(words[0, VALUES])))
        out = self.scratch.of(self.name, self.rows, np.int32, whole=True)
        places = self._padded("places", np.arange(len(names), dtype=np.int32))
        self._fill(lines, places, len(names) if missing else None, out)
        return out, names

    def keys(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The two words of each row's text (`kernel_pack.text_keys`)."""
        words, lines = self._pages(_PLACES)
        low, high = (self.scratch.of(name, self.rows, np.int64, whole=True) for name in ("low", "high"))
        there = self.scratch.of("there", self.rows, np.uint8)
        known: list[_Known] = []
        if words is not None:
            some = np.empty((2, words[0, VALUES]), np.int64)
            if texts(*self._batch(words), 0, _NOTHING, *some) < words[0, VALUES]:
                raise _Odd
            known = [self._padded(name, each) for name, each in zip(("lows", "highs"), some, strict=True)]
        for lines_, first, last in self._batches(lines):
            batch = self._batch(lines_)
            if lines_[0, ENCODING] == PLAIN:
                found = [texts(*batch, self.optional, there[first:last], low[first:last], high[first:last])]
            else:
                found = [
                    numbers(*batch, self.optional, *each, 0, there[first:last], out[first:last])
                    for each, out in zip(known, (low, high), strict=bool(known))
                ]
            if min(found, default=0) < last - first:
                raise _Odd
        return low, high

    def _fill(self, lines: _Lines, known: _Known, missing: int | None, out: NDArray[Any]) -> None:
        """The numbers of all pages."""
        there = self.scratch.of("there", self.rows, np.uint8)
        for some, first, last in self._batches(lines):
            batch = self._batch(some)
            number = numbers(*batch, self.optional, *known, missing or 0, there[first:last], out[first:last])
            if number < (last - first if missing is None else 0):
                raise _Odd

    def _pages(self, most: int) -> tuple[_Lines | None, _Lines]:
        """The line of the dictionary, if there is one (of so many values at most), and those of all other pages."""
        room = self.scratch.of("lines", _PAGES * _LINE, np.int64).reshape(_PAGES, _LINE)
        number = pages(np.frombuffer(self.file, np.uint8), self.begin, self.end, np.zeros(_DEPTH, np.int64), room)
        found = room[: max(0, number)]
        first = int(len(found) > 0 and found[0, KIND] == DICTIONARY)
        words, lines = found[:first], found[first:]
        if lines[:, VALUES].sum() != self.rows or (lines[:, KIND] == DICTIONARY).any():
            raise _Odd
        if not first:
            if np.isin(lines[:, ENCODING], _IN_DICTIONARY).any():
                raise _Odd
            return None, lines
        if words[0, VALUES] > most or words[0, ENCODING] not in (PLAIN, PLACES):
            raise _Odd
        words[:, ENCODING] = PLAIN  # which old files call by another name
        return words, lines

    def _batches(self, lines: _Lines) -> Iterator[tuple[_Lines, int, int]]:
        """Pages of one encoding that are read together, and which rows these are."""
        last = np.cumsum(lines[:, VALUES])
        full = np.cumsum(lines[:, SIZE]) // (_BATCH if self.unpacker is None else _FAR)
        cuts = np.flatnonzero(np.diff(full) | np.diff(lines[:, ENCODING])) + 1
        for begin, end in pairwise([0, *cuts.tolist(), len(lines)]):
            if begin < end:
                yield lines[begin:end], int(last[begin - 1]) if begin else 0, int(last[end - 1])

    def _dictionary(self, words: _Lines) -> NDArray[np.uint8]:
        """The page of the dictionary."""
        unpacking, _, data, _ = self._batch(words)
        if unpacking.function and not unpack(unpacking, words):
            raise _Odd
        return data

    def _batch(self, lines: _Lines) -> _Batch:
        """Pages as the loops want them: with room for one where they unpack them, else all unpacked by Arrow."""
        if self.unpacker is None:
            return self._unpacked(lines)
        words = self.scratch.of("page", (int(lines[:, SIZE].max()) + SLACK + 7) // 8, np.uint64)
        return self.unpacker.into(words, self.file.address), words, words.view(np.uint8), lines

    def _unpacked(self, lines: _Lines) -> _Batch:
        """Pages one after the other."""
        size = sum(after.function(size) for size in lines[:, SIZE].tolist())
        words = self.scratch.of("pages", max(size, 4 * _BATCH) // 8, np.uint64)
        data = words.view(np.uint8)
        at = 0
        for _, begin, length, size, *_ in lines.tolist():
            body = unpacked(self.codec, self.file.slice(begin, length), size)
            if body is None:
                raise _Odd
            data[at : at + size] = np.frombuffer(body, np.uint8)
            at = after.function(at + size)
        return UNPACKED, words, data, lines

    def _padded(self, name: str, values: NDArray[Any]) -> _Known:
        """A dictionary, in the thread's room of that name; some write a place with a bit more than it needs."""
        found = self.scratch.of(name, 1 << len(values).bit_length(), values.dtype)
        found[: len(values)] = values
        return found, len(values)


def _subject(chunk: _Chunk, kind: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if pa.types.is_int64(kind):
        return chunk.integers(np.int64), NO_INTS
    if pa.types.is_string(kind):
        return chunk.keys()
    raise _Odd


def _on(chunk: _Chunk, kind: Any) -> NDArray[np.int32]:
    if not pa.types.is_date32(kind):
        raise _Odd
    return chunk.integers(np.int32)


def _amount(chunk: _Chunk, kind: Any) -> NDArray[np.int64]:
    if not pa.types.is_int64(kind):
        raise _Odd
    return chunk.integers(np.int64, NO_AMOUNT)


def _text(chunk: _Chunk, kind: Any) -> Coded:
    if not pa.types.is_string(kind.value_type if pa.types.is_dictionary(kind) else kind):
        raise _Odd
    return chunk.coded(missing=chunk.name == "liability")


_READ: dict[str, Callable[[_Chunk, Any], Any]] = {
    "subject": _subject, "on": _on, "signal": _text, "liability": _text, "amount": _amount,
}  # fmt: skip


def _texts(data: bytes, number: int) -> Iterator[str]:
    """The texts of a dictionary: the length of each, then its letters."""
    at = 0
    for _ in range(number):
        begin = at + 4
        at = begin + int.from_bytes(data[at:begin], "little")
        if at > len(data):
            raise _Odd
        try:
            yield data[begin:at].decode()
        except UnicodeDecodeError as error:
            raise _Odd from error
