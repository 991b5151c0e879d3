"""What the compiled loops know of rules: arrays of integers, the names of their places, and what their bits mean."""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.kernel_calendar import Calendar
from scoring.signal import Liability

LIABILITIES = (Liability.FULL, Liability.PARTIAL, Liability.NONE)


class Name(IntEnum):
    """What is known of a signal's name: the columns of `Plan.names`."""

    POINTS = 0
    CAP = 1  # -1: none
    AWARDED = 2
    SLOT = 3  # place among the names that points are summed by, -1: none
    TAKES = 4  # the name whose points it takes back, 0: none
    TAKEN = 5  # 1: a refund may take its points back
    EXCUSABLE = 6  # 1: an incident even with liability none
    MONEY = 7  # 1: its subject needs the loop that knows amounts
    LETTERS = 8  # 1: its liability counts
    ONCE = 9  # 1: only the first one ever gives points
    EXPIRY = 10  # months until its points are gone
    FADES = 11  # 1: month by month


class Letter(IntEnum):
    """What the automaton reads of an event."""

    NOTHING = 0
    FULL = 1
    PARTIAL = 2
    HELD = 3  # an excused incident, which may hold the reduction


# What an event's rank and name mean, as one integer: its letter, then a bit each, then the most points that it
# can add to a balance.
KINDS = 512
AWARDED, TAKES, COUNTED, GAIN_SHIFT = 1 << 2, 1 << 3, 1 << 4, 8


class Param(IntEnum):
    """The places in `Plan.params`."""

    DAY = 0
    LAG = 1
    FIRST_MIN = 2
    HAS_FLOOR = 3
    FLOOR = 4
    DEMOTION = 5  # 0: none, 1: one step, 2: straight down
    ORIGIN = 6
    CUTOFF = 7  # before it, points can no longer matter to anything shown
    FULL_RANK = 8  # the rank of full liability among the signals of one day
    SLOTS = 9
    INTERRUPTION = 10
    EASY = 11  # 1: `kernel_quick` knows the rules
    GRACE = 12
    START = 13  # the state that exposure begins in
    FORGETS = 14  # reviews after which the tier is what the numbers make it, whatever it was; 0: never
    LONGEST = 15  # months that points live
    EVER = 16  # 1: points depend on all that has ever been, not only on what is still in force
    ENOUGH = 17  # fewer events that are counted make no derived signal


class Law(NamedTuple):
    """All that the compiled loops know of a programme.

    `meanings` are by rank and name, as `KINDS` says; `table` is the automaton.
    """

    params: NDArray[np.int64]
    names: NDArray[np.int32]
    meanings: NDArray[np.int64]
    derived: NDArray[np.int64]
    tiers: NDArray[np.int64]
    table: NDArray[np.int32]
    calendar: Calendar
