"""The conditions of a mapping, judged on what was read."""

from datetime import tzinfo
from decimal import Decimal

from scoring.mapping import Condition, Operator
from scoring.records import Record, Value
from scoring.usable import UnusableError, day_of, number_of, usable

_WRITE = {
    "yes or no": "write true or false in the mapping, without quotes",
    "a number": "write a number in the mapping, without quotes",
    "text": "write text in quotes in the mapping",
}


def holds(condition: Condition, record: Record, zone: tzinfo) -> bool:
    """Whether a record fulfils it; raises `UnusableError` where nobody can tell."""
    value = record.values.get(condition.field)
    if condition.operator is Operator.FILLED:
        return (value not in (None, "")) == condition.operand
    if condition.operator is Operator.DAYS_AFTER:
        return _days_hold(condition, record, zone)
    if value in (None, ""):
        empty_is_other = condition.operator in (Operator.NOT, Operator.NOT_IN)
        return empty_is_other or condition.or_empty
    return _compares(condition, usable(condition.field, value))


def _compares(condition: Condition, value: Value) -> bool:
    match condition.operator:
        case Operator.IS | Operator.IN:
            fulfilled = _is_among(condition, value)
        case Operator.NOT | Operator.NOT_IN:
            fulfilled = not _is_among(condition, value)
        case Operator.ABOVE:
            fulfilled = number_of(condition.field, value) > number_of(condition.field, condition.operand)
        case Operator.BELOW:
            fulfilled = number_of(condition.field, value) < number_of(condition.field, condition.operand)
        case other:
            raise AssertionError(other)
    return fulfilled


def _days_hold(condition: Condition, record: Record, zone: tzinfo) -> bool:
    until, since = day_of(record, condition.field, zone), day_of(record, condition.since, zone)
    if since is None:
        return False
    if until is None:
        return condition.or_empty
    least, most = condition.between
    days = (until - since).days
    return days >= least and (most is None or days <= most)


def _is_among(condition: Condition, value: Value) -> bool:
    """Whether a value is one of those that are named, of which some must be of its kind: else none ever would be."""
    choices = condition.operand if isinstance(condition.operand, tuple) else (condition.operand,)
    if value in choices:
        return True
    if type(value) in map(type, choices) or _kind(value) in map(_kind, choices):  # the first half is quick
        return False
    named = ", ".join(repr(choice) if isinstance(choice, str) else str(choice).lower() for choice in choices)
    what = f"{condition.field} is {_kind(value)}, and the mapping compares it with {named}"
    raise UnusableError(condition.field, what, _WRITE.get(_kind(value), "compare another field in the mapping"))


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
