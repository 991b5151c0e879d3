"""Alter every byte of the page headers of a Parquet file of events, and some of what follows, and read it each time.

    python tests/sync/damage.py FILE [--columns subject,on] [--seed N] [--bodies N] [--arrow]

What Arrow refuses must not be read past it, and what both read must be the same: one line for each alteration where it
is not so, and how many there were. The file ends where nothing may be read: a loop that goes beyond ends the process.
Where the system's Zstandard unpacks and Arrow's own refuses, nobody judges: one of them may be newer, and stricter.
"""

import argparse
import ctypes
import faulthandler
import mmap
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).parents[2]))

from scoring.engine_columns import BadTable, column, keys
from scoring.engine_store import Scratch
from scoring.kernel_pack import NO_AMOUNT
from scoring.kernel_pages import BEGIN, LENGTH, pages
from sync import zstd
from sync.parquet_pages import arrays_of

TEXTS = ("signal", "liability")
PAGES = 3  # of a column whose headers are altered: the dictionary, and two that may follow
LINE, DEPTH, NO_ACCESS = 6, 16, 0


class Edge:
    """Room for bytes whose end is the last that may be read."""

    def __init__(self, most: int) -> None:
        whole = -(-most // mmap.PAGESIZE) * mmap.PAGESIZE
        self.room = mmap.mmap(-1, whole + mmap.PAGESIZE)
        self.end = whole
        self.address = np.frombuffer(self.room, np.uint8).__array_interface__["data"][0]
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.mprotect(ctypes.c_void_p(self.address + whole), mmap.PAGESIZE, NO_ACCESS) == 0

    def buffer(self, data: bytes) -> Any:
        """They, as one of Arrow's buffers, until the next ones."""
        begin = self.end - len(data)
        self.room[begin : self.end] = data
        return pa.foreign_buffer(self.address + begin, len(data), self.room)


def ours(file: Any, metadata: Any, name: str, scratch: Scratch) -> list[Any] | None:
    """What is read of a column past Arrow; None where it is left to Arrow."""
    found = arrays_of(file, metadata, 0, [name], scratch).get(name)
    if found is None:
        return None
    if name in TEXTS:
        return [[*found[1], None][place] for place in found[0].tolist()]
    return [each.tolist() for each in found] if name == "subject" else found.tolist()


def theirs(data: bytes, metadata: Any, name: str) -> list[Any] | str:
    """What Arrow reads, in the same form; why, where it refuses, or reads what no event may have."""
    texts = [name] if name in TEXTS else []
    try:
        file = pq.ParquetFile(pa.BufferReader(data), metadata=metadata, read_dictionary=texts)
        read = file.read_row_group(0, columns=[name], use_threads=False)
        read.column(0).validate(full=name in TEXTS)
        found = column(read, name, nulls=name in ("liability", "amount"))
    except (OSError, pa.ArrowException, BadTable) as error:
        return str(error)
    if name == "subject":
        return [each.tolist() for each in keys(found)]
    if name == "on":
        found = found.view(pa.int32())
    values: list[Any] = (found.fill_null(NO_AMOUNT) if name == "amount" else found).to_pylist()
    return values


def altered(whole: bytes, begin: int, end: int, chance: random.Random, bodies: int) -> Iterator[tuple[str, bytes]]:
    """A column's bytes with one of a header changed in each way that a bit or a count can, or some of a body."""
    lines = np.zeros((len(whole), LINE), np.int64)
    number = pages(np.frombuffer(whole, np.uint8), begin, end, np.zeros(DEPTH, np.int64), lines)
    spans = [(at, length) for at, length in lines[: max(0, number), [BEGIN, LENGTH]].tolist()]
    starts = [begin, *(at + length for at, length in spans[:-1])]
    for start, (at, _) in list(zip(starts, spans, strict=False))[:PAGES]:
        for place in range(start, at):
            old = whole[place]
            for new in sorted(
                {old ^ 1 << bit for bit in range(8)} | {0, 255, (old + 2) & 255, (old - 2) & 255} - {old}
            ):
                yield f"{place}: {old} -> {new}", whole[:place] + bytes([new]) + whole[place + 1 :]
    inside = [place for at, length in spans for place in range(at, at + length)]
    for _ in range(bodies if inside else 0):
        broken = bytearray(whole)
        places = chance.choices(inside, k=chance.choice((1, 1, 1, 2, 8)))
        for place in places:
            broken[place] = chance.choice((broken[place] ^ 1 << chance.randrange(8), chance.randrange(256)))
        yield f"{places}: {[whole[at] for at in places]} -> {[broken[at] for at in places]}", bytes(broken)


def main() -> int:
    """How many alterations were read otherwise than Arrow reads them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--columns", default="subject,on,signal,liability,amount")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bodies", type=int, default=300, help="alterations of what follows the headers of a column")
    parser.add_argument("--arrow", action="store_true", help="let Arrow unpack pages of Zstandard")
    told = parser.parse_args()
    faulthandler.enable()
    if told.arrow:
        zstd.unpacker = lambda: None
    whole, metadata = told.file.read_bytes(), pq.read_metadata(told.file)
    group, scratch, chance = metadata.row_group(0), Scratch(), random.Random(told.seed)  # noqa: S311 - repeats itself
    tried = read = wrong = 0
    stricter = "ZSTD" if zstd.unpacker() else None
    for name in told.columns.split(","):
        chunk = group.column(metadata.schema.names.index(name))
        begin = min(chunk.data_page_offset, chunk.dictionary_page_offset or chunk.data_page_offset)
        end = begin + chunk.total_compressed_size
        edge = Edge(end)
        for what, data in altered(whole, begin, end, chance, told.bodies):
            found, wanted = ours(edge.buffer(data[:end]), metadata, name, scratch), theirs(data, metadata, name)
            tried, read = tried + 1, read + (found is not None)
            if found is None or found == wanted or (isinstance(wanted, str) and stricter and stricter in wanted):
                continue
            wrong += 1
            said = wanted if isinstance(wanted, str) else "Arrow reads something else"
            sys.stdout.write(f"{name}, byte {what}: {said}\n")
    sys.stdout.write(f"{tried} alterations, {read} read, {wrong} wrong\n")
    return min(wrong, 1)


if __name__ == "__main__":
    raise SystemExit(main())
