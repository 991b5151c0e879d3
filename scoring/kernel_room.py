"""The room that the loops work in: arrays that each thread makes once, so that no loop allocates any."""

from math import prod
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.kernel_door import inline
from scoring.kernel_law import Law, Param
from scoring.kernel_pack import CURRENCIES

REVIEWS = 200  # of one subject, at most
DIGITS = 8192  # more places than values where these are sorted
_LARGE = 1 << 22  # bytes from which numpy asks the system for huge pages


class Room(NamedTuple):
    """What is known of the subject at hand while it is scored."""

    # Events, as `kernel_order.gather` makes them.
    incidents: NDArray[np.uint64]
    awards: NDArray[np.uint64]
    own: NDArray[np.uint64]  # with those that were derived
    made: NDArray[np.uint64]  # by derived signals
    spare: NDArray[np.uint64]
    keys: NDArray[np.int64]  # that settle ties
    spare_keys: NDArray[np.int64]
    # By period.
    review_days: NDArray[np.int64]
    review_coefficients: NDArray[np.int64]
    ends: NDArray[np.int64]
    gained: NDArray[np.int64]  # the most points that its events can add to a balance
    # By slot.
    sums: NDArray[np.int64]  # points in force
    earned: NDArray[np.int64]  # in the period, for its caps
    ever: NDArray[np.int64]
    top: NDArray[np.int64]  # the last order with money left
    # Points: the moves of the balance, and orders that refunds may take back.
    gains: NDArray[np.int64]
    losses: NDArray[np.int64]
    counts: NDArray[np.int64]  # of gains and losses, and whether these are out of order
    entries: NDArray[np.int64]
    orders: NDArray[np.int64]
    # By currency.
    counted: NDArray[np.int64]
    against: NDArray[np.int64]


def empty(shape: int | tuple[int, ...], kind: Any) -> NDArray[Any]:
    """An array of whatever; pages of a large one that are never filled are never used.

    Numpy asks the system for huge pages. A virtual machine may have to make each of them out of five hundred small
    ones, and then takes longer to fill it for the first time than everything else takes together; and a page is filled
    where one number of it is wanted: measured.
    """
    lengths = (shape,) if isinstance(shape, int) else shape
    size = prod(lengths) * np.dtype(kind).itemsize
    if size < _LARGE:
        return np.empty(lengths, kind)
    return np.frombuffer(mmap(-1, size, MAP_PRIVATE | MAP_ANONYMOUS), kind).reshape(lengths)


def room_for(longest: int, fading: int, law: Law) -> Room:
    """Room for subjects of so many events; an entry fades in so many steps."""
    derived = REVIEWS * len(law.derived)
    events = longest + derived + 1
    slots = int(law.params[Param.SLOTS]) + 1
    return Room(
        empty(events, np.uint64),
        empty(events, np.uint64),
        empty(events, np.uint64),
        empty(derived + 1, np.uint64),
        empty(2 * events * fading + DIGITS, np.uint64),
        empty(events, np.int64),
        empty(events, np.int64),
        empty(REVIEWS, np.int64),
        empty(REVIEWS, np.int64),
        empty(REVIEWS + 2, np.int64),
        empty(REVIEWS + 2, np.int64),
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int64),
        np.zeros(slots, np.int64),
        empty(2 * events, np.int64),
        empty(2 * events * fading, np.int64),
        np.zeros(3, np.int64),
        empty((events, 3), np.int64),
        empty((events, 6), np.int64),
        np.zeros(CURRENCIES, np.int64),
        np.zeros(CURRENCIES, np.int64),
    )


class Desk(NamedTuple):
    """One partition at a time: its subjects' hash table, whose each event is, and the events by subject.

    `bounds[k]` to `bounds[k + 1]` are those of subject k; `lines` of the result wait in order, to go to their rows all
    at once; `left` are the subjects that the loop at hand leaves to the next.
    """

    table: NDArray[np.int32]
    owner: NDArray[np.int32]
    bounds: NDArray[np.int64]
    events: NDArray[np.uint64]
    lines: NDArray[np.int32]
    left: NDArray[np.int64]


@inline
def table_size(subjects):
    """How many places a hash table has: seven in eight stay empty, hardly a key looks twice."""
    size = 8
    while size < 8 * subjects:
        size *= 2
    return size


def desk_for(events: int, subjects: int, width: int) -> Desk:
    """Room for a partition of so many, with lines of that width."""
    return Desk(
        empty(table_size.function(subjects), np.int32),
        empty(events, np.int32),
        empty(subjects + 1, np.int64),
        empty(events, np.uint64),
        empty((subjects, width), np.int32),
        empty(subjects + 1, np.int64),
    )
