"""The civil calendar as three small arrays, so that compiled loops add months without a branch or a division.

A day is the number of days since 1900-01-01, a month the number of months since January 1900.
"""

from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scoring.kernel_door import inline

Ints: TypeAlias = NDArray[np.int32]

EPOCH = 25_567  # days from 1900-01-01 to 1970-01-01, where Arrow's date32 begins
DAYS = 1 << 16  # an event's day fits in 16 bits: until 2079-06-06
NEVER = 2**31 - 1  # beyond any day
_MONTHS = 12 * 300


class Calendar(NamedTuple):
    """`month[day]`, `dom[day]` (day of the month, from 1) and `first[month]`, the day on which a month begins.

    `civil[day]` is year * 512 + month * 32 + day of the month: between two days that each year has, the difference
    divided by 512 is the number of whole years.
    """

    month: Ints
    dom: Ints
    first: Ints
    civil: Ints


@cache  # it takes as long to make as two hundred subjects to score
def calendar() -> Calendar:
    """The calendar from 1900 to 2199."""
    months = np.arange("1900-01", "2200-01", dtype="datetime64[M]")
    edges = np.append(months, months[-1] + 1).astype("datetime64[D]").astype(np.int32) + EPOCH
    lengths = np.diff(edges)
    month = np.repeat(np.arange(_MONTHS, dtype=np.int32), lengths)
    dom = np.arange(edges[-1], dtype=np.int32) - edges[month] + 1
    civil = month // 12 * 512 + month % 12 * 32 + dom
    return Calendar(month, dom.astype(np.int32), edges.astype(np.int32), civil.astype(np.int32))


@inline
def day_in(calendar, month, dom):
    """That day of a month, or the month's last where it is shorter."""
    start = calendar.first[month]
    length = calendar.first[month + 1] - start
    return start + min(dom, length) - 1


@inline
def add_months(calendar, day, count):
    """As `review.add_months`: 31 January + 1 month is the last of February."""
    return day_in(calendar, calendar.month[day] + count, calendar.dom[day])


@inline
def period_of(calendar, day, anchor):
    """The number of the period that a day lies in, where the first one ends on the civil day `anchor`."""
    return max(0, ((calendar.civil[day] - anchor) >> 9) + 1)
