"""What the calendar alone will do to one subject, compiled: how many points go on its next days.

A tier is lost at a review only, and cannot be won while points only go. So until the next review, a signal whose day is
still to come, or a day on which more is won than lost, these days take from the balance, and do nothing else.
"""

from scoring.kernel_columns import LINE, NO_DAY
from scoring.kernel_door import loop
from scoring.kernel_law import Param
from scoring.kernel_points import day_of_move, points_of

DAYS = 12  # of one outlook, at most
WIDTH = LINE + 2 * DAYS  # of a line with an outlook: pairs of a day and the points that go on it
DAY = int(Param.DAY)


@loop
def foresee(lines, place, until, law, room):
    """Write the outlook of a subject whose points were just settled, as far as its line has room.

    The last pair is the day that it does not reach, before `until` or on it, without points. It is left away where
    nothing is foreseen; after it comes `NO_DAY`.
    """
    losses, number, width = room.losses, room.counts[1], lines.shape[1]
    at = LINE
    k = 0
    while k < number and day_of_move(losses[k]) <= law.params[DAY]:
        k += 1
    while True:
        while k < number and points_of(losses[k]) == 0:
            k += 1
        day = min(until, day_of_move(losses[k])) if k < number else until
        if day == until or at == width - 2:
            break
        lost = 0
        while k < number and day_of_move(losses[k]) == day:
            lost += points_of(losses[k])
            k += 1
        if lost < 0:
            break
        lines[place, at], lines[place, at + 1] = day, lost
        at += 2
    if at > LINE:
        lines[place, at], lines[place, at + 1] = day, NO_DAY
        at += 2
    if at < width:
        lines[place, at] = NO_DAY
