"""What the pages of a column in a Parquet file hold, compiled: integers and the keys of texts, a row each.

As the format has them: first which rows have a value (levels), then the values, plain, as places in a dictionary, or as
differences. Nothing is read beyond a page; -1 says that it is broken or of another kind, and is Arrow's to read or to
refuse.
"""

from typing import NamedTuple

import numpy as np
from numpy import uint64

from scoring.kernel_door import called, door, inline, loop
from scoring.kernel_pack import INLINE, key_of_text
from scoring.kernel_pages import BEGIN, ENCODING, LENGTH, NARROW, SIZE, VALUES, signed, varint
from scoring.kernel_runs import PREFIX, WIDEST, levels, places, word_at

PLAIN, PLACES, DELTA, NEW_PLACES = 0, 2, 5, 8  # encodings; places in a dictionary have two names
SLACK = 32  # bytes between pages, at least: what is read at a time may end in them
_EIGHT = 8
_BLOCK, _UNIT = uint64(128), 32  # differences come in blocks of multiples of so many, these in parts of such


class Unpacking(NamedTuple):
    """Of pages that are unpacked one at a time: the addresses of zstd's function and its context, of file and room.

    All 0 where they are unpacked already, one after the other.
    """

    function: int
    context: int
    file: int
    room: int


UNPACKED = Unpacking(0, 0, 0, 0)


@inline
def after(end):
    """Where the page after one that ends there begins."""
    return (end + SLACK + 7) & ~7


@inline
def _unpack(unpacking, lines, page):
    """Bring a page to the room, unless it is unpacked already; False where it is broken."""
    if unpacking.function == 0:
        return True
    size, packed = lines[page, SIZE], unpacking.file + lines[page, BEGIN]
    return called(unpacking.function, (unpacking.context, unpacking.room, size, packed, lines[page, LENGTH])) == size


@inline
def _bits(words, bit, width):
    """So many bits (32 at most) from a bit on."""
    place, shift = bit >> 6, uint64(bit & 63)
    found = words[place] >> shift | (words[place + 1] << uint64(1)) << (uint64(63) - shift)
    return found & ((uint64(1) << uint64(width)) - uint64(1))


@inline
def _short_text(words, at, length):
    """As `key_of_text`, of one that its key holds as it stands."""
    one = uint64(1)
    before = max(length - _EIGHT, 0)
    last = at + before
    low = (one << uint64(8 * min(length, 7))) - one if length < _EIGHT else ~uint64(0)
    high = (one << uint64(8 * before)) - one
    high = word_at(words, uint64(at >> 3), uint64(8 * (at & 7))) & high | uint64(length) << uint64(56)
    return word_at(words, uint64(last >> 3), uint64(8 * (last & 7))) & low, high


@loop
def _plain(words, at, end, out, first):
    """The numbers of the rest of a page, to `out` from `first` on."""
    width = out.itemsize
    if end - at < width * (len(out) - first):
        return -1
    if width == _EIGHT:
        place, begin, shift = uint64(at >> 3), uint64(first), uint64(8 * (at & 7))
        for k in range(uint64(len(out) - first)):
            out[begin + k] = word_at(words, place + k, shift)
    else:
        for k in range(len(out) - first):
            out[first + k] = np.int64(_bits(words, 8 * (at + width * k), 32))
    return 0


@loop
def _deltas(data, words, at, end, out, first):
    """The numbers of the rest of a page, of which the differences are kept, to `out` from `first` on."""
    bits = 8 * out.itemsize
    size, at = varint(data, at, end, NARROW)
    parts, at = varint(data, at, end, NARROW)
    number, at = varint(data, at, end, NARROW)
    value, at = varint(data, at, end, bits)
    if at > end or number != uint64(len(out) - first) or parts == uint64(0) or size % _BLOCK:
        return -1
    length = np.int64(size // parts)
    if length == 0 or length % _UNIT:
        return -1
    last = signed(value)
    row = first
    if row < len(out):
        out[row] = last
        row += 1
    while row < len(out):
        value, at = varint(data, at, end, bits)
        least = signed(value)
        widths = at
        at += np.int64(parts)
        if at > end:
            return -1
        for part in range(np.int64(parts)):
            if row >= len(out):
                break
            width = np.int64(data[widths + part])
            if width > WIDEST or at + (length * width >> 3) > end:
                return -1
            bit = 8 * at
            for k in range(row, min(len(out), row + length)):
                last += least + np.int64(_bits(words, bit, width))
                out[k] = last
                bit += width
            row += length
            at += length * width >> 3
    return 0


@inline
def _spread(there, number, missing, out):
    """Values from the end of `out` to the rows that have one."""
    begin = len(out) - number
    last = len(out) - 1
    for row in range(len(out)):
        some = -np.int64(there[row])
        out[row] = (np.int64(out[min(begin, last)]) & some) | (missing & ~some)  # a branch would be guessed wrong
        begin += there[row]


@loop
def _page(data, words, at, end, optional, encoding, dictionary, size, missing, there, out):
    """What one page has in each row; how many rows have something, -1 where it is broken."""
    number = np.int64(len(out))
    if optional:
        number, at = levels(data, at, end, there)
        if at < 0:
            return -1
    first = len(out) - number
    if encoding in (PLACES, NEW_PLACES):
        broken = places(data, words, at, end, dictionary, size, out, first)
    elif encoding == PLAIN:
        broken = _plain(words, at, end, out, first)
    elif encoding == DELTA:
        broken = _deltas(data, words, at, end, out, first)
    else:
        broken = -1
    if broken < 0:
        return -1
    if first > 0:
        _spread(there, number, missing, out)
    return number


@door
def unpack(unpacking, lines):
    """Bring the first of these pages to the room; 0 where it is broken."""
    return np.int64(_unpack(unpacking, lines, 0))


@door
def numbers(unpacking, words, data, lines, optional, dictionary, size, missing, there, out):
    """What some pages have in each row, one after the other; `missing` where they have nothing.

    The pages stand in `data`, each from a multiple of eight on and with `SLACK` bytes after it, or are unpacked to its
    begin one at a time; `words` are the same, eight bytes at a time. `dictionary` is as long as places of so many bits
    can say, and has `size` numbers. Returns how many rows have something, -1 where a page is broken.
    """
    found = 0
    row = at = np.int64(0)
    for page in range(len(lines)):
        last, end = row + lines[page, VALUES], at + lines[page, SIZE]
        if last > len(out) or end + SLACK > len(data):
            return -1
        if not _unpack(unpacking, lines, page):
            return -1
        encoding = lines[page, ENCODING]
        some = _page(
            data, words, at, end, optional, encoding, dictionary, size, missing, there[row:last], out[row:last]
        )
        if some < 0:
            return -1
        found += some
        row, at = last, at if unpacking.function else after(end)
    return found


@door
def texts(unpacking, words, data, lines, optional, there, low, high):
    """The keys of the texts that some pages (as for `numbers`) have in each row; -1 where one is broken or has none."""
    row = begin = np.int64(0)
    for page in range(len(lines)):
        at = begin
        last, end = row + lines[page, VALUES], at + lines[page, SIZE]
        if last > len(low) or end + SLACK > len(data) or lines[page, ENCODING] != PLAIN:
            return -1
        if not _unpack(unpacking, lines, page):
            return -1
        if optional:
            number, at = levels(data, at, end, there[row:last])
            if at < 0 or number < last - row:
                return -1
        for k in range(row, last):
            if at + PREFIX > end:
                return -1
            length = np.int64(_bits(words, 8 * at, 32))
            at += PREFIX
            if length > end - at:
                return -1
            if length <= INLINE:
                low[k], high[k] = _short_text(words, at, length)
            else:
                low[k], high[k] = key_of_text(data, words, at, at + length)
            at += length
        row, begin = last, begin if unpacking.function else after(end)
    return row
