"""Rates of exchange from a file, as the European Central Bank publishes them (eurofxref-hist.csv).

One column of days (`Date`), one per currency: units of it for one unit of the base. Empty and `N/A` mean: no rate.
"""

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from config.reading import ConfigError
from scoring.rates import Rates

_NONE = ("", "N/A")
_CODE = 3  # letters of a currency
_MOST = 10**9  # units for one, or parts of one
_LONGEST = 40  # characters that the ledger keeps of a rate


def load_rates(path: str | Path, *, base: str = "EUR") -> Rates:
    """The rates in a file, its days in any order.

    Raises:
        ConfigError: no such file, no column of days, or a cell that is no day or no rate (with its line).
    """
    path = Path(path)
    try:
        # The file ends each line with a comma: the column without a name is none.
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise ConfigError(f"{path}: not CSV: {error}") from error
    found: dict[str, dict[date, Decimal]] = {}
    for line, row in enumerate(rows, 2):
        day = _day(row.get("Date"), f"{path}:{line}")
        for name, cell in row.items():
            if name is None:
                raise ConfigError(f"{path}:{line}: more cells than columns")
            currency, text = name.strip(), (cell or "").strip()
            if len(currency) != _CODE or text in _NONE:
                continue
            rates = found.setdefault(currency, {})
            if day in rates:
                raise ConfigError(f"{path}:{line}: {currency} has two rates on {day}")
            rates[day] = _rate(text, f"{path}:{line}: {currency}")
    if not found:
        raise ConfigError(f"{path}: no rates; a line of names such as Date,USD,GBP comes first")
    return Rates(base, {currency: _columns(rates) for currency, rates in found.items()})


def _columns(rates: dict[date, Decimal]) -> tuple[tuple[date, ...], tuple[Decimal, ...]]:
    days = sorted(rates)
    return tuple(days), tuple(rates[day] for day in days)


def _day(text: str | None, where: str) -> date:
    if text is None:
        raise ConfigError(f"{where}: there is no column Date")
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f"{where}: {text!r} is no day; write it as 2026-11-20") from None


def _rate(text: str, where: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise ConfigError(f"{where}: {text!r} is no rate") from None
    if not rate.is_finite() or not Decimal(1) / _MOST <= rate <= _MOST or len(str(rate)) > _LONGEST:
        raise ConfigError(f"{where}: {text} is no rate")
    return rate
