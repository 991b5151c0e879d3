"""Rates of exchange from a file, as the European Central Bank publishes them (eurofxref-hist.csv).

One column of days (`Date`), one per currency: units of it for one unit of the base. Empty and `N/A` mean: no rate.
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from config.csvfile import read_rows
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
    _, rows = read_rows(path)
    found: dict[str, dict[date, Decimal]] = {}
    for line, row in rows:
        day = _day(row.get("Date"), f"{path}:{line}")
        for name, cell in row.items():
            currency, text = name.strip(), cell.strip()  # the ECB's lines end with a comma: a column without a name
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
