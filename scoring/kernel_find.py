"""Rows found by two words and a group, such as the contact of a connection by its id (`kernel_pack.text_keys`)."""

import numpy as np
from numpy import uint64

from scoring.kernel_door import door
from scoring.kernel_pack import hashed


@door
def enter(low, high, table):
    """Fill a hash table, all -1 before and at least twice as long as the rows, a power of two; no key comes twice."""
    mask = np.int64(len(table) - 1)
    for row in range(len(low)):
        at = np.int64(hashed(low[row], high, row) & uint64(mask))
        while table[at] >= 0:
            at = (at + 1) & mask
        table[at] = row


@door
def find(low, high, groups, table, wanted_low, wanted_high, wanted_groups, rows):
    """The row that was entered under each wanted key, -1 where there is none."""
    mask = np.int64(len(table) - 1)
    for number in range(len(rows)):
        at = np.int64(hashed(wanted_low[number], wanted_high, number) & uint64(mask))
        row = table[at]
        while row >= 0 and not (
            low[row] == wanted_low[number] and high[row] == wanted_high[number] and groups[row] == wanted_groups[number]
        ):
            at = (at + 1) & mask
            row = table[at]
        rows[number] = row
