"""One partition of subjects, compiled: find each event's subject, score the easy ones together, then the others.

Every loop works on arrays that one core's cache holds; nothing is shared between partitions but the rows of the result,
of which each belongs to one subject.
"""

import numpy as np

from scoring.kernel_calendar import NEVER
from scoring.kernel_columns import LINE, PLAIN, STATUS, write, write_unexposed
from scoring.kernel_door import door, inline, loop
from scoring.kernel_fold import SHORT_HISTORY, coefficient, day_of, horizon, kind_of, may_rise
from scoring.kernel_law import COUNTED, TAKES, Param
from scoring.kernel_money import derive, settle_ties, with_derived
from scoring.kernel_order import find_owners, gather, locate, sort
from scoring.kernel_outlook import foresee
from scoring.kernel_pack import BY_HAND, LATER
from scoring.kernel_points import points
from scoring.kernel_quick import quick
from scoring.kernel_reasons import reason_code, unexposed_code
from scoring.kernel_room import table_size
from scoring.kernel_subjects import begins_in, is_by_hand, opened_on, reviewed_on
from scoring.kernel_tiers import path, settle

MONEY = COUNTED | TAKES  # whoever has such a signal needs the loops that know amounts
DAY, FORGETS, EASY = int(Param.DAY), int(Param.FORGETS), int(Param.EASY)


@door
def find(starts, records, where, subjects, desk, part):
    """Whose each event of one partition is; how many the subject with most of them has, -1 where one comes twice.

    `starts[batch, partition]` are the pieces of the partition among the records.
    """
    first_subject, last_subject = subjects.starts[part], subjects.starts[part + 1]
    number = last_subject - first_subject
    table, bounds = desk.table[: table_size(number)], desk.bounds[: number + 1]
    table[:] = -1
    bounds[:] = 0
    if not locate(subjects.low, subjects.high, first_subject, last_subject, table):
        return -1
    find_owners(part, starts, records, where, subjects.low, subjects.high, first_subject, table, desk.owner, bounds)
    longest = np.int64(0)
    for local in range(number):
        longest = max(longest, bounds[local + 1])
        bounds[local + 1] += bounds[local]
    return longest


@door
def score(starts, records, where, subjects, desk, law, tied, room, result, part):
    """Score the subjects of the partition that the desk was last used for (`find`) into `result[row of the subject]`.

    `tied`: full and partial incidents weigh alike. Returns how many are left to the plain reading.
    """
    first_subject = subjects.starts[part]
    number = subjects.starts[part + 1] - first_subject
    events, bounds, lines, left = desk.events, desk.bounds[: number + 1], desk.lines, desk.left
    for local in range(number):
        left[local] = bounds[local]
    gather(part, starts, records, desk.owner, left, events)
    leaving = number
    if law.params[EASY]:
        leaving = quick(events, bounds, records, where, first_subject, subjects, law, tied, room, lines, left)
    else:
        for local in range(number):
            left[local] = local
    _careful(events, bounds, records, where, first_subject, subjects, law, tied, room, lines, left, leaving)
    plain = 0
    for local in range(number):
        row = subjects.rows[first_subject + local]
        plain += lines[local, STATUS] == PLAIN
        for each in range(LINE):
            result[row, each] = lines[local, each]
        for each in range(LINE, lines.shape[1]):
            result[row, each] = lines[local, each]
    return plain


@loop
def _careful(events, bounds, records, where, first_subject, subjects, law, tied, room, lines, left, leaving):
    """Score the first `leaving` subjects of `left` into `lines`, each with its events in order."""
    today, forgets = law.params[DAY], law.params[FORGETS]
    for each in range(leaving):
        local = left[each]
        row = subjects.rows[first_subject + local]
        low, high = bounds[local], bounds[local + 1]
        sort(events, room.spare, low, high)
        said = np.uint32(0)
        asked = 0
        for i in range(low, high):
            word = np.uint32(events[i] >> np.uint64(32))
            said |= word
            asked |= law.meanings[kind_of(events[i])]
        if said & BY_HAND != 0 or is_by_hand(subjects, row):
            lines[local, STATUS] = PLAIN
            continue
        start, end, exposure, coming = _exposed(events, low, high, opened_on(subjects, row), today)
        state = begins_in(subjects, row, law)
        if exposure == NEVER:
            write_unexposed(lines, local, law.table[state], coming, unexposed_code(law))
            continue

        own_review = reviewed_on(subjects, row)
        source = events
        if asked & MONEY != 0:
            found = derive(events, start, end, exposure, own_review, records, where, law, room)
            if found < 0:
                lines[local, STATUS] = PLAIN
                continue
            if found > 0:
                source, start, end = room.own, 0, with_derived(events, start, end, found, room)
                sort(source, room.spare, start, end)
        done, now, expected, review, seen, reason = coefficient(
            source, start, end, exposure, own_review, state, law, room
        )
        rises = may_rise(done, law, room)
        since = today if not rises else room.review_days[done - forgets] if forgets and done >= forgets else 0
        period, start = horizon(source, start, end, done, since, law, room)
        refunded = False
        for i in range(start, end):
            refunded = refunded or law.meanings[kind_of(source[i])] & TAKES != 0
        if refunded:
            settle_ties(source, start, end, records, where, room)
        if not points(source, start, end, period, refunded, records, where, law, room):
            lines[local, STATUS] = PLAIN
            continue
        tier = 0
        if rises:
            tier, total, expiry = path(done, law, room)
        else:
            total, expiry = settle(law, room)
        if abs(total) > NEVER:
            lines[local, STATUS] = PLAIN
            continue
        if lines.shape[1] > LINE:
            foresee(lines, local, min(review, coming), law, room)
        code = reason_code(seen, reason, law, room, tied)
        change = min(review, coming, expiry)
        write(lines, local, now, expected, total, tier, reason == SHORT_HISTORY, review, change, code)


@inline
def _exposed(events, low, high, opened, today):
    """The events from the first day of exposure to the day, that first day, and the next on which something comes."""
    end = high
    while end > low and day_of(events[end - 1]) > today:
        end -= 1
    coming = day_of(events[end]) if end < high else np.int64(NEVER)
    exposure = np.int64(NEVER)
    for i in range(low, end):
        if np.uint32(events[i] >> np.uint64(32)) & LATER == 0:
            exposure = day_of(events[i])
            break
    if opened <= today:
        exposure = min(exposure, opened)
    else:
        coming = min(coming, opened)
    start = low
    while start < end and day_of(events[start]) < exposure:
        start += 1
    return start, end, exposure, coming
