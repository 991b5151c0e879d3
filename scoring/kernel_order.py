"""The events of one partition by subject, compiled: whose each is, all of a subject together, and some of them in order."""

import numpy as np

from scoring.kernel_cache import njit
from scoring.kernel_pack import HIGH, WORD, hashed, hashed_both, hashed_one, key_of, wide


@njit(nogil=True, cache=True)
def locate(sub_low, sub_high, first_subject, last_subject):
    """The hash table of a partition's subjects; empty where a subject comes twice."""
    size = 4
    while size < 2 * (last_subject - first_subject):
        size *= 2
    table = np.full(size, -1, np.int32)
    two = len(sub_high) > 0
    for subject in range(first_subject, last_subject):
        high = sub_high[subject] if two else 0
        place = np.int64(hashed(sub_low[subject], sub_high, subject) & np.uint64(size - 1))
        while table[place] >= 0:
            other = first_subject + table[place]
            if sub_low[other] == sub_low[subject] and (not two or sub_high[other] == high):
                return np.empty(0, np.int32)
            place = (place + 1) & (size - 1)
        table[place] = subject - first_subject
    return table


@njit(nogil=True, cache=True)
def gather(part, starts, records, places, sub_low, sub_high, first_subject, table, owner, bounds):
    """The partition's events by subject and in order: 64 bits each, the word above the number of its row."""
    two = len(sub_high) > 0
    size = len(table)
    number = 0
    for batch in range(len(starts)):
        for row in range(starts[batch, part], starts[batch, part + 1]):
            low = key_of(records, row, places)
            high = wide(records, row, places[HIGH]) if two else 0
            place = np.int64((hashed_both(low, high) if two else hashed_one(low)) & np.uint64(size - 1))
            local = table[place]
            while local >= 0:
                subject = first_subject + local
                if sub_low[subject] == low and (not two or sub_high[subject] == high):
                    break
                place = (place + 1) & (size - 1)
                local = table[place]
            owner[number] = local
            if local >= 0:
                bounds[local + 1] += 1
            number += 1
    for local in range(len(bounds) - 1):
        bounds[local + 1] += bounds[local]
    events = np.empty(bounds[-1], np.uint64)
    cursor = bounds[:-1].copy()
    number = 0
    for batch in range(len(starts)):
        for row in range(starts[batch, part], starts[batch, part + 1]):
            local = owner[number]
            number += 1
            if local >= 0:
                events[cursor[local]] = np.uint64(np.uint32(records[row, WORD])) << np.uint64(32) | np.uint64(row)
                cursor[local] += 1
    return events


@njit(nogil=True, cache=True)
def _sort_many(events, low, high):
    """By the word, 11 bits of it at a time, from the last; what is equal keeps its order."""
    count = high - low
    here, there = events[low:high], np.empty(count, np.uint64)
    starts = np.empty(2048, np.int64)
    for shift in (32, 43, 54):
        starts[:] = 0
        for i in range(count):
            starts[(here[i] >> np.uint64(shift)) & np.uint64(2047)] += 1
        at = 0
        for digit in range(2048):
            at += starts[digit]
            starts[digit] = at - starts[digit]
        for i in range(count):
            digit = (here[i] >> np.uint64(shift)) & np.uint64(2047)
            there[starts[digit]] = here[i]
            starts[digit] += 1
        here, there = there, here
    events[low:high] = here


@njit(forceinline=True)
def sort(events, low, high):
    """One subject's events in order; most come in order already, or nearly so."""
    left = 16 * (high - low)  # moves after which digits win: measured
    for i in range(low + 1, high):
        event = events[i]
        j = i
        while j > low and events[j - 1] > event:
            events[j] = events[j - 1]
            j -= 1
        events[j] = event
        left -= i - j
        if left < 0:
            _sort_many(events, low, high)
            return
