"""Rows of events as 32-bit words, scattered by the hash of their subject.

A word sorts as the rules want signals to count: day (16 bits), not exposure (1), rank of the liability (2), name (7);
then the currency (5) and whether only the plain reading understands the row (1).
"""

import numpy as np
from numpy import uint64

from scoring.kernel_calendar import DAYS
from scoring.kernel_door import door, inline

DAY_SHIFT = np.uint32(16)
LATER = np.uint32(1 << 15)
RANK_SHIFT = np.uint32(13)
NAME_SHIFT = np.uint32(6)
CURRENCY_SHIFT = np.uint32(1)
BY_HAND = np.uint32(1)

# A record is a line of 32-bit integers, so that a row is written to one place: the event's word, the key's lower word,
# and what else its events have, where `places` says (0: they have none). A key takes 32 bits where `places[SHORT]` is
# 1, else 64; an amount 64 where `places[WIDE]` is 1, else 32.
WORD, LOW = 0, 1
HIGH, AMOUNT, SOURCE, ORIGINAL, WIDE, SHORT = range(6)
CURRENCIES = 32  # five bits, 0 for none
NARROW = 2**31  # amounts below it fit in 32 bits

NO_AMOUNT = -(2**63)
_EIGHT = 8  # bytes of a word
INLINE = 15  # bytes of a text id that a key holds as they stand; the sixteenth is the length


@inline
def _mixed(value):
    """The finaliser of MurmurHash3: every bit of the key moves every bit of the hash."""
    value ^= value >> uint64(33)
    value *= uint64(0xFF51AFD7ED558CCD)
    value ^= value >> uint64(33)
    value *= uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> uint64(33))


@inline
def hashed(low, highs, row):
    """The hash of a key: of its one word where `highs` is empty, else of both."""
    return _mixed(uint64(low) if len(highs) == 0 else uint64(low) + _mixed(uint64(highs[row])))


@inline
def _bytes(data, words, at, number):
    """Up to eight bytes of a text as an integer, the first one lowest; `words` are the same data, eight at a time."""
    place, shift = at >> 3, uint64(8 * (at & 7))
    if place + 1 < len(words):
        value = words[place] >> shift
        if shift != uint64(0):
            value |= words[place + 1] << (uint64(64) - shift)
        return value if number >= _EIGHT else value & ((uint64(1) << uint64(8 * number)) - uint64(1))
    value = uint64(0)
    for i in range(min(number, _EIGHT)):
        value |= uint64(data[at + i]) << uint64(8 * i)
    return value


@inline
def key_of_text(data, words, start, end):
    """Two words for a text: its bytes where they fit, else a fingerprint of 120 bits marked by its last byte.

    The first word has its last eight bytes, in which ids differ most; the second, often the same for all, what is
    before these, and the length.
    """
    length = end - start
    if length <= INLINE:
        before = max(0, length - _EIGHT)
        a = _bytes(data, words, start + before, length - before)
        b = _bytes(data, words, start, before) | uint64(length) << uint64(56)
    else:
        a = uint64(length)
        b = uint64(0x9E3779B97F4A7C15)
        for at in range(start, end, _EIGHT):
            chunk = _bytes(data, words, at, end - at)
            a = _mixed(a ^ chunk)
            b = _mixed(b + chunk * uint64(0xD6E8FEB86659FD93))
        b |= uint64(0xFF) << uint64(56)
    return a, b


@door
def text_keys(offsets, data, words, low, high):
    """Two words for each text, where `offsets` say that they begin."""
    for row in range(len(low)):
        low[row], high[row] = key_of_text(data, words, np.int64(offsets[row]), np.int64(offsets[row + 1]))


@door
def count_keys(low, high, base, shift, parts, counts):
    """The partition of each key, and how many each partition holds."""
    for row in range(len(low)):
        part = hashed(low[row] - base, high, row) >> uint64(shift)
        parts[row] = part
        counts[part] += 1


@door
def scatter_keys(low, high, base, first, parts, cursor, out_low, out_high, out_row):
    """The keys less `base` with the numbers of their rows, of which the first is `first`, by partition.

    `cursor` holds where in each partition these keys begin and is moved.
    """
    two = len(high) > 0
    for row in range(len(low)):
        place = cursor[parts[row]]
        cursor[parts[row]] = place + 1
        out_low[place] = low[row] - base
        if two:
            out_high[place] = high[row]
        out_row[place] = first + row


@door
def select_events(days, signals, liabilities, extras, kinds, today, cutoff, epoch, words, rows):
    """The words of the rows that can matter, and which rows those are; returns how many.

    `days` since 1970; `kinds[age, signal, liability]` with the ages of `Plan.kinds`; `extras` the lower bits that
    currency and hand-over add (may be empty); days beyond the calendar are left to the plain reading. No branch depends
    on a row: a row that cannot matter is overwritten by the next.
    """
    extra = len(extras) > 0
    found = 0
    for row in range(len(days)):
        day = days[row] + epoch
        word = kinds[np.int64(day <= today) + np.int64(day < cutoff), signals[row], liabilities[row]]
        matters = word != 0
        if extra:
            word |= extras[row]
        if day < 0 or day >= DAYS:
            day = 0
            word |= BY_HAND
        words[found] = np.uint32(day) << DAY_SHIFT | word
        rows[found] = row
        found += matters
    return found


@door
def place_events(number, rows, low, high, base, span, alike, common, shift, parts, counts):
    """The partition of each row that matters, and how many each partition holds.

    With a `span`, subjects are the keys from `base` up to it; where all are `alike`, those whose second word is the
    `common` one, which is left out. What is of none of them goes to one partition more.
    """
    second = high[:0] if alike else high
    for i in range(number):
        key = low[rows[i]] - base
        foreign = (span > 0 and not 0 <= key < span) or (alike and high[rows[i]] != common)
        part = len(counts) - 1 if foreign else np.int64(hashed(key, second, rows[i]) >> uint64(shift))
        parts[i] = part
        counts[part] += 1


@inline
def wide(records, row, at):
    """The 64-bit integer that stands in a record at that place."""
    return np.int64(records[row, at + 1]) << 32 | np.int64(records[row, at]) & 0xFFFFFFFF


@inline
def put_wide(records, row, at, value):
    """Write a 64-bit integer into a record."""
    records[row, at] = np.int32(value & 0xFFFFFFFF)
    records[row, at + 1] = np.int32(value >> 32)


@inline
def key_of(records, row, short):
    """The lower word of the key in a record."""
    return np.int64(np.uint32(records[row, LOW])) if short else wide(records, row, LOW)


@inline
def amount_of(records, row, places):
    """The amount in a record, `NO_AMOUNT` where it has none."""
    if places[AMOUNT] == 0:
        return NO_AMOUNT
    if places[WIDE]:
        return wide(records, row, places[AMOUNT])
    amount = np.int64(records[row, places[AMOUNT]])
    return amount if amount >= 0 else NO_AMOUNT


@door
def scatter_events(
    number, rows, low, high, base, words, amounts, valid, offset, valued, limit, sources, originals, parts, cursor,
    places, records,
):  # fmt: skip
    """The rows that matter as records, by partition; `cursor` holds where each partition begins and is moved.

    `words` and `parts` are those of the rows that matter, all else is of every row. `valid` are Arrow's bits, from
    `offset` on: which rows have an amount; empty where all have. `valued[name]`: whether anything asks for the amount
    of such a signal; one beyond `limit` is left to the plain reading. Returns how many amounts do not fit in their 32
    bits; then the records are worth nothing.
    """
    wider = 0
    short, at_high, at_amount, is_wide = places[SHORT] != 0, places[HIGH], places[AMOUNT], places[WIDE] != 0
    at_source, at_original = places[SOURCE], places[ORIGINAL]
    money = at_amount > 0 and len(amounts) > 0
    for i in range(number):
        row = rows[i]
        place = cursor[parts[i]]
        cursor[parts[i]] = place + 1
        word = words[i]
        amount = np.int64(NO_AMOUNT)
        if money:
            at = offset + row
            there = len(valid) == 0 or (valid[at >> 3] >> (at & 7)) & 1
            if there and valued[(word >> NAME_SHIFT) & 127]:
                amount = amounts[row]
        if not 0 <= amount < NARROW and amount != NO_AMOUNT:
            if amount > limit or amount < -limit:
                word |= BY_HAND
            else:
                wider += not is_wide
        records[place, WORD] = np.int32(word)
        if short:
            records[place, LOW] = np.int32(low[row] - base)
        else:
            put_wide(records, place, LOW, low[row] - base)
        if at_amount:
            if is_wide:
                put_wide(records, place, at_amount, amount)
            else:
                records[place, at_amount] = np.int32(amount if 0 <= amount < NARROW else -1)
        if at_high:
            put_wide(records, place, at_high, high[row])
        if at_source:
            put_wide(records, place, at_source, sources[row])
            put_wide(records, place, at_original, originals[row])
    return wider
