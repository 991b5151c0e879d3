"""Rows of events as 32-bit words, scattered by the hash of their subject.

A word sorts as the rules want signals to count: day (16 bits), not exposure (1), rank of the liability (2), name (7);
then the currency (5) and whether only the plain reading understands the row (1).
"""

import numpy as np
from numba import njit, uint64

DAY_SHIFT = np.uint32(16)
LATER = np.uint32(1 << 15)
RANK_SHIFT = np.uint32(13)
NAME_SHIFT = np.uint32(6)
CURRENCY_SHIFT = np.uint32(1)
BY_HAND = np.uint32(1)

# A record is a line of 32-bit integers, so that a row is written to one place: its word, the key's lower word, and what
# else its events have, where `places` says (0: they have none).
WORD, LOW = 0, 1
HIGH, AMOUNT, SOURCE, ORIGINAL = range(4)

NO_AMOUNT = -(2**63)
INLINE = 15  # bytes of a text id that a key holds as they stand; the sixteenth is the length


@njit(forceinline=True)
def _mixed(value):  # type: ignore[no-untyped-def] # compiled: uint64 -> uint64
    """The finaliser of MurmurHash3: every bit of the key moves every bit of the hash."""
    value ^= value >> uint64(33)
    value *= uint64(0xFF51AFD7ED558CCD)
    value ^= value >> uint64(33)
    value *= uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> uint64(33))


@njit(forceinline=True)
def hashed_one(low):  # type: ignore[no-untyped-def] # compiled: int64 -> uint64
    """The hash of a key of one word."""
    return _mixed(uint64(low))


@njit(forceinline=True)
def hashed_both(low, high):  # type: ignore[no-untyped-def] # compiled: two int64 -> uint64
    """The hash of a key of two words."""
    return _mixed(uint64(low) + _mixed(uint64(high)))


@njit(forceinline=True)
def hashed(low, highs, row):  # type: ignore[no-untyped-def] # compiled: int64, int64[:], int64 -> uint64
    """The hash of a key: of its one word where `highs` is empty, else of both."""
    return hashed_one(low) if len(highs) == 0 else hashed_both(low, highs[row])


@njit(nogil=True, cache=True)
def text_keys(offsets, data, low, high):  # type: ignore[no-untyped-def] # compiled
    """Two words for each text: its bytes where they fit, else a fingerprint of 120 bits marked by its last byte."""
    for row in range(len(low)):
        start, end = offsets[row], offsets[row + 1]
        length = end - start
        a = uint64(0)
        b = uint64(0)
        if length <= INLINE:
            for i in range(min(length, 8)):
                a |= uint64(data[start + i]) << uint64(8 * i)
            for i in range(8, length):
                b |= uint64(data[start + i]) << uint64(8 * (i - 8))
            b |= uint64(length) << uint64(56)
        else:
            a = uint64(length)
            b = uint64(0x9E3779B97F4A7C15)
            at = start
            while at < end:
                chunk = uint64(0)
                for i in range(min(8, end - at)):
                    chunk |= uint64(data[at + i]) << uint64(8 * i)
                a = _mixed(a ^ chunk)
                b = _mixed(b + chunk * uint64(0xD6E8FEB86659FD93))
                at += 8
            b |= uint64(0xFF) << uint64(56)
        low[row] = a
        high[row] = b


@njit(nogil=True, cache=True)
def count_keys(low, high, shift, parts, counts):  # type: ignore[no-untyped-def] # compiled
    """The partition of each key, and how many each partition holds."""
    for row in range(len(low)):
        part = hashed(low[row], high, row) >> uint64(shift)
        parts[row] = part
        counts[part] += 1


@njit(nogil=True, cache=True)
def scatter_keys(low, high, parts, cursor, out_low, out_high, out_row):  # type: ignore[no-untyped-def] # compiled
    """The keys with their row numbers, by partition; `cursor` holds where each partition begins and is moved."""
    two = len(high) > 0
    for row in range(len(low)):
        place = cursor[parts[row]]
        cursor[parts[row]] = place + 1
        out_low[place] = low[row]
        if two:
            out_high[place] = high[row]
        out_row[place] = row


@njit(nogil=True, cache=True)
def count_events(  # type: ignore[no-untyped-def] # compiled
    low, high, days, signals, liabilities, extras, amounts, kinds, effective, ancient, today, cutoff, epoch, limit, shift,
    words, parts, counts,
):  # fmt: skip
    """Each row's word and partition; a word of 0 is a row that cannot matter.

    `days` since 1970; `extras` the lower bits that currency and hand-over add (may be empty); amounts beyond `limit`
    and days beyond the calendar are left to the plain reading.
    """
    extra = len(extras) > 0
    money = len(amounts) > 0
    for row in range(len(low)):
        day = days[row] + epoch
        signal, liability = signals[row], liabilities[row]
        if day > today:
            word = kinds[signal, liability]
        elif day >= cutoff:
            word = effective[signal, liability]
        else:
            word = ancient[signal, liability]
        if word == 0:
            words[row] = 0
            continue
        if extra:
            word |= extras[row]
        if money:
            amount = amounts[row]
            if amount != NO_AMOUNT and (amount > limit or amount < -limit):
                word |= BY_HAND
        if day < 0 or day > 0xFFFF:
            day = 0
            word |= BY_HAND
        words[row] = np.uint32(day) << DAY_SHIFT | word
        part = hashed(low[row], high, row) >> uint64(shift)
        parts[row] = part
        counts[part] += 1


@njit(forceinline=True)
def wide(records, row, at):  # type: ignore[no-untyped-def] # compiled
    """The 64-bit integer that stands in a record at that place."""
    return np.int64(records[row, at + 1]) << 32 | np.int64(records[row, at]) & 0xFFFFFFFF


@njit(forceinline=True)
def put_wide(records, row, at, value):  # type: ignore[no-untyped-def] # compiled
    """Write a 64-bit integer into a record."""
    records[row, at] = np.int32(value & 0xFFFFFFFF)
    records[row, at + 1] = np.int32(value >> 32)


@njit(nogil=True, cache=True)
def scatter_events(low, high, words, amounts, sources, originals, parts, cursor, places, records):  # type: ignore[no-untyped-def] # compiled
    """The rows that matter as records, by partition; `cursor` holds where each partition begins and is moved."""
    for row in range(len(low)):
        word = words[row]
        if word == 0:
            continue
        place = cursor[parts[row]]
        cursor[parts[row]] = place + 1
        records[place, WORD] = np.int32(word)
        put_wide(records, place, LOW, low[row])
        if places[HIGH]:
            put_wide(records, place, places[HIGH], high[row])
        if places[AMOUNT]:
            put_wide(records, place, places[AMOUNT], amounts[row])
        if places[SOURCE]:
            put_wide(records, place, places[SOURCE], sources[row])
            put_wide(records, place, places[ORIGINAL], originals[row])
