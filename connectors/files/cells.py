"""Cells: what kind of value a column of an export holds, and each cell as a typed value."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from connectors.files.settings import Kind
from connectors.values import as_date, as_number
from scoring.records import Malformed, Value

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?")  # a leading zero is a code, not a number
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?")
_FORMULA = ("=", "+", "-", "@")  # SW19: a spreadsheet would compute a text that begins so
_BOOLEANS = {"true": True, "false": False}
_ONES = {**_BOOLEANS, "1": True, "0": False}  # as Salesforce's data export has them
# Columns of digits that nobody adds up.
_CODE = re.compile(r"(?i)(id|name|phone|mobile|fax|zip|postal ?code|code|number|reference|vat|iban)(__c)?$")
_FLAG = re.compile(r"^(Is|Has|Do)[A-Z]")


def kind_of(name: str, cells: Iterable[str]) -> Kind:
    """What the cells of a column have in common; an empty column is text."""
    kinds: set[Kind] = set()
    for cell in cells:
        if cell:
            kinds.add(_kind(name, cell))
            if "text" in kinds:
                return "text"
    if kinds == {"date", "datetime"}:
        return "datetime"
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind(name: str, cell: str) -> Kind:
    if cell.lower() in _BOOLEANS or (_FLAG.match(name) and cell in _ONES):
        return "bool"
    if _NUMBER.fullmatch(cell):
        return "text" if _CODE.search(name) else "number"
    if _DATE.fullmatch(cell):
        return "date"
    return "datetime" if _MOMENT.fullmatch(cell) else "text"


def reader(kind: Kind, zone: tzinfo) -> Callable[[str], Value]:
    """How to type a cell of such a column; an empty one is unset."""
    readers: dict[Kind, Callable[[str], Value]] = {
        "number": as_number,
        "date": as_date,
        "datetime": lambda text: moment(text, zone),
        "bool": lambda text: _ONES.get(text.lower(), Malformed(text, "yes or no")),
        "text": str,
    }
    read = readers[kind]
    return lambda text: read(text) if text else None


def moment(text: str, zone: tzinfo) -> datetime | Malformed:
    """An instant in UTC; one without a zone is of `zone`, and a date alone is its midnight there."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return Malformed(text, "a date and time")
    return (instant if instant.tzinfo else instant.replace(tzinfo=zone)).astimezone(UTC)


def text_of(value: Value) -> str:
    """A value as a cell of the results, read back as the same value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = value.text if isinstance(value, Malformed) else str(value)
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def shown(cell: str) -> str:
    """A cell of the results without what keeps a spreadsheet from computing it (SW19)."""
    return cell.removeprefix("'") if cell.lstrip("'").startswith(_FORMULA) else cell
