"""Runs, compiled: as the pages of a Parquet file keep which rows have a value (levels), and places in a dictionary.

A run is one value so many times, or so many values of a few bits each. Nothing is read beyond a page; -1 says that it
is broken.
"""

import numpy as np
from numpy import uint8, uint64

from scoring.kernel_door import inline, loop
from scoring.kernel_pages import NARROW, varint

PREFIX = 4  # bytes of a length before what is so long
WIDEST = 32  # bits of a place or a difference
_BITS = uint64(64)  # of a word


@inline
def word_at(words, place, shift):
    """Eight bytes from so many bits (less than 64) after a word's begin on."""
    return words[place] >> shift | (words[place + uint64(1)] << uint64(1)) << (uint64(63) - shift)


@inline
def _run(data, at, end, width):
    """The next run of values of so many bits: how long it is, its value (-1: each has its own), and where they begin.

    Then where the run after it begins; beyond the end where the run is broken.
    """
    head, at = varint(data, at, end, NARROW)
    if at > end:
        return 0, 0, at, end + 1
    number = np.int64(head >> uint64(1))
    if head & uint64(1):
        return 8 * number, -1, at, at + number * width
    value = np.int64(0)
    begin = at
    for k in range((width + 7) >> 3):
        if at < end:
            value |= np.int64(data[at]) << (8 * k)
        at += 1
    return number, value, begin, at


@loop
def levels(data, at, end, there):
    """Which rows have a value, as bytes if not all; how many do, and where the values begin, -1 where it is broken."""
    if at + PREFIX > end:
        return 0, -1
    begins = at + PREFIX
    for k in range(PREFIX):
        begins += np.int64(data[at + k]) << (8 * k)
    if begins > end:
        return 0, -1
    row = found = 0
    at += PREFIX
    while row < len(there):
        if at >= begins:
            return 0, -1
        length, value, begin, at = _run(data, at, begins, 1)
        if at > begins or length == 0 or value > 1:
            return 0, -1
        last = min(len(there), row + length)
        if value == 1 and last - row == len(there):
            return last, begins
        if value >= 0:
            for k in range(row, last):
                there[k] = value & 1
            found += (last - row) * (value & 1)
        else:
            for group in range((last - row) >> 3):
                some = data[begin + group]
                for k in range(8):
                    there[row + 8 * group + k] = some >> uint8(k) & uint8(1)
            for k in range((last - row) & ~7, last - row):
                there[row + k] = data[begin + (k >> 3)] >> uint8(k & 7) & uint8(1)
            for k in range(row, last):
                found += there[k]
        row = last
    return found, begins


@inline
def _together(each, words, bit, width, dictionary, size, out):
    """As `_packed`, so many places at a time, which eight bytes have, as far as these go; how many places those are."""
    beyond = 0
    mask = (uint64(1) << width) - uint64(1)
    done = uint64(0)
    for _ in range(len(out) // each):
        some = word_at(words, bit >> uint64(6), bit & uint64(63))
        bit += uint64(each) * width
        for k in range(each):
            place = some >> (uint64(k) * width) & mask
            beyond += place >= size
            out[done + uint64(k)] = dictionary[place]
        done += uint64(each)
    return beyond, done


@inline
def _packed(words, bit, width, dictionary, size, out):
    """What the dictionary has at places of so many bits (32 at most) each; how many of these are beyond its size."""
    if width <= _BITS // uint64(8):
        beyond, done = _together(8, words, bit, width, dictionary, size, out)
    elif width <= _BITS // uint64(4):
        beyond, done = _together(4, words, bit, width, dictionary, size, out)
    else:
        beyond, done = _together(2, words, bit, width, dictionary, size, out)
    more, _ = _together(1, words, bit + done * width, width, dictionary, size, out[done:])
    return beyond + more


@loop
def places(data, words, at, end, dictionary, size, out, first):
    """What the dictionary has at the places that the rest of a page names, to `out` from `first` on."""
    if at < end and data[at] > WIDEST:
        return -1
    if first == len(out):
        return 0
    if at >= end:
        return -1
    width = np.int64(data[at])
    at += 1
    if len(dictionary) >> width == 0:
        return -1
    row = first
    beyond = 0
    while row < len(out):
        length, value, begin, at = _run(data, at, end, width)
        if at > end or length == 0 or value >= size:
            return -1
        last = min(len(out), row + length)
        if value >= 0:
            for k in range(row, last):
                out[k] = dictionary[value]
        else:
            beyond += _packed(words, uint64(8 * begin), uint64(width), dictionary, uint64(size), out[row:last])
        row = last
    return -beyond
