"""Cells of an exported column, as their country writes them, turned into what an API takes.

What is not understood stays as it is: whoever loads it refuses the row and says so. A number is never guessed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from config.reading import ConfigError

Order = Literal["day first", "month first"] | None  # of 03/12/2026; None: as the files show

_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:,? +(\d{1,2}):(\d\d)(?::\d\d)?(?: *([AP]M))?)?$", re.IGNORECASE)
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?$")
_TRUE, _FALSE = {"1", "true", "yes", "oui", "vrai"}, {"0", "false", "no", "non", "faux"}

_AROUND = re.compile(r"(\D*?)([.,]?\d(?:[\d.,'\N{RIGHT SINGLE QUOTATION MARK}\s]*\d)?)(\D*)")
_CURRENCY = re.compile(r"[^\W\d_]{0,4}\.?[^\w\s.,()]?[^\W\d_]{0,3}\.?")  # EUR, €, R$, kr., %
_GROUPED = re.compile(r"[1-9]\d{0,2}([.,])\d{2,3}(\1\d{2,3})*(?<=\d{3})")  # 1,234,567; 12,34,567
_WITHIN = re.compile(r"(?<=\d)['\N{RIGHT SINGLE QUOTATION MARK}\s](?=\d{3}(?!\d))")  # between thousands
_MINUS = "-\N{MINUS SIGN}"
_CENTS = 3  # digits behind a separator that is one of thousands


@dataclass(frozen=True, slots=True)
class Known:
    """A field that a heading may mean."""

    name: str
    kind: str  # number, date, datetime, boolean, options, text, own number (one that the CRM gives its records)
    options: Mapping[str, str] = field(default_factory=dict)  # label in lower case -> value


def converted(where: str, known: Known, cells: Sequence[str], order: Order) -> list[str]:
    """The cells of one column by the kind of its field; `where` is only named in the error.

    Raises:
        ConfigError: dates that can be read in two ways.
    """
    match known.kind:
        case "number":
            return _numbers(cells)
        case "boolean":
            return [
                ("true" if cell.lower() in _TRUE else "false" if cell.lower() in _FALSE else cell) for cell in cells
            ]
        case "options":
            return [known.options.get(cell.lower(), cell) for cell in cells]
        case "date" | "datetime":
            return list(_dates(where, cells, order, time=known.kind == "datetime"))
    return list(cells)


def _numbers(cells: Sequence[str]) -> list[str]:
    """1,234 is a thousand and more, unless the column has commas before cents and no points there."""
    parted = [_parted(cell) for cell in cells]
    shown = {sign for each in parted if each and (sign := _decimal_sign(each[1]))}
    decimal = shown.pop() if len(shown) == 1 else ""
    return [cell if each is None else _plain(*each, decimal, cell) for cell, each in zip(cells, parted, strict=True)]


def _parted(cell: str) -> tuple[str, str] | None:
    """The sign and the digits with what stands between them: `(€1,234.50)` is -, 1,234.50; None: no amount."""
    found = _AROUND.fullmatch(cell)
    if found is None:
        return None
    before, digits, behind = found.groups()
    signs = sum(before.count(sign) + behind.count(sign) for sign in _MINUS)
    owed = before.lstrip().startswith("(") and behind.rstrip().endswith(")")
    around = [re.sub(rf"[{_MINUS}\s]", "", each) for each in (before, behind)]
    if owed:
        around = [around[0].removeprefix("("), around[1].removesuffix(")")]
    if signs + owed > 1 or not all(_CURRENCY.fullmatch(each) for each in around):
        return None
    return ("-" if signs or owed else "", _WITHIN.sub("", digits))


def _decimal_sign(digits: str) -> str:
    """The sign before the cents, where the digits leave no doubt; else nothing."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return ""
    sign, whole = digits[last], digits[:last]
    if sign in whole:
        return ""  # 1,234,567
    sure = len(digits) - last - 1 != _CENTS or not re.fullmatch(r"[1-9]\d{0,2}", whole)
    return sign if sure else ""


def _plain(minus: str, digits: str, decimal: str, cell: str) -> str:
    sign = _decimal_sign(digits) or (decimal if decimal and digits.count(decimal) == 1 else "")
    whole, _, cents = digits.rpartition(sign) if sign else (digits, "", "")
    if _GROUPED.fullmatch(whole):
        whole = re.sub(r"[.,]", "", whole)
    if not f"{whole}{cents}".isdecimal():
        return cell
    return f"{minus}{whole or 0}.{cents}" if sign else f"{minus}{whole}"


def _dates(where: str, cells: Sequence[str], order: Order, *, time: bool) -> Iterator[str]:
    slashed = [found for cell in cells if (found := _DAY.match(cell))]
    first = order == "day first"
    if order is None and slashed:
        days = any(int(each[1]) > 12 for each in slashed)  # noqa: PLR2004 - months of a year
        months = any(int(each[2]) > 12 for each in slashed)  # noqa: PLR2004 - months of a year
        if days == months:
            raise ConfigError(
                f"{where}: dates such as {slashed[0][0]} can be read in two ways; say --day-first or --month-first"
            )
        first = days
    for cell in cells:
        if iso := _ISO.match(cell):
            yield f"{iso[1]}T{iso[2]}:00Z" if time else iso[1]
        elif found := _DAY.match(cell):
            day, month = (found[1], found[2]) if first else (found[2], found[1])
            yield _moment(found, int(day), int(month), time=time)
        else:
            yield cell


def _moment(found: re.Match[str], day: int, month: int, *, time: bool) -> str:
    hour = int(found[4] or 0)
    if found[6]:
        hour = hour % 12 + (12 if found[6].upper() == "PM" else 0)
    try:
        at = datetime(int(found[3]), month, day, hour, int(found[5] or 0))  # noqa: DTZ001 - an export says no zone
    except ValueError:
        return found[0]  # refused as it stands, and told
    return f"{at.isoformat()}Z" if time else at.date().isoformat()
