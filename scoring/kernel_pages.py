"""The headers of the pages of a column in a Parquet file, compiled.

As the format has them: structures in Thrift's compact protocol, each field with its type and how much higher its number
is than that of the field before. Nothing is read beyond a column, whatever a header says.
"""

import numpy as np
from numpy import uint8, uint64

from scoring.kernel_door import door, inline, loop

# The line that is written of each page: where it begins in the file and how long it is there, packed; then how many
# bytes it has unpacked, how many rows, and in which encoding.
KIND, BEGIN, LENGTH, SIZE, VALUES, ENCODING = range(6)
DATA, DICTIONARY = 0, 2  # kinds of pages
_RUNS = 3  # the encoding of levels that is known
_STOP, _BYTE, _SHORT, _INTEGER, _LONG, _DOUBLE, _BYTES, _STRUCT = 0, 3, 4, 5, 6, 7, 8, 12  # types of fields
_KIND, _SIZE, _LENGTH, _DATA_HEADER, _DICTIONARY_HEADER = 1, 2, 3, 5, 7  # fields of a header
_VALUES, _ENCODING, _LEVELS, _REPEATS = 1, 2, 3, 4  # fields of the structures within it
_CONTINUES, _SEVEN = 128, 7  # bits of integers
NARROW, WIDE = 32, 64  # how many they have at most
_MOST = 1 << 31  # bytes or rows of a page, below


@inline
def varint(data, at, end, bits):
    """An integer of so many bits at most, seven a byte, and where it ends; beyond `end` where it does not."""
    value = uint64(0)
    shift = 0
    while at < end and shift < bits:
        byte = data[at]
        at += 1
        value |= uint64(byte & uint8(127)) << uint64(shift)
        shift += _SEVEN
        if byte < _CONTINUES:
            return value, end + 1 if shift > bits and byte >> (bits + _SEVEN - shift) else at
    return value, end + 1


@inline
def signed(value):
    """An integer whose last bit is its sign."""
    return np.int64(value >> uint64(1)) ^ -np.int64(value & uint64(1))


@loop
def _header(data, at, end, fields, line):
    """Write a page's line; where its header ends, beyond `end` where it is broken, or written as nobody writes it.

    `fields` is room for the numbers of fields, one for each depth. What the format asks for must be there, in the type
    that it has there.
    """
    for k in range(len(line)):
        line[k] = -1
    levels = repeats = of = np.int64(-1)
    depth = fields[0] = 0
    while depth >= 0:
        if at >= end:
            return end + 1
        byte = data[at]
        at += 1
        if byte == _STOP:
            depth -= 1
            continue
        what = byte & 15
        if byte >> 4 == 0:
            return end + 1
        fields[depth] += byte >> 4
        field = fields[depth]
        if what == _INTEGER:
            value, at = varint(data, at, end, WIDE)
            said = signed(value)
            if depth == 0:
                line[KIND] = said if field == _KIND else line[KIND]
                line[SIZE] = said if field == _SIZE else line[SIZE]
                line[LENGTH] = said if field == _LENGTH else line[LENGTH]
            elif depth == 1:
                line[VALUES] = said if field == _VALUES else line[VALUES]
                line[ENCODING] = said if field == _ENCODING else line[ENCODING]
                levels = said if field == _LEVELS else levels
                repeats = said if field == _REPEATS else repeats
        elif what in (_SHORT, _LONG):
            value, at = varint(data, at, end, WIDE)
        elif what == _BYTES:
            value, at = varint(data, at, end, WIDE)
            at = at + np.int64(value) if value <= uint64(end) else end + 1
        elif what == _STRUCT and depth + 1 < len(fields):
            if depth == 0:
                if of >= 0:
                    return end + 1
                of = field
            depth += 1
            fields[depth] = 0
        elif what > _DOUBLE or what == _STOP:
            return end + 1
        else:
            at += 8 if what == _DOUBLE else what == _BYTE
    line[BEGIN] = at
    whole = line[LENGTH] >= 0 and 0 <= line[SIZE] < _MOST and 0 <= line[VALUES] < _MOST
    data_page = line[KIND] == DATA and of == _DATA_HEADER and levels == _RUNS and repeats >= 0
    known = data_page or (line[KIND] == DICTIONARY and of == _DICTIONARY_HEADER)
    return at if known and whole else end + 1


@door
def pages(data, begin, end, fields, lines):
    """Write a line of each page between two places in a file; how many there are, -1 where one is broken or unknown."""
    number = 0
    at = begin
    while at < end:
        if number == len(lines):
            return -1
        at = _header(data, at, end, fields, lines[number])
        if at > end or lines[number, LENGTH] > end - at:
            return -1
        at += lines[number, LENGTH]
        number += 1
    return number
