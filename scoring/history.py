"""The history of one subject up to a day: its periods, the signals that count in each, and why the others do not."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from scoring.case import Case
from scoring.contest import Contests
from scoring.contracts import Contracts
from scoring.correction import is_late, settled
from scoring.line import Code, Line, Param, describe
from scoring.opening import Opening, opening_of
from scoring.review import Period, periods, review_following
from scoring.rules import Programme
from scoring.signal import Liability, Signal

RecordKey = tuple[str, str]  # connection, id

_RANK = {Liability.FULL: -1, Liability.PARTIAL: 0, Liability.NONE: 1}


@dataclass(frozen=True, slots=True)
class History:
    """What the fold reads.

    `counted` has one tuple of signals per period, in the order in which they count. `upcoming` is the first day on
    which a signal known already takes effect, `left_out` a line for each signal that does not count. `twins` leads from
    the record of a fact reported twice to the record that counts, both as (connection, id). `opening` is what was
    carried over, `contracts` run beside the signals.
    """

    exposure: date | None
    periods: tuple[Period, ...]
    counted: tuple[tuple[Signal, ...], ...]
    upcoming: date | None
    left_out: tuple[Line, ...]
    twins: Mapping[RecordKey, RecordKey]
    opening: Opening | None
    contracts: Contracts


def history(case: Case, day: date, contests: Contests) -> History:
    """The signals sorted out as of the end of `day`; `contests` says of those that would count which ones are held."""
    programme = case.programme
    left_out: list[Line] = []
    twins: dict[RecordKey, RecordKey] = {}
    signals, contracts, carried = _apart(case, day, left_out)
    known = _in_order(signals, programme)
    if any(signal.before is not None or signal.withdrawn for signal in known):
        known = _corrected(known, case, contracts, day, left_out)
    known = _without_twins(known, twins, left_out, day)
    upcoming = _upcoming(known, contracts, carried, case, day)
    contests.expect(signal for signal in known if signal.on > day and programme.signals.get(signal.name))
    eligible = [signal for signal in known if signal.on <= day and _is_on(signal, programme, left_out)]
    exposure = _exposure(eligible, case, contracts, day)
    if exposure is None:
        left_out += [Line(Code.BEFORE_EXPOSURE, "", describe(signal)) for signal in eligible]
        opening = _opening(carried, case, day, None, left_out)
        return History(None, (), (), upcoming, tuple(left_out), twins, opening, contracts)

    found = periods(exposure, day, programme.rules, case.review_day)
    opening = _opening(carried, case, day, found[0].review, left_out)
    ends = [period.end for period in found]
    counted: list[list[Signal]] = [[] for _ in found]
    for signal in eligible:
        if signal.on < exposure:
            left_out.append(Line(Code.BEFORE_EXPOSURE, "", describe(signal)))
        elif signal.recorded and _came_late(signal, review := review_following(signal.on, found), programme):
            left_out.append(_too_late(signal, review, programme))
        elif not contests.holds(signal, found):
            counted[bisect_right(ends, signal.on)].append(_converted(signal, case, left_out))
    return History(exposure, found, tuple(map(tuple, counted)), upcoming, tuple(left_out), twins, opening, contracts)


def order(signal: Signal, programme: Programme) -> tuple[object, ...]:
    """How signals count one after the other: by day, by liability as the rules say, by source.

    On one day orders come first, so that a refund finds its order.
    """
    rank = _RANK[signal.liability]
    if programme.rules.same_day == "partial first":
        rank = -rank
    return (signal.on, signal.name not in programme.exposure, rank, *_by_source(signal), signal.name)


def record_key(signal: Signal) -> RecordKey:
    """The record that a signal was made of, whatever kind of object it is."""
    return (signal.source.connection, signal.source.id)


def _by_source(signal: Signal) -> tuple[str, str, int, str]:
    """Ids of one length compare as text, longer ones come later: so "9" < "10" (HR06)."""
    source = signal.source
    return (source.connection, source.object, len(source.id), source.id)


def _apart(case: Case, day: date, left_out: list[Line]) -> tuple[Sequence[Signal], Contracts, list[Signal]]:
    """What the fold counts one by one; beside it the contracts, and what was carried over, the newest first."""
    programme, years = case.programme, case.programme.rules.correction_years
    if not (programme.contracts or programme.openings):
        return case.signals, Contracts((), case.subject.contracts, years), []
    counted: list[Signal] = []
    lasting: list[Signal] = []
    carried: list[Signal] = []
    apart = dict.fromkeys(programme.contracts, lasting) | dict.fromkeys(programme.openings, carried)
    for signal in case.signals:
        if signal.name not in apart:
            counted.append(signal)
        elif _is_on(signal, programme, left_out if signal.on <= day else []):
            apart[signal.name].append(signal)
    carried.sort(key=lambda signal: (signal.on, *_by_source(signal)), reverse=True)
    return counted, Contracts(tuple(lasting), case.subject.contracts, years), carried


def _opening(
    carried: Sequence[Signal], case: Case, day: date, first_review: date | None, left_out: list[Line]
) -> Opening | None:
    """What exposure begins with: as given, else the newest that was known in time and is possible under the rules."""
    if case.subject.opening is not None:
        return case.subject.opening
    programme = case.programme
    for signal in (each for each in carried if each.on <= day):
        entry: Signal | None = signal
        while first_review and entry and entry.recorded and is_late(entry.recorded, first_review, programme):
            left_out.append(_too_late(entry, first_review, programme))
            entry = entry.before
        if entry is None or entry.withdrawn or entry.carried is None:
            continue
        try:
            return opening_of(entry.carried, programme.rules)
        except ValueError:
            left_out.append(Line(Code.NOT_CARRIED, programme.reference(f"signals.{entry.name}"), describe(entry)))
    return None


def _upcoming(
    known: Sequence[Signal], contracts: Contracts, carried: Sequence[Signal], case: Case, day: date
) -> date | None:
    """The first day on which something known already takes effect."""
    ahead = [next((s.on for s in known if s.on > day and case.programme.signals.get(s.name)), None)]
    ahead += [
        contracts.upcoming(day, lambda on: _first_review(on, case)),
        case.subject.opened,
        *(signal.on for signal in carried),
    ]
    return min((each for each in ahead if each is not None and each > day), default=None)


def _in_order(signals: Iterable[Signal], programme: Programme) -> list[Signal]:
    return sorted(signals, key=lambda signal: order(signal, programme))


def _corrected(
    signals: Sequence[Signal], case: Case, contracts: Contracts, day: date, left_out: list[Line]
) -> list[Signal]:
    """The entries that hold. Orders come first: exposure, and with it every review, depends on them alone.

    An order is judged by the review that would follow if exposure began with it.
    """
    programme = case.programme

    def too_late(signal: Signal, review: date) -> Line:
        return _too_late(signal, review, programme)

    def after_an_order(on: date) -> date:
        return _first_review(on, case)

    orders = [signal for signal in signals if signal.name in programme.exposure]
    orders = settled(orders, after_an_order, programme, too_late, left_out)
    paid = [s for s in _without_twins(_in_order(orders, programme), {}, [], day) if s.on <= day]
    exposure = _exposure([s for s in paid if programme.signals.get(s.name)], case, contracts, day)
    found = () if exposure is None else periods(exposure, day, programme.rules, case.review_day)

    def following(on: date) -> date | None:
        return review_following(on, found) if found and on < found[-1].review else None

    others = [signal for signal in signals if signal.name not in programme.exposure]
    return _in_order([*orders, *settled(others, following, programme, too_late, left_out)], programme)


def _without_twins(
    signals: Sequence[Signal], twins: dict[RecordKey, RecordKey], left_out: list[Line], day: date
) -> list[Signal]:
    """One signal per name and key: the first recorded, else the first by source (two CRMs may report one fact)."""
    first: dict[tuple[str, str], Signal] = {}
    for signal in signals:
        if signal.key:
            known = first.setdefault((signal.name, signal.key), signal)
            if known is not signal and _seniority(signal) < _seniority(known):
                first[signal.name, signal.key] = signal
    if not first:
        return list(signals)
    kept: list[Signal] = []
    for signal in signals:
        if not signal.key or first[signal.name, signal.key] is signal:
            kept.append(signal)
            continue
        twins[record_key(signal)] = record_key(first[signal.name, signal.key])
        if signal.on <= day:
            left_out.append(Line(Code.TWIN, "", {**describe(signal), "key": signal.key}))
    return kept


def _seniority(signal: Signal) -> tuple[datetime, tuple[str, str, int, str]]:
    """What was known from the beginning comes first."""
    return (signal.recorded or datetime.min.replace(tzinfo=UTC), _by_source(signal))


def _is_on(signal: Signal, programme: Programme, left_out: list[Line]) -> bool:
    switch = programme.signals.get(signal.name)
    if not switch:
        code = Code.UNKNOWN if switch is None else Code.SWITCHED_OFF
        left_out.append(Line(code, programme.reference(f"signals.{signal.name}"), describe(signal)))
        return False
    return True


def _exposure(signals: Sequence[Signal], case: Case, contracts: Contracts, day: date) -> date | None:
    """The first order that was not recorded too late to move everything after it, or an earlier contract's start."""
    first = next((s.on for s in signals if s.name in case.programme.exposure and not _opens_late(s, case)), None)
    started = contracts.start(day, lambda on: _first_review(on, case))
    opened = case.subject.opened
    return min((each for each in (first, started, opened) if each is not None and each <= day), default=None)


def _first_review(on: date, case: Case) -> date:
    """The first review if exposure began on that day."""
    return periods(on, on, case.programme.rules, case.review_day)[0].review


def _opens_late(order: Signal, case: Case) -> bool:
    """Whether exposure would begin with this order, but the first review after it can not be corrected any more."""
    if order.recorded is None:
        return False
    return _came_late(order, _first_review(order.on, case), case.programme)


def _came_late(signal: Signal, review: date, programme: Programme) -> bool:
    """Whether the first entry about a fact came when the review could not be corrected any more (art. 8).

    Of corrections that has been settled already.
    """
    return signal.recorded is not None and signal.before is None and is_late(signal.recorded, review, programme)


def _too_late(signal: Signal, review: date, programme: Programme) -> Line:
    """What came too late; of a correction also what stands because of that."""
    reference = programme.rules.reference("correction_years")
    values: dict[str, Param] = {**describe(signal), "review": review}
    stands = signal.before
    if stands is None or stands.withdrawn or signal.recorded is None:
        return Line(Code.TOO_LATE, reference, values)
    values["recorded"] = signal.recorded.date()
    if signal.withdrawn:
        return Line(Code.WITHDRAWN_LATE, reference, values)
    return Line(Code.CORRECTED_LATE, reference, {**values, "before": stands.on})


def _converted(signal: Signal, case: Case, left_out: list[Line]) -> Signal:
    """The signal with its amount in the programme's currency; as it is, and listed, where no rate is known."""
    money, amount = case.programme.currency, signal.amount
    if money is None or amount is None or signal.currency in (None, money):
        return signal
    converted = case.rates.convert(amount, signal.currency, money, signal.on) if case.rates else None
    if converted is None:
        left_out.append(Line(Code.NOT_CONVERTED, "", {**describe(signal), "currency": signal.currency}))
        return signal
    return replace(signal, amount=converted, currency=money)
