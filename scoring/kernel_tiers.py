"""Balance and tier of one subject, compiled: what the moves of its points come to, day by day."""

from scoring.kernel_calendar import NEVER, add_months
from scoring.kernel_door import loop
from scoring.kernel_law import Param
from scoring.kernel_points import day_of_move, points_of, slot_of_move

DAY, FORGETS, DEMOTION = int(Param.DAY), int(Param.FORGETS), int(Param.DEMOTION)
HAS_FLOOR, FLOOR, GRACE = int(Param.HAS_FLOOR), int(Param.FLOOR), int(Param.GRACE)


@loop
def path(reviews, law, room):
    """The tier at the end of the day, the balance, and the next day on which points go by themselves (`tiers.replay`).

    `room.sums` becomes the points left by slot.
    """
    params, tiers, calendar = law.params, law.tiers, law.calendar
    gains, losses, counts, sums, review_days = room.gains, room.losses, room.counts, room.sums, room.review_days
    for slot in range(len(sums)):
        sums[slot] = 0
    today = params[DAY]
    total = 0
    current = 0
    known = -1
    missed = -1
    r = g = loss = 0
    gained, lost = counts[0], counts[1]
    if params[FORGETS] and reviews > params[FORGETS]:
        r = reviews - params[FORGETS]
    while True:
        day = NEVER
        if r < reviews:
            day = review_days[r]
        if g < gained:
            day = min(day, day_of_move(gains[g]))
        if loss < lost:
            day = min(day, day_of_move(losses[loss]))
        if day > today:
            break
        reviewed = r < reviews and review_days[r] == day
        if reviewed:
            known = room.review_coefficients[r]
            r += 1
        while g < gained and day_of_move(gains[g]) == day:
            total += points_of(gains[g])
            sums[slot_of_move(gains[g])] += points_of(gains[g])
            g += 1
        while loss < lost and day_of_move(losses[loss]) == day:
            total -= points_of(losses[loss])
            sums[slot_of_move(losses[loss])] -= points_of(losses[loss])
            loss += 1
        if known < 0:
            continue
        shown = max(total, params[FLOOR]) if params[HAS_FLOOR] else total
        deserved = len(tiers) - 1
        while known > tiers[deserved, 0] or shown < tiers[deserved, 1]:
            deserved -= 1
        if deserved >= current:
            missed = -1
        elif missed < 0:
            missed = day
        if deserved > current:
            current = deserved
        elif missed >= 0 and reviewed and add_months(calendar, missed, params[GRACE]) <= day:
            if params[DEMOTION] == 1:
                current -= 1
            elif params[DEMOTION] == 2:  # noqa: PLR2004 - straight down
                current = deserved
    coming = NEVER
    while loss < lost:
        if points_of(losses[loss]) != 0:
            coming = day_of_move(losses[loss])
            break
        loss += 1
    return current, max(total, params[FLOOR]) if params[HAS_FLOOR] else total, coming


@loop
def settle(law, room):
    """The balance and the next day on which points go by themselves, of a subject whose tier is known to be the lowest.

    `room.sums` becomes the points left by slot.
    """
    params, gains, losses, counts, sums = law.params, room.gains, room.losses, room.counts, room.sums
    for slot in range(len(sums)):
        sums[slot] = 0
    total = 0
    coming = NEVER
    for g in range(counts[0]):
        total += points_of(gains[g])
        sums[slot_of_move(gains[g])] += points_of(gains[g])
    for k in range(counts[1]):
        day, lost = day_of_move(losses[k]), points_of(losses[k])
        if day <= params[DAY]:
            total -= lost
            sums[slot_of_move(losses[k])] -= lost
        elif lost != 0:
            coming = min(coming, day)
    return max(total, params[FLOOR]) if params[HAS_FLOOR] else total, coming
