"""A programme as arrays of integers: all that the compiled loops know of its rules.

What the loops do not know is refused (`kernel_limits`), so that the whole programme is left to the plain reading.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from scoring.automaton import Automaton, Column
from scoring.kernel_automaton import automaton_of
from scoring.kernel_calendar import calendar
from scoring.kernel_law import AWARDED, COUNTED, GAIN_SHIFT, KINDS, LIABILITIES, TAKES, Law, Letter, Name, Param
from scoring.kernel_limits import NAMES, Unsupported, check
from scoring.kernel_pack import BY_HAND
from scoring.review import add_months
from scoring.rules import AnyRules, Derived, Programme, Rules, Tier
from scoring.scheme import AnyState, start
from scoring.signal import Liability

AMOUNT_LIMIT = 10**14  # units; sums and products of such amounts stay below 2**63
_COEFFICIENT_LIMIT = 2**15 - 1
_FAR = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A programme on one day.

    `kinds[age, signal, liability]` is what an event's lower 16 bits begin with, 0 where it cannot matter; `age` is 0
    for what is still to come, 1 for what has happened, 2 for what has before the cut-off; `signal` is the place in
    `signals`, the last row standing for every other name. `valued` is by name: whether anything asks for the amount of
    such a signal.
    """

    programme: Programme
    day: date
    signals: tuple[str, ...]
    kinds: NDArray[np.uint32]
    law: Law
    valued: NDArray[np.uint8]
    starts: Mapping[AnyState, int]
    slots: tuple[str, ...]

    @property
    def needs_money(self) -> bool:
        """Whether amounts can move anything."""
        return bool(self.law.names[:, Name.MONEY].any())


def compile_programme(programme: Programme, day: date, openings: Iterable[AnyState] = ()) -> Plan:
    """The programme as the compiled loops want it.

    Raises:
        Unsupported: it has a rule that they do not know.
    """
    check(programme, day)
    rules = programme.rules
    on = sorted(name for name, switch in programme.signals.items() if switch)
    number = {name: place + 1 for place, name in enumerate(on)}
    slots = sorted({*programme.points, *programme.takes_back} & set(on))
    names = np.zeros((NAMES + 1, len(Name)), dtype=np.int32)
    for name in on:
        row = names[number[name]]
        award = programme.points.get(name)
        if award is not None:
            row[Name.POINTS], row[Name.AWARDED] = award.points, 1
        row[Name.CAP] = -1 if award is None or award.cap is None else award.cap
        row[Name.SLOT] = slots.index(name) if name in slots else -1
        row[Name.TAKES] = number.get(programme.takes_back.get(name, ""), 0)
        row[Name.TAKEN] = name in programme.takes_back.values()
        row[Name.LETTERS] = name not in programme.excluded
        row[Name.EXCUSABLE] = name in programme.incidents and programme.excluded.get(name) != "art. 7"
        if award is not None:
            row[Name.ONCE], row[Name.FADES] = award.repeat == "once", award.fading == "linear"
            row[Name.EXPIRY] = award.expiry_months or programme.expiry_months
    derived = [rule for rule in programme.derived if programme.signals[rule.name]]
    counted = {rule.counts for rule in derived if programme.signals.get(rule.counts)}
    for name in {*counted, *(name for name in on if names[number[name], Name.TAKES])}:
        names[number[name], Name.MONEY] = 1

    kinds = _kinds(programme, on, names)
    lasting = {rule.against for rule in derived} | counted
    for place, name in enumerate(on):
        if name in lasting:
            kinds[:, place] = kinds[0, place]
    automaton = _automaton(rules, openings)
    floor = programme.points_floor
    params = np.zeros(len(Param), dtype=np.int64)
    params[Param.DAY] = _number(day)
    params[Param.LAG] = rules.lag_months
    params[Param.FIRST_MIN] = rules.first_min_months
    params[Param.HAS_FLOOR], params[Param.FLOOR] = floor is not None, floor or 0
    params[Param.DEMOTION] = {"none": 0, "one step": 1, "straight": 2}[programme.demotion]
    params[Param.ORIGIN] = rules.origin
    params[Param.FORGETS] = _forgets(programme, names)
    params[Param.LONGEST] = max(1, int(names[:, Name.EXPIRY].max()))
    params[Param.CUTOFF] = _cutoff(params, day)
    params[Param.FULL_RANK] = _rank(Liability.FULL, programme)
    params[Param.SLOTS] = len(slots)
    params[Param.INTERRUPTION] = rules.interruption_months
    awarded = names[names[:, Name.AWARDED] == 1]
    params[Param.GRACE] = programme.grace_months
    params[Param.EVER] = names[:, Name.ONCE].any()
    uneven = len(set(awarded[:, Name.EXPIRY])) > 1 or awarded[:, Name.FADES].any()
    always = rules.interruption_months < 12 - rules.lag_months
    params[Param.EASY] = always and not uneven and not params[Param.EVER]
    params[Param.ENOUGH] = min((rule.at_least for rule in derived), default=_FAR)
    params[Param.START] = automaton.starts[start(rules)]
    law = Law(
        params,
        names,
        _meanings(names, programme, [number[name] for name in counted]),
        _derived(derived, programme, number),
        np.array([_bounds(tier) for tier in programme.tiers], dtype=np.int64),
        automaton.table,
        calendar(),
    )
    return Plan(
        programme=programme,
        day=day,
        signals=tuple(on),
        kinds=kinds,
        law=law,
        valued=_valued(names, [number[name] for name in lasting if name in number]),
        starts=automaton.starts,
        slots=tuple(slots),
    )


def _bounds(tier: Tier) -> tuple[int, int]:
    """The most that its coefficient and the least that its points may be."""
    return (
        _FAR if tier.coefficient is None else tier.coefficient,
        -(2**62) if tier.points is None else tier.points,
    )


def _automaton(rules: AnyRules, openings: Iterable[AnyState]) -> Automaton:
    try:
        automaton = automaton_of(rules, tuple(openings))
    except ValueError as unknown:
        raise Unsupported(str(unknown)) from unknown
    if automaton.table[:, Column.COEFFICIENT].max() > _COEFFICIENT_LIMIT:
        raise Unsupported("a level beyond the integers of a result")
    return automaton


def _forgets(programme: Programme, names: NDArray[np.int32]) -> int:
    """How many reviews make the tier what the numbers since then make it, whatever it was; 0: no number does.

    At each review a tier above the deserved one goes down one step at least, and one below it goes up: after as many
    reviews as there are steps, two subjects with the same numbers stand on the same tier.
    """
    forgets = programme.demotion != "none" and not programme.grace_months and not names[:, Name.ONCE].any()
    return max(1, len(programme.tiers) - 1) if forgets else 0


def _cutoff(params: NDArray[np.int64], day: date) -> int:
    """The day before which points matter to nobody: not in force at the last reviews, nor in a period with such."""
    if not params[Param.FORGETS]:
        return 0
    months = 12 * int(params[Param.FORGETS]) + int(params[Param.LONGEST]) + int(params[Param.LAG]) + 13
    return max(0, _number(add_months(day, -months)))


def _number(day: date) -> int:
    return day.toordinal() - date(1900, 1, 1).toordinal()


def _rank(liability: Liability, programme: Programme) -> int:
    """The place among the signals of one day, as `history.order` has it."""
    ranks = {Liability.FULL: 0, Liability.PARTIAL: 1, Liability.NONE: 2}
    return 2 - ranks[liability] if programme.rules.same_day == "partial first" else ranks[liability]


def _kinds(programme: Programme, on: list[str], names: NDArray[np.int32]) -> NDArray[np.uint32]:
    kinds = np.zeros((3, len(on) + 1, len(LIABILITIES)), dtype=np.uint32)
    for place, name in enumerate(on):
        later = name not in programme.exposure
        row = names[place + 1]
        plain = (
            name in programme.contracts or name in programme.openings
        )  # the loops know no spans and no carrying over
        for column, liability in enumerate(LIABILITIES):
            kind = later << 15 | _rank(liability, programme) << 13 | (place + 1) << 6
            if plain:
                kind |= int(BY_HAND)
            moves = plain or not later or (liability is not Liability.NONE and bool(row[Name.LETTERS]))
            moves = moves or (programme.rules.excused == "held" and bool(row[Name.EXCUSABLE]))
            moves = moves or bool(row[Name.MONEY] or row[Name.TAKEN])
            kinds[:, place, column] = kind, kind if moves or row[Name.AWARDED] else 0, kind if moves else 0
    return kinds


def _read(rules: AnyRules) -> Mapping[Liability, Letter]:
    """What an incident of each liability is read as; the law's automaton knows itself whether an excused one holds."""
    if isinstance(rules, Rules):
        return {Liability.FULL: Letter.FULL, Liability.PARTIAL: Letter.PARTIAL, Liability.NONE: Letter.HELD}
    partial = {"claim": Letter.FULL, "held": Letter.HELD, "excused": Letter.NOTHING}[rules.partial]
    excused = Letter.HELD if rules.excused == "held" else Letter.NOTHING
    return {Liability.FULL: Letter.FULL, Liability.PARTIAL: partial, Liability.NONE: excused}


def _meanings(names: NDArray[np.int32], programme: Programme, counted: list[int]) -> NDArray[np.int64]:
    """By rank and name, as `KINDS` says."""
    read = _read(programme.rules)
    found = np.zeros((KINDS // (NAMES + 1), NAMES + 1), dtype=np.int64)
    found[:, names[:, Name.EXCUSABLE] == 1] = read[Liability.NONE]
    for liability in (Liability.FULL, Liability.PARTIAL):
        found[_rank(liability, programme), names[:, Name.LETTERS] == 1] = read[liability]
    found |= _gains(names) << GAIN_SHIFT
    found |= np.where(names[:, Name.AWARDED] == 1, AWARDED, 0) | np.where(names[:, Name.TAKES] > 0, TAKES, 0)
    found[:, counted] |= COUNTED
    return found.reshape(-1)


def _gains(names: NDArray[np.int32]) -> NDArray[np.int64]:
    """The most that one such signal can add to a balance; taking back what was negative adds too."""
    points = names[:, Name.POINTS].astype(np.int64)
    return np.where(names[:, Name.TAKEN] == 1, np.abs(points), points.clip(0))


def _valued(names: NDArray[np.int32], counted: list[int]) -> NDArray[np.uint8]:
    """Whether anything asks for the amount of such a signal: refunds and their orders, what derived signals sum."""
    valued = (names[:, Name.MONEY] | names[:, Name.TAKES] | names[:, Name.TAKEN]) > 0
    valued[counted] = True
    return valued.astype(np.uint8)


def _derived(rules: list[Derived], programme: Programme, number: Mapping[str, int]) -> NDArray[np.int64]:
    """One row a rule: counts, against, at least, share in percent, and the lower 16 bits of the event it makes."""
    rows = [
        (
            number.get(rule.counts, NAMES),
            number.get(rule.against, NAMES),
            rule.at_least,
            rule.share_percent,
            1 << 15 | _rank(rule.liability, programme) << 13 | number[rule.name] << 6,
        )
        for rule in rules
    ]
    return np.array(rows, dtype=np.int64).reshape(len(rows), 5)
