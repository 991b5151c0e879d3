"""Ids of records as integers that sort as the ids do: those of one kind and length, by their last nine characters.

Nine characters of an alphabet of 64, in the order of ASCII, are 54 bits. What stands before them is much the same in
all records of one kind, and gets a fingerprint, by which `sync.ledger.order` finds its rank.
"""

import numpy as np
from numpy import uint8, uint64

from scoring.kernel_door import door

TAIL = 9  # characters
BITS = 6  # of each

_ALPHABET = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_PLACES = np.full(256, 255, np.uint8)
_PLACES[[ord(each) for each in _ALPHABET]] = np.arange(64, dtype=np.uint8)


@door
def split(offsets, data, kinds, tails, heads):
    """The last characters of each id as an integer, -1 where one is strange; and of the rest, a fingerprint.

    The fingerprint is of the kind, the length and the characters before the last nine.
    """
    for row in range(len(kinds)):
        start, end = offsets[row], offsets[row + 1]
        middle = max(start, end - TAIL)
        head = uint64(kinds[row]) * uint64(0x9E3779B97F4A7C15) ^ uint64(end - start)
        for at in range(start, middle):
            head = (head ^ uint64(data[at])) * uint64(0x100000001B3)
        head ^= head >> uint64(29)
        head *= uint64(0xBF58476D1CE4E5B9)
        heads[row] = head ^ head >> uint64(32)
        tail = np.int64(0)
        for at in range(middle, end):
            place = _PLACES[data[at]]
            if place == uint8(255):
                tail = np.int64(-1)
                break
            tail = tail << BITS | np.int64(place)
        tails[row] = tail
