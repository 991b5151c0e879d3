"""The three reasons that weigh most as one number, compiled (`reasons.weightiest`)."""

from scoring.kernel_door import inline
from scoring.kernel_fold import CLEAN_LAST, INTERRUPTED_LAST, SEEN, SEEN_BITS, SHOWN
from scoring.kernel_law import Param

SLOTS = int(Param.SLOTS)

# The digits of a reason code, in base `REASON_KINDS + slots`: three digits, the weightiest first, 0 for none.
FULL_INCIDENT, PARTIAL_INCIDENT, ABSORBED, INTERRUPTED, CLEAN, SHORT_PAST, UNEXPOSED = range(1, 8)
REASON_KINDS = 8


@inline
def reason_code(seen, reason, law, room, tied):
    """Of what incidents did (`kernel_fold.coefficient`), the reason after them, and the points by slot: `room.sums`.

    The sums that are taken are written over.    `tied`: full and partial incidents weigh alike.
    """
    slots, sums = law.params[SLOTS], room.sums
    base = REASON_KINDS + slots
    code = count = 0
    for kind in range(3):
        number = (seen >> SEEN_BITS * kind) & SEEN
        digit = FULL_INCIDENT if tied and kind == 1 else FULL_INCIDENT + kind
        while number > 0 and count < SHOWN:
            code = code * base + digit
            count += 1
            number -= 1
    if count < SHOWN and reason != 0:
        code = code * base + (
            INTERRUPTED if reason == INTERRUPTED_LAST else CLEAN if reason == CLEAN_LAST else SHORT_PAST
        )
        count += 1
    while count < SHOWN:
        best = -1
        weight = 0
        for slot in range(slots):
            if abs(sums[slot]) > weight:
                best, weight = slot, abs(sums[slot])
        if best < 0:
            break
        code = code * base + REASON_KINDS + best
        sums[best] = 0
        count += 1
    while count < SHOWN:
        code *= base
        count += 1
    return code


@inline
def unexposed_code(law):
    """The one reason of a subject that is not exposed."""
    base = REASON_KINDS + law.params[SLOTS]
    return UNEXPOSED * base * base
