"""The events of one partition by subject, compiled: whose each is, all of one subject together, and in their order."""

import numpy as np
from numpy import uint64

from scoring.kernel_door import inline, loop
from scoring.kernel_pack import HIGH, SHORT, WORD, key_of, wide

_FEW = 4096
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
def _sort_by_digits(values, spare, low, high, bits):
    """By what differs above 32 bits, so many bits at a time, from the last; what is equal keeps its order.

    `spare` has room for as many, and for the places where digits begin.
    """
    number, size = high - low, 1 << bits
    mask = np.uint64(size - 1)
    starts, there = spare[:size], spare[size:]
    differing = np.uint64(0)
    for i in range(low, high):
        differing |= np.uint64(values[i]) ^ np.uint64(values[low])
    differing >>= np.uint64(32)
    shift = np.uint64(32)
    swapped = False
    while differing:
        while differing & np.uint64(1) == 0:
            differing >>= np.uint64(1)
            shift += np.uint64(1)
        for k in range(size):
            starts[k] = 0
        for i in range(number):
            value = there[i] if swapped else np.uint64(values[low + i])
            starts[np.int64((value >> shift) & mask)] += np.uint64(1)
        at = np.uint64(0)
        for k in range(size):
            at += starts[k]
            starts[k] = at - starts[k]
        for i in range(number):
            value = there[i] if swapped else np.uint64(values[low + i])
            digit = np.int64((value >> shift) & mask)
            place = np.int64(starts[digit])
            starts[digit] += np.uint64(1)
            if swapped:
                values[low + place] = value
            else:
                there[place] = value
        swapped = not swapped
        differing >>= np.uint64(bits)
        shift += np.uint64(bits)
    if swapped:
        for i in range(number):
            values[low + i] = there[i]


@loop
def sort(values, spare, low, high):
    """Put some of these in order, by what they have above 32 bits; most are in order already, or nearly so."""
    left = 4 * (high - low) + 64  # moves after which digits win: measured
    for i in range(low + 1, high):
        value = values[i]
        j = i
        while j > low and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value
        left -= i - j
        if left < 0:
            _sort_by_digits(values, spare, low, high, 8 if high - low < _FEW else 13)
            return
