"""Columns of a Parquet row group as the arrays that scoring wants, in half the time that Arrow takes to make columns.

Arrow unpacks the pages, compiled loops read them (`scoring.kernel_values`). A column that is kept in another way than
most are (another encoding or type, pages of the second version) is left to Arrow; so is one that is broken.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.engine_columns import NO_INTS, Coded
from scoring.engine_store import Scratch
from scoring.kernel_pack import NO_AMOUNT
from scoring.kernel_pages import BEGIN, DICTIONARY, ENCODING, KIND, LENGTH, SIZE, VALUES, pages
from scoring.kernel_values import PLAIN, after, numbers, texts

_CODECS = {"UNCOMPRESSED": None, "SNAPPY": "snappy", "GZIP": "gzip", "BROTLI": "brotli", "ZSTD": "zstd"}
_PAGES, _LINE = 8192, 6  # of a column in one row group, at most; what is known of each
_DEPTH = 16  # of the structures in a page's header
_BATCH = 1 << 18  # bytes that are unpacked before they are read: a core's cache holds them
_NAMES = 4096  # different texts of signals and liabilities, at most
_PLACES = 1 << 20  # values in a dictionary, at most
_NOTHING = np.empty(0, np.uint8)

_Line: TypeAlias = list[int]  # of one page, as `kernel_pages` has it
_Batch: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.int64]]  # words, bytes, a line a page
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
            except (_Odd, OSError, pa.ArrowInvalid):
                continue
    return found


def open_doors() -> None:
    """Go once through all that is compiled here, with nothing."""
    words, lines = np.zeros(0, np.uint64), np.zeros((0, _LINE), np.int64)
    pages(_NOTHING, 0, 0, np.zeros(_DEPTH, np.int64), lines)
    texts(words, _NOTHING, lines, 0, _NOTHING, NO_INTS, NO_INTS)
    for kind in (np.int32, np.int64):
        numbers(words, _NOTHING, lines, 0, np.zeros(0, kind), 0, 0, _NOTHING, np.zeros(0, kind))


@dataclass(frozen=True, slots=True)
class _Chunk:
    """One column of a row group: its name, where it lies in the file, and how it is packed."""

    file: Any
    begin: int
    end: int
    codec: Any  # None: it is not packed
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
        if nested or found.compression not in _CODECS or not 0 <= begin <= end <= file.size:
            raise _Odd
        codec = _CODECS[found.compression]
        return cls(
            file,
            begin,
            end,
            codec and pa.Codec(codec),
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
            _, data, _ = self._batch([words])
            if words[VALUES] * np.dtype(kind).itemsize > words[SIZE]:
                raise _Odd
            known = self._padded("dictionary", data.view(kind)[: words[VALUES]])
        out = self.scratch.of(self.name, self.rows, kind, whole=True)
        self._fill(lines, known, missing, out)
        return out

    def coded(self, *, missing: bool) -> Coded:
        """The place of each row's text in a list of texts, one more than the list is long where it has none."""
        words, lines = self._pages(_NAMES)
        if words is None or any(line[ENCODING] == PLAIN for line in lines):
            raise _Odd
        _, data, _ = self._batch([words])
        names: list[str | None] = list(_texts(data[: words[SIZE]].tobytes(), words[VALUES]))
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
            some = np.empty((2, words[VALUES]), np.int64)
            if texts(*self._batch([words]), 0, _NOTHING, *some) < words[VALUES]:
                raise _Odd
            known = [self._padded(name, each) for name, each in zip(("lows", "highs"), some, strict=True)]
        for lines_, first, last in self._batches(lines):
            batch = self._batch(lines_)
            if lines_[0][ENCODING] == PLAIN:
                found = [texts(*batch, self.optional, there[first:last], low[first:last], high[first:last])]
            else:
                found = [
                    numbers(*batch, self.optional, *each, 0, there[first:last], out[first:last])
                    for each, out in zip(known, (low, high), strict=bool(known))
                ]
            if min(found, default=0) < last - first:
                raise _Odd
        return low, high

    def _fill(self, lines: Sequence[_Line], known: _Known, missing: int | None, out: NDArray[Any]) -> None:
        """The numbers of all pages."""
        there = self.scratch.of("there", self.rows, np.uint8)
        for some, first, last in self._batches(lines):
            batch = self._batch(some)
            number = numbers(*batch, self.optional, *known, missing or 0, there[first:last], out[first:last])
            if number < (last - first if missing is None else 0):
                raise _Odd

    def _pages(self, most: int) -> tuple[_Line | None, list[_Line]]:
        """The line of the dictionary, if there is one (of so many values at most), and those of all other pages."""
        lines = np.zeros((_PAGES, _LINE), np.int64)
        data = np.frombuffer(self.file, np.uint8)
        number = pages(data, self.begin, self.end, np.zeros(_DEPTH, np.int64), lines)
        found = lines[: max(0, number)].tolist()
        words = found.pop(0) if found and found[0][KIND] == DICTIONARY else None
        if sum(line[VALUES] for line in found) != self.rows or any(line[KIND] == DICTIONARY for line in found):
            raise _Odd
        if words is not None:
            words[ENCODING] = PLAIN  # which old files call by another name
            if words[VALUES] > most:
                raise _Odd
        return words, found

    def _batches(self, lines: Sequence[_Line]) -> Iterator[tuple[list[_Line], int, int]]:
        """Pages of one encoding that are read together, and which rows these are."""
        first = last = size = 0
        batch: list[_Line] = []
        for line in lines:
            if batch and (size > _BATCH or line[ENCODING] != batch[0][ENCODING]):
                yield batch, first, last
                batch, first, size = [], last, 0
            batch.append(line)
            last += line[VALUES]
            size += line[SIZE]
        if batch:
            yield batch, first, last

    def _batch(self, lines: Sequence[_Line]) -> _Batch:
        """Pages as the loops want them: unpacked, one after the other."""
        size = sum(after.function(line[SIZE]) for line in lines)
        words = self.scratch.of("pages", max(size, 4 * _BATCH) // 8, np.uint64)
        data = words.view(np.uint8)
        at = 0
        for line in lines:
            body = self.file.slice(line[BEGIN], line[LENGTH])
            if self.codec is not None:
                body = self.codec.decompress(body, line[SIZE])
            if body.size != line[SIZE]:
                raise _Odd
            data[at : at + body.size] = np.frombuffer(body, np.uint8)
            at = after.function(at + body.size)
        return words, data, np.array(lines, np.int64)

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
