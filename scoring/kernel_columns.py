"""The lines of a result as columns, compiled: one walk over the lines fills them all."""

from scoring.automaton import Column
from scoring.kernel_calendar import EPOCH, NEVER
from scoring.kernel_door import door, inline

# The columns of a result, int32[subjects, 8]: one line of the cache for each subject. An outlook may follow.
COEFFICIENT, EXPECTED, BALANCE, TIER, STATUS, REVIEW, CHANGE, REASONS = range(8)
LINE = 8
NO_DAY = -(2**31)
ACTIVE, SHORT, PLAIN = 0, 1, 2  # PLAIN: left to the plain reading

_SHOWN = int(Column.COEFFICIENT)


@door
def columns_of(
    lines, shown, coefficient, expected, points, tier, status, review, reviewed, change, changing, reasons, shift, used
):
    """Fill one column each; days count from 1970, `reviewed` and `changing` say of which rows there is one.

    `shown` has the number that each status is shown as; `used[code + shift]` becomes True for each code of reasons.
    Returns how many days are missing.
    """
    missing = 0
    for row in range(len(lines)):
        coefficient[row] = lines[row, COEFFICIENT]
        expected[row] = lines[row, EXPECTED]
        points[row] = lines[row, BALANCE]
        tier[row] = lines[row, TIER]
        status[row] = shown[lines[row, STATUS]]
        missing += (lines[row, REVIEW] == NO_DAY) + (lines[row, CHANGE] == NO_DAY)
        reviewed[row] = lines[row, REVIEW] != NO_DAY
        changing[row] = lines[row, CHANGE] != NO_DAY
        review[row] = lines[row, REVIEW] - EPOCH
        change[row] = lines[row, CHANGE] - EPOCH
        code = lines[row, REASONS] + shift
        reasons[row] = code
        used[code] = True
    return missing


@door
def renumber(codes, places):
    """Each code by its place among those that are used."""
    for row in range(len(codes)):
        codes[row] = places[codes[row]]


@inline
def write(lines, place, coefficient, expected, points, tier, short, review, change, reasons):
    """One line of a result; `short`: the history is."""
    lines[place, COEFFICIENT] = coefficient
    lines[place, EXPECTED] = expected
    lines[place, BALANCE] = points
    lines[place, TIER] = tier
    lines[place, STATUS] = SHORT if short else ACTIVE
    lines[place, REVIEW] = review
    lines[place, CHANGE] = change
    lines[place, REASONS] = reasons


@inline
def write_unexposed(lines, place, state, coming, reasons):
    """The line of a subject that is not exposed, or not yet."""
    write(lines, place, state[_SHOWN], state[_SHOWN], 0, 0, True, NO_DAY, coming, reasons)
    if coming == NEVER:
        lines[place, CHANGE] = NO_DAY
    if lines.shape[1] > LINE:
        lines[place, LINE] = NO_DAY
