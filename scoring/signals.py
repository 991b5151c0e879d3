"""The local judgement: a record and a mapping give signals, or problems, for every CRM alike."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

from scoring.mapping import Carries, Condition, Mapping, Operator, SignalRule, SubjectPath
from scoring.records import Malformed, Problem, Record, Value, is_address, kept
from scoring.signal import Carried, Liability, Signal, Source

EARLIEST = date(1900, 1, 1)
LATEST = date(2199, 12, 31)
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


_WRITE = {
    "yes or no": "write true or false in the mapping, without quotes",
    "a number": "write a number in the mapping, without quotes",
    "text": "write text in quotes in the mapping",
}


class _UnusableError(Exception):
    """A field holds something that no rule can use."""

    def __init__(self, field: str, what: str, cure: str) -> None:
        super().__init__(what)
        self.field, self.what, self.cure = field, what, cure


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
            if not all(_holds(condition, record, zone) for condition in rule.when):
                continue
            done.add(rule.name)
            if not _concerns_anybody(rule.subject, record):
                continue
            contact = _subject(rule.subject, record)
            if contact is None:
                no_subject.append(rule.name)
                continue
            signals.append(Judged(_signal(rule, record, connection, zone), contact))
        except _UnusableError as unusable:
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
    on = _date(record, rule.on, zone)
    if on is None:
        raise _UnusableError(rule.on, f"{rule.name} has no date: {rule.on} is empty", "fill the field in the CRM")
    on += timedelta(days=rule.plus_days)
    days = None
    if rule.days:
        until, since = (_date(record, field, zone) for field in rule.days)
        days = (until - since).days if until and since else None
    original = record.id if rule.same_record else _text(record, rule.original, LONGEST_ID)
    return Signal(
        name=rule.name,
        on=on,
        source=Source(connection, record.object, record.id),
        liability=_liability(rule, record),
        amount=_amount(record, rule),
        currency=_text(record, rule.currency, CURRENCY) or None,
        reference=_text(record, rule.reference),
        days=days,
        original=original,
        key=_text(record, rule.key, LONGEST_KEY),
        until=_until(rule, record, on, zone),
        carried=_carried(rule.carries, record) if rule.carries else None,
    )


def _until(rule: SignalRule, record: Record, on: date, zone: tzinfo) -> date | None:
    """The day after the last one; None while it runs without end."""
    last = _date(record, rule.until, zone) if rule.until else None
    if last is not None and last < on:
        what = f"{rule.until} is {last}, before {rule.on} ({on})"
        raise _UnusableError(rule.until, what, "correct the two days in the CRM")
    return None if last is None else last + timedelta(days=1)


def _carried(fields: Carries, record: Record) -> Carried:
    level = _text(record, fields.level)
    if level:
        return Carried(None, level, _count(record, fields.clean_periods))
    coefficient = _usable(fields.coefficient, record.values.get(fields.coefficient)) if fields.coefficient else None
    if coefficient is None:
        field = fields.coefficient or fields.level
        raise _UnusableError(field, f"{field} is empty, and nothing else says what is carried over", "fill the field")
    number = _number(fields.coefficient, coefficient)
    if not 0 < number <= MOST_CARRIED or number * 100 != int(number * 100):
        what = f"{fields.coefficient} is {coefficient}, not a coefficient with two decimals"
        raise _UnusableError(fields.coefficient, what, "correct the field in the CRM: 0.85 stands for 85 %")
    return Carried(
        int(number * 100),
        "",
        _count(record, fields.clean_periods),
        _count(record, fields.years_at_floor),
        _flag(record, fields.protection_used),
    )


def _count(record: Record, field: str) -> int:
    value = _usable(field, record.values.get(field)) if field else None
    if value in (None, ""):
        return 0
    number = _number(field, value)
    if not 0 <= number <= MOST_YEARS or number != int(number):
        raise _UnusableError(field, f"{field} is {number}, not a number of years", "correct the field in the CRM")
    return int(number)


def _flag(record: Record, field: str) -> bool:
    value = _usable(field, record.values.get(field)) if field else None
    if value in (None, ""):
        return False
    if not isinstance(value, bool):
        raise _UnusableError(field, f"{field} is {str(value)!r}, not yes or no", "map a field of yes or no")
    return value


def _concerns_anybody(path: SubjectPath, record: Record) -> bool:
    """A rule about a role concerns only records on which somebody has that role."""
    return not path.label or any(path.label in link.labels for link in record.links.get(path.link, ()))


def _subject(path: SubjectPath, record: Record) -> str | None:
    if path.field:
        return _text(record, path.field, LONGEST_ID) or None
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
    value = _text(record, field)
    if value not in shares:
        raise _UnusableError(
            field, f"{field} is {value!r}, which the mapping gives no liability", "add the value to it"
        )
    return shares[value]


def _holds(condition: Condition, record: Record, zone: tzinfo) -> bool:
    value = record.values.get(condition.field)
    if condition.operator is Operator.FILLED:
        return (value not in (None, "")) == condition.operand
    if condition.operator is Operator.DAYS_AFTER:
        return _days_hold(condition, record, zone)
    if value in (None, ""):
        empty_is_other = condition.operator in (Operator.NOT, Operator.NOT_IN)
        return empty_is_other or condition.or_empty
    return _compares(condition, _usable(condition.field, value))


def _compares(condition: Condition, value: Value) -> bool:
    match condition.operator:
        case Operator.IS | Operator.IN:
            holds = value in _comparable(condition, value)
        case Operator.NOT | Operator.NOT_IN:
            holds = value not in _comparable(condition, value)
        case Operator.ABOVE:
            holds = _number(condition.field, value) > _number(condition.field, condition.operand)
        case Operator.BELOW:
            holds = _number(condition.field, value) < _number(condition.field, condition.operand)
        case other:
            raise AssertionError(other)
    return holds


def _days_hold(condition: Condition, record: Record, zone: tzinfo) -> bool:
    until, since = _date(record, condition.field, zone), _date(record, condition.since, zone)
    if since is None:
        return False
    if until is None:
        return condition.or_empty
    least, most = condition.between
    days = (until - since).days
    return days >= least and (most is None or days <= most)


def _choices(condition: Condition) -> tuple[str | bool | Decimal, ...]:
    return condition.operand if isinstance(condition.operand, tuple) else (condition.operand,)


def _comparable(condition: Condition, value: Value) -> tuple[str | bool | Decimal, ...]:
    """What a value is compared with, some of which must be of its kind: else nothing would ever be equal, or all."""
    choices = _choices(condition)
    if _kind(value) in map(_kind, choices):
        return choices
    named = ", ".join(repr(choice) if isinstance(choice, str) else str(choice).lower() for choice in choices)
    what = f"{condition.field} is {_kind(value)}, and the mapping compares it with {named}"
    raise _UnusableError(condition.field, what, _WRITE.get(_kind(value), "compare another field in the mapping"))


def _kind(value: object) -> str:
    match value:
        case bool():
            return "yes or no"
        case Decimal():
            return "a number"
        case str():
            return "text"
        case _:
            return "a date"


def _usable(field: str, value: Value) -> Value:
    if isinstance(value, Malformed):
        raise _UnusableError(field, f"{field} is {value.text!r}, not {value.expected}", "correct the field in the CRM")
    if isinstance(value, Decimal) and not value.is_finite():  # comparing with it would raise, or be false for ever
        raise _UnusableError(field, f"{field} is {value}, not a number", "correct the field in the CRM")
    return value


def _number(field: str, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, Decimal):
        raise _UnusableError(field, f"{field} is {str(value)!r}, not a number", "map a number field")
    return value


def _amount(record: Record, rule: SignalRule) -> Decimal | None:
    field = rule.amount
    value = _usable(field, record.values.get(field)) if field else None
    if value in (None, ""):
        return None
    amount = _number(field, value)
    if abs(amount) > LARGEST:
        raise _UnusableError(field, f"{field} is {amount}, which no order can be worth", "correct the field in the CRM")
    if amount != amount.quantize(FINEST):
        raise _UnusableError(field, f"{field} is {amount}, finer than any money", "correct the field in the CRM")
    if amount < 0 and rule.never_negative:
        what = f"{field} is {amount}, less than nothing: that is no {rule.name}"
        cure = "correct the record in the CRM, or make it what the mapping takes for a refund"
        raise _UnusableError(field, what, cure)
    return abs(amount)


def _text(record: Record, field: str, most: int | None = None) -> str:
    value = _usable(field, record.values.get(field)) if field else None
    text = "" if value is None else kept(str(value))
    if most is not None and len(text) > most:
        what = f"{field} has {len(text)} characters, more than {most}"
        raise _UnusableError(field, what, "correct the field in the CRM, or map another one")
    return text


def _date(record: Record, field: str, zone: tzinfo) -> date | None:
    value = _usable(field, record.values.get(field))
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        value = value.astimezone(zone).date()
    if not isinstance(value, date):
        raise _UnusableError(field, f"{field} is {str(value)!r}, not a date", "map a date field")
    if not EARLIEST <= value <= LATEST:
        raise _UnusableError(field, f"{field} is {value.isoformat()}, which cannot be", "correct the field in the CRM")
    return value
