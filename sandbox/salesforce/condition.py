"""A WHERE clause turned into one Python predicate, checked against the fields it names."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.moment import instant, stamp
from sandbox.salesforce.schema import NUMERIC, TEXTUAL, Field
from sandbox.salesforce.soql import Comparison, Condition, Group, Literal, Not, Path, located, unescape
from sandbox.salesforce.table import Row

Predicate = Callable[[Row], bool]
Getter = Callable[[Row], Any]
Resolve = Callable[[Path], tuple[Field, Getter]]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FARTHEST, _MOST_DIGITS = 100_000, 9  # days from now that a date literal may mean
_KINDS = {"date": {"date", "relative"}, "datetime": {"datetime", "relative"}, "boolean": {"boolean"}}


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles the conditions of one query: its text for error messages, how a path is read, when and where now is."""

    text: str
    resolve: Resolve
    now: datetime
    zone: ZoneInfo

    def compile(self, condition: Condition) -> Predicate:
        """The predicate; raises `Refusal` for unknown fields and values of the wrong type."""
        if isinstance(condition, Not):
            part = self.compile(condition.part)
            return lambda row: not part(row)
        if isinstance(condition, Group):
            parts = [self.compile(part) for part in condition.parts]
            if condition.operator == "and":
                return lambda row: all(part(row) for part in parts)
            return lambda row: any(part(row) for part in parts)
        return self._comparison(condition)

    def stamp_floor(self, condition: Condition | None) -> str | None:
        """The earliest SystemModstamp a condition can let through, if it says so at the top: the index starts there."""
        parts = condition.parts if isinstance(condition, Group) and condition.operator == "and" else (condition,)
        for part in parts:
            if isinstance(part, Comparison) and part.operator in {">", ">=", "="}:
                literal = part.literals[0]
                if [name.lower() for name in part.path.names] == ["systemmodstamp"] and literal.kind == "datetime":
                    return self._instant(literal.text)
        return None

    def _comparison(self, condition: Comparison) -> Predicate:
        field, get = self.resolve(condition.path)
        if field.long_text:
            raise self._refused(condition, f"field '{field.name}' can not be filtered in a query call")
        for literal in condition.literals:
            self._check_kind(condition, field, literal)
        if condition.operator == "like":
            return self._like(condition, field, get)
        if condition.literals[0].kind == "relative":
            return self._relative(condition, field, get)
        values = frozenset(self._value(condition, field, literal) for literal in condition.literals)
        read: Getter = _folded(get) if field.type in TEXTUAL else get
        if condition.operator in {"=", "in"}:
            return lambda row: read(row) in values
        if condition.operator in {"!=", "not in"}:  # rows without a value differ from every value
            return lambda row: read(row) not in values
        compare, (value,) = _ORDER[condition.operator], values
        return lambda row: value is not None and (found := read(row)) is not None and compare(found, value)

    def _check_kind(self, condition: Comparison, field: Field, literal: Literal) -> None:
        if literal.kind == "null":
            return
        quoted = field.type in TEXTUAL or field.type in {"id", "reference"}
        wanted = {"string"} if quoted else {"number"} if field.type in NUMERIC else _KINDS.get(field.type, set())
        if literal.kind in wanted:
            return
        kind = "string" if quoted else {"datetime": "dateTime"}.get(field.type, field.type)
        rule = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
        message = f"value of filter criterion for field '{field.name}' must be of type {kind} and {rule}"
        raise self._refused(condition, message)

    def _value(self, condition: Comparison, field: Field, literal: Literal) -> Any:
        if literal.kind == "null":
            return None
        if literal.kind == "boolean":
            return literal.text.lower() == "true"
        if literal.kind == "number":
            return float(literal.text)
        if literal.kind == "datetime":
            return self._instant(literal.text)
        if field.type in {"id", "reference"}:
            found = long_id(unescape(literal.text))
            if found is None:
                message = f"invalid ID field: {literal.text}"
                raise located(self.text, condition.path.at, "INVALID_QUERY_FILTER_OPERATOR", message)
            return found
        return unescape(literal.text).casefold() if literal.kind == "string" else literal.text

    def _instant(self, text: str) -> str:
        # Fractions of a second are cut off: stored instants have none.
        found = instant(re.sub(r"\.\d+", "", text.upper()))
        if found is None:
            raise Refusal(400, "MALFORMED_QUERY", f"Invalid datetime: {text}")
        return stamp(found)

    def _like(self, condition: Comparison, field: Field, get: Getter) -> Predicate:
        if field.type not in TEXTUAL:
            raise self._refused(condition, f"invalid operator on {field.type} field")
        pattern = unescape(condition.literals[0].text, like=True)
        parts = re.findall(r"\\[_%]|[_%]|[^_%\\]+|\\", pattern)
        source = "".join({"%": ".*", "_": "."}.get(part, re.escape(part.removeprefix("\\") or "\\")) for part in parts)
        matches = re.compile(source, re.IGNORECASE | re.DOTALL).fullmatch
        return lambda row: (found := get(row)) is not None and matches(found) is not None

    def _relative(self, condition: Comparison, field: Field, get: Getter) -> Predicate:
        first, last = _days(condition.literals[0].text.upper(), self.now.astimezone(self.zone))
        begin: str
        end: str
        if field.type == "date":
            begin, end = first.date().isoformat(), last.date().isoformat()
        else:
            begin, end = stamp(first), stamp(last)
        tests: dict[str, Callable[[str], bool]] = {
            "=": lambda found: begin <= found < end,
            "!=": lambda found: not begin <= found < end,
            "<": lambda found: found < begin,
            "<=": lambda found: found < end,
            ">": lambda found: found >= end,
            ">=": lambda found: found >= begin,
        }
        test = tests.get(condition.operator)
        if test is None:
            raise self._refused(condition, f"invalid operator on {field.type} field")
        return lambda row: (found := get(row)) is not None and test(found)

    def _refused(self, condition: Comparison, message: str) -> Refusal:
        return located(self.text, condition.path.at, "INVALID_FIELD", message)


def _folded(get: Getter) -> Getter:
    """Text compares without regard to case."""
    return lambda row: found.casefold() if isinstance(found := get(row), str) else found


def _days(literal: str, now: datetime) -> tuple[datetime, datetime]:
    """The days [first, last) a date literal means, in the zone of `now`."""
    word, _, number = literal.partition(":")
    if len(number) > _MOST_DIGITS or int(number or 0) > _FARTHEST:
        raise Refusal(400, "MALFORMED_QUERY", f"{literal} leads beyond the calendar")
    days = int(number or 0)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first, last = {
        "TODAY": (0, 1),
        "YESTERDAY": (-1, 0),
        "TOMORROW": (1, 2),
        "LAST_N_DAYS": (-days, 1),
        "NEXT_N_DAYS": (1, days + 1),
        "N_DAYS_AGO": (-days, 1 - days),
    }[word]
    return today + timedelta(days=first), today + timedelta(days=last)
