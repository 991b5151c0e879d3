"""The local judgement: a record and a mapping give signals, or problems, for every CRM alike."""

from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from decimal import Decimal

from scoring.condition import holds
from scoring.mapping import Carries, Mapping, SignalRule, SubjectPath
from scoring.records import Problem, Record, is_address
from scoring.signal import Carried, Liability, Signal, Source
from scoring.usable import UnusableError, day_of, number_of, text_of, usable

MOST_CARRIED = 100  # as a coefficient: on a scale whose levels have no premium it is the level's number
MOST_YEARS = 100
# What a ledger keeps of a signal; more is no id, no key, no money.
LONGEST_ID, LONGEST_KEY, CURRENCY = 40, 80, 3
FINEST = Decimal("1e-12")  # of an amount
LARGEST = Decimal(10) ** 15  # more than any invoice; a number above it is a slip, and would not fit a CRM's field


@dataclass(frozen=True, slots=True)
class Judged:
    """A signal and the contact it is about, by the CRM's own record id."""

    signal: Signal
    contact: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one record amounts to now. No signals means that every signal it once gave is withdrawn."""

    signals: tuple[Judged, ...] = ()
    no_subject: tuple[str, ...] = ()  # names of the signals that nobody could be found for
    unreadable: frozenset[str] = frozenset()  # names of those that cannot be told now: what they were stays
    problems: tuple[Problem, ...] = ()


def judge(record: Record, mapping: Mapping, *, connection: str, zone: tzinfo) -> Judgement:
    """Judge one record by every rule for its object; of several rules of one name the first that matches holds.

    Instants become civil dates in `zone`; date-only values are never shifted. A deleted record gives nothing.
    """
    if record.deleted:
        return Judgement()
    signals: list[Judged] = []
    no_subject: list[str] = []
    problems: list[Problem] = []
    done: set[str] = set()
    unreadable: set[str] = set()
    if record.object == mapping.subject.object:
        problems += _wrong_address(record, mapping.subject.email)
        problems += _wrong_cross_id(record, mapping.subject.cross_id)
    for rule in mapping.rules_for(record.object):
        if rule.name in done:
            continue
        try:
            if not all(holds(condition, record, zone) for condition in rule.when):
                continue
            done.add(rule.name)
            if not _concerns_anybody(rule.subject, record):
                continue
            contact = _subject(rule.subject, record)
            if contact is None:
                no_subject.append(rule.name)
                continue
            signals.append(Judged(_signal(rule, record, connection, zone), contact))
        except UnusableError as unusable:
            done.add(rule.name)
            unreadable.add(rule.name)
            problems.append(Problem(record.object, record.id, unusable.field, unusable.what, unusable.cure))
    return Judgement(tuple(signals), tuple(no_subject), frozenset(unreadable), tuple(dict.fromkeys(problems)))


def _wrong_address(record: Record, field: str) -> list[Problem]:
    value = record.values.get(field)
    if value is None or (isinstance(value, str) and (not value.strip() or is_address(value))):
        return []
    # The address itself is personal data, and is repeated nowhere.
    cure = "correct it in the CRM; until then this record is not linked to another CRM's by e-mail"
    return [Problem(record.object, record.id, field, f"{field} is no e-mail address", cure)]


def _wrong_cross_id(record: Record, field: str) -> list[Problem]:
    value = record.values.get(field)
    if not isinstance(value, str) or len(value) <= LONGEST_ID:
        return []
    what = f"{field} has {len(value)} characters: that is no record's id"
    cure = "correct it in the CRM; until then this record is linked to another CRM's by e-mail alone"
    return [Problem(record.object, record.id, field, what, cure)]


def _signal(rule: SignalRule, record: Record, connection: str, zone: tzinfo) -> Signal:
    on = day_of(record, rule.on, zone)
    if on is None:
        raise UnusableError(rule.on, f"{rule.name} has no date: {rule.on} is empty", "fill the field in the CRM")
    on += timedelta(days=rule.plus_days)
    days = None
    if rule.days:
        until, since = (day_of(record, field, zone) for field in rule.days)
        days = (until - since).days if until and since else None
    original = record.id if rule.same_record else text_of(record, rule.original, LONGEST_ID)
    return Signal(
        name=rule.name,
        on=on,
        source=Source(connection, record.object, record.id),
        liability=_liability(rule, record),
        amount=_amount(record, rule),
        currency=text_of(record, rule.currency, CURRENCY) or None,
        reference=text_of(record, rule.reference),
        days=days,
        original=original,
        key=text_of(record, rule.key, LONGEST_KEY),
        until=_until(rule, record, on, zone),
        carried=_carried(rule.carries, record) if rule.carries else None,
    )


def _until(rule: SignalRule, record: Record, on: date, zone: tzinfo) -> date | None:
    """The day after the last one; None while it runs without end."""
    last = day_of(record, rule.until, zone) if rule.until else None
    if last is not None and last < on:
        what = f"{rule.until} is {last}, before {rule.on} ({on})"
        raise UnusableError(rule.until, what, "correct the two days in the CRM")
    return None if last is None else last + timedelta(days=1)


def _carried(fields: Carries, record: Record) -> Carried:
    level = text_of(record, fields.level)
    if level:
        return Carried(None, level, _count(record, fields.clean_periods))
    coefficient = usable(fields.coefficient, record.values.get(fields.coefficient)) if fields.coefficient else None
    if coefficient is None:
        field = fields.coefficient or fields.level
        raise UnusableError(field, f"{field} is empty, and nothing else says what is carried over", "fill the field")
    number = number_of(fields.coefficient, coefficient)
    if not 0 < number <= MOST_CARRIED or number * 100 != int(number * 100):
        what = f"{fields.coefficient} is {coefficient}, not a coefficient with two decimals"
        raise UnusableError(fields.coefficient, what, "correct the field in the CRM: 0.85 stands for 85 %")
    return Carried(
        int(number * 100),
        "",
        _count(record, fields.clean_periods),
        _count(record, fields.years_at_floor),
        _flag(record, fields.protection_used),
    )


def _count(record: Record, field: str) -> int:
    value = usable(field, record.values.get(field)) if field else None
    if value in (None, ""):
        return 0
    number = number_of(field, value)
    if not 0 <= number <= MOST_YEARS or number != int(number):
        raise UnusableError(field, f"{field} is {number}, not a number of years", "correct the field in the CRM")
    return int(number)


def _flag(record: Record, field: str) -> bool:
    value = usable(field, record.values.get(field)) if field else None
    if value in (None, ""):
        return False
    if not isinstance(value, bool):
        raise UnusableError(field, f"{field} is {str(value)!r}, not yes or no", "map a field of yes or no")
    return value


def _concerns_anybody(path: SubjectPath, record: Record) -> bool:
    """A rule about a role concerns only records on which somebody has that role."""
    return not path.label or any(path.label in link.labels for link in record.links.get(path.link, ()))


def _subject(path: SubjectPath, record: Record) -> str | None:
    if path.field:
        return text_of(record, path.field, LONGEST_ID) or None
    links = [link for link in record.links.get(path.link, ()) if not set(link.labels) & set(path.without)]
    if path.label:
        labelled = {link.id for link in links if path.label in link.labels}
        return labelled.pop() if len(labelled) == 1 else None
    for candidates in ({link.id for link in links if link.primary}, {link.id for link in links}):
        if len(candidates) == 1:
            return candidates.pop()
    return None


def _liability(rule: SignalRule, record: Record) -> Liability:
    if rule.liability_by is None:
        return rule.liability
    field, shares = rule.liability_by
    value = text_of(record, field)
    if value not in shares:
        raise UnusableError(field, f"{field} is {value!r}, which the mapping gives no liability", "add the value to it")
    return shares[value]


def _amount(record: Record, rule: SignalRule) -> Decimal | None:
    field = rule.amount
    value = usable(field, record.values.get(field)) if field else None
    if value in (None, ""):
        return None
    amount = number_of(field, value)
    if abs(amount) > LARGEST:
        raise UnusableError(field, f"{field} is {amount}, which no order can be worth", "correct the field in the CRM")
    if amount != amount.quantize(FINEST):
        raise UnusableError(field, f"{field} is {amount}, finer than any money", "correct the field in the CRM")
    if amount < 0 and rule.never_negative:
        what = f"{field} is {amount}, less than nothing: that is no {rule.name}"
        cure = "correct the record in the CRM, or make it what the mapping takes for a refund"
        raise UnusableError(field, what, cure)
    return abs(amount)
