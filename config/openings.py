"""What customers bring from elsewhere (arts 10 to 13), from a file: one line each, read and validated whole.

::

    email,coefficient,clean_periods,years_at_floor
    ada@example.com,0.68,3,0

A line names its person by `record` (an id, or connection:id) or by `email`, and says a `coefficient` or, for a scale, a
`level`. May be there: `clean_periods`, `years_at_floor`, `protection_used` (yes or no), `on` (the statement's day).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from config.csvfile import read_rows
from config.reading import ConfigError, choice
from scoring.opening import opening_of
from scoring.records import is_address
from scoring.rules import AnyRules
from scoring.signal import Carried
from scoring.signals import MOST_CARRIED, MOST_YEARS
from scoring.usable import EARLIEST, LATEST

COLUMNS = ("record", "email", "coefficient", "level", "clean_periods", "years_at_floor", "protection_used", "on")
WORDS = {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}


@dataclass(frozen=True, slots=True)
class Row:
    """One line: whom it is about, and what that person brings. The address is never shown, only the line's number."""

    line: int
    record: str
    email: str
    carried: Carried
    on: date | None = None


def load_openings(path: Path, rules: AnyRules, *, whole: Callable[[str], str] = str) -> tuple[Row, ...]:
    """The lines of a file, each possible under these rules; `whole` gives an id as the CRM itself writes it.

    Raises:
        ConfigError: no such file, or a mistake in it: its line, what is wrong, what is allowed.
    """
    names, found = read_rows(path)
    _check_names(names, path)
    rows = [_row(cells, path, line, whole) for line, cells in found]
    people: dict[str, dict[str, int]] = defaultdict(dict)  # by id or address: by connection, "" for any
    for row in rows:
        where = f"{path}:{row.line}"
        connection, _, record = row.record.rpartition(":")
        known = people[record or row.email.lower()]
        first = next((line for other, line in known.items() if "" in (connection, other) or other == connection), None)
        known[connection] = row.line
        if first is not None:
            raise ConfigError(f"{where}: this person stands on line {first} already; a person brings one coefficient")
        try:
            opening_of(row.carried, rules)
        except ValueError as error:
            raise ConfigError(f"{where}: {error}") from error
    return tuple(rows)


def _check_names(names: Sequence[str], path: Path) -> None:
    for name in names:
        if name and name not in COLUMNS:
            raise ConfigError(f"{path}:1: there is no column {name!r}; {choice(name, COLUMNS)}")
    if not {"record", "email"} & set(names):
        raise ConfigError(f"{path}:1: no column says whose line it is: record or email")
    if not {"coefficient", "level"} & set(names):
        raise ConfigError(f"{path}:1: no column says what is carried over: coefficient or level")


def _row(found: Mapping[str, str], path: Path, line: int, whole: Callable[[str], str]) -> Row:
    where = f"{path}:{line}"
    cells = {name: text.strip() for name, text in found.items()}
    record, email = cells.get("record", ""), cells.get("email", "")
    if bool(record) == bool(email):
        raise ConfigError(f"{where}: a line names its person by record or by email, and by one of them")
    if email and not is_address(email):
        raise ConfigError(f"{where}: email: this is no e-mail address")
    used = cells.get("protection_used", "").lower()
    if used not in WORDS:
        raise ConfigError(f"{where}: protection_used: {used!r} is not possible; {choice(used, ('yes', 'no'))}")
    coefficient, level = cells.get("coefficient", ""), cells.get("level", "")
    if bool(coefficient) == bool(level):
        raise ConfigError(f"{where}: a line says a coefficient or a level, and one of them")
    carried = Carried(
        _hundredths(coefficient, where) if coefficient else None,
        level,
        _count(cells.get("clean_periods", ""), f"{where}: clean_periods"),
        _count(cells.get("years_at_floor", ""), f"{where}: years_at_floor"),
        WORDS[used],
    )
    connection, colon, id_ = record.rpartition(":")
    return Row(line, f"{connection}{colon}{whole(id_)}", email, carried, _day(cells.get("on", ""), f"{where}: on"))


def _hundredths(text: str, where: str) -> int:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"{where}: coefficient: {text!r} is no number; write it as 0.85") from None
    if not number.is_finite() or not 0 < number <= MOST_CARRIED or number * 100 != int(number * 100):
        raise ConfigError(f"{where}: coefficient: {text} is not possible; it has two decimals, such as 0.85")
    return int(number * 100)


def _count(text: str, where: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_YEARS)) and int(text) <= MOST_YEARS):
        raise ConfigError(f"{where}: {text[:20]!r} is no number of years, 0 to {MOST_YEARS}")
    return int(text)


def _day(text: str, where: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(f"{where}: {text!r} is no day; write it as 2026-11-20") from None
    if day is not None and not EARLIEST <= day <= LATEST:
        raise ConfigError(f"{where}: {text} cannot be; days go from {EARLIEST} to {LATEST} here")
    return day
