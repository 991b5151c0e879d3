"""The history of one subject up to a day: its periods, the signals that count in each, and why the others do not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from scoring.line import Code, Line, Param
from scoring.review import YEAR, Period, add_months, period_of, periods, review_following
from scoring.rules import Programme
from scoring.signal import Liability, Signal

RecordKey = tuple[str, str]  # connection, id


@dataclass(frozen=True, slots=True)
class History:
    """What the fold reads.

    `counted` has one tuple of signals per period, in the order in which they count. `upcoming` is the first day on
    which a signal known already takes effect, `left_out` a line for each signal that does not count. `twins` leads from
    the record of a fact reported twice to the record that counts, both as (connection, id).
    """

    exposure: date | None
    periods: tuple[Period, ...]
    counted: tuple[tuple[Signal, ...], ...]
    upcoming: date | None
    left_out: tuple[Line, ...]
    twins: Mapping[RecordKey, RecordKey]


def history(signals: Iterable[Signal], programme: Programme, day: date, opened: date | None) -> History:
    """The signals sorted out as of the end of `day`; `opened` is a day from which exposure runs whatever they say."""
    left_out: list[Line] = []
    twins: dict[RecordKey, RecordKey] = {}
    known = _without_twins(sorted(signals, key=lambda s: order(s, programme)), twins, left_out, day)
    past = [signal for signal in known if signal.on <= day]
    upcoming = next((s.on for s in known if s.on > day and programme.signals.get(s.name)), None)
    eligible = [signal for signal in past if _is_on(signal, programme, left_out)]
    exposure = _exposure(eligible, programme, day, opened)
    if exposure is None:
        left_out += [Line(Code.BEFORE_EXPOSURE, "", describe(signal)) for signal in eligible]
        return History(None, (), (), upcoming, tuple(left_out), twins)

    found = periods(exposure, day, programme.rules, programme.fixed_review)
    counted: list[list[Signal]] = [[] for _ in found]
    for signal in eligible:
        if signal.on < exposure:
            left_out.append(Line(Code.BEFORE_EXPOSURE, "", describe(signal)))
        elif signal.recorded and _is_late(signal.recorded, review := review_following(signal.on, found), programme):
            reference = programme.rules.reference("correction_years")
            left_out.append(Line(Code.TOO_LATE, reference, {**describe(signal), "review": review}))
        else:
            counted[period_of(signal.on, found)].append(signal)
    return History(exposure, found, tuple(map(tuple, counted)), upcoming, tuple(left_out), twins)


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


def describe(signal: Signal) -> dict[str, Param]:
    """What the texts need to know of a signal."""
    known: dict[str, Param] = {"signal": signal.name, "on": signal.on, "source": signal.source.id}
    if signal.reference:
        known["reference"] = signal.reference
    if signal.days is not None:
        known["days"] = signal.days
    return known


_RANK = {Liability.FULL: -1, Liability.PARTIAL: 0, Liability.NONE: 1}


def _by_source(signal: Signal) -> tuple[str, str, int, str]:
    """Ids of one length compare as text, longer ones come later: so "9" < "10" (HR06)."""
    source = signal.source
    return (source.connection, source.object, len(source.id), source.id)


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


def _exposure(signals: Sequence[Signal], programme: Programme, day: date, opened: date | None) -> date | None:
    """The first order that was not recorded too late to move everything after it, or `opened` where that is earlier."""
    first = next((s.on for s in signals if s.name in programme.exposure and not _opens_late(s, programme)), None)
    if opened is not None and opened <= day:
        return opened if first is None else min(first, opened)
    return first


def _opens_late(order: Signal, programme: Programme) -> bool:
    """Whether exposure would begin with this order, but the first review after it can not be corrected any more."""
    if order.recorded is None:
        return False
    first = periods(order.on, order.on, programme.rules, programme.fixed_review)[0]
    return _is_late(order.recorded, first.review, programme)


def _is_late(recorded: datetime, review: date, programme: Programme) -> bool:
    """Whether it was recorded when the review following it could not be corrected any more (art. 8)."""
    return recorded.astimezone(UTC).date() > add_months(review, YEAR * programme.rules.correction_years)
