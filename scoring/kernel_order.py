"""The events of one partition by subject, compiled: whose each is, all of one subject together, and in their order."""

import numpy as np
from numba import uint64

from scoring.kernel_cache import inline, loop
from scoring.kernel_pack import HIGH, SHORT, WORD, key_of, wide

_DIGIT = 11  # bits
_GOLDEN, _ODD = uint64(0x9E3779B97F4A7C15), uint64(0xD6E8FEB86659FD93)


@inline
def _place(low, high, size):
    """Where a key begins to look for its place in a table of `size`, a power of two.

    One multiplication does: the keys of a partition were chosen by all bits of a better hash.
    """
    return np.int64(((uint64(low) + uint64(high) * _ODD) * _GOLDEN) >> uint64(40) & uint64(size - 1))


@loop
def locate(sub_low, sub_high, first_subject, last_subject, table):
    """Fill the hash table of a partition's subjects, all -1 before; False where a subject comes twice."""
    size = len(table)
    two = len(sub_high) > 0
    for subject in range(first_subject, last_subject):
        high = sub_high[subject] if two else 0
        place = _place(sub_low[subject], high, size)
        while table[place] >= 0:
            other = first_subject + table[place]
            if sub_low[other] == sub_low[subject] and (not two or sub_high[other] == high):
                return False
            place = (place + 1) & (size - 1)
        table[place] = subject - first_subject
    return True


@loop
def find_owners(part, starts, records, places, sub_low, sub_high, first_subject, table, owner, bounds):
    """Whose each of the partition's events is, by its number there, -1 for nobody; `bounds[owner + 1]` counts them."""
    size = len(table)
    short, at_high = places[SHORT] != 0, places[HIGH]
    number = 0
    for batch in range(len(starts)):
        for row in range(starts[batch, part], starts[batch, part + 1]):
            low = key_of(records, row, short)
            high = wide(records, row, at_high) if at_high else 0
            place = _place(low, high, size)
            local = table[place]
            while local >= 0:
                subject = first_subject + local
                if sub_low[subject] == low and (not at_high or sub_high[subject] == high):
                    break
                place = (place + 1) & (size - 1)
                local = table[place]
            owner[number] = local
            if local >= 0:
                bounds[local + 1] += 1
            number += 1


@loop
def gather(part, starts, records, owner, cursor, events):
    """The partition's events by subject: 64 bits each, the word above the number of its row.

    `cursor` says where each subject begins and is moved.
    """
    number = 0
    for batch in range(len(starts)):
        for row in range(starts[batch, part], starts[batch, part + 1]):
            local = owner[number]
            number += 1
            if local >= 0:
                events[cursor[local]] = np.uint64(np.uint32(records[row, WORD])) << np.uint64(32) | np.uint64(row)
                cursor[local] += 1


@loop
def _sort_many(values, spare, low, high):
    """By the upper half, a digit at a time, from the last; what is equal keeps its order.

    `spare` has room for as many, and for the places where digits begin.
    """
    starts, there = spare[: 1 << _DIGIT], spare[1 << _DIGIT :]
    mask = np.uint64((1 << _DIGIT) - 1)
    for shift in (32, 32 + _DIGIT, 32 + 2 * _DIGIT):
        for digit in range(1 << _DIGIT):
            starts[digit] = 0
        for i in range(low, high):
            starts[(np.uint64(values[i]) >> np.uint64(shift)) & mask] += np.uint64(1)
        at = np.uint64(0)
        for digit in range(1 << _DIGIT):
            at += starts[digit]
            starts[digit] = at - starts[digit]
        for i in range(low, high):
            digit = (np.uint64(values[i]) >> np.uint64(shift)) & mask
            there[starts[digit]] = np.uint64(values[i])
            starts[digit] += np.uint64(1)
        for i in range(low, high):
            values[i] = there[i - low]


@inline
def sort(values, spare, low, high):
    """Put some of these in order, by their upper halves at least; most are in order already, or nearly so."""
    left = 16 * (high - low)  # moves after which digits win: measured
    for i in range(low + 1, high):
        value = values[i]
        j = i
        while j > low and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value
        left -= i - j
        if left < 0:
            _sort_many(values, spare, low, high)
            return
