"""CSV files into both CRMs: one file per object, its header the API names of the fields.

`salesforce/Contact.csv` and `hubspot/contacts.csv` hold records, `hubspot/orders_contacts.csv` holds associations.
Beside fields a header may have `Id` or `id` (the record's own; else the CRM gives one), `ref` (a word of yours for the
row) and the creation date. A cell that points to another record holds its id or its `ref`.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.sheet import Refs, Sheet, WrongCell, sheet_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sandbox.app import World

_FIRST = ("Account", "Contact", "Opportunity", "Order", "Case", "companies", "contacts")  # others point to these


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that was not taken: where, what is wrong, and what to do about it. The other rows went on."""

    file: str
    line: int  # in the file, as an editor counts; the header is 1
    column: str  # empty where the row as a whole is meant
    what: str
    cure: str

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}:{self.line}{column}: {self.what}; {self.cure}"


@dataclass(slots=True)
class Loaded:
    """How many rows were taken of each file, and which were not."""

    files: dict[str, int] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """Rows taken of all files."""
        return sum(self.files.values())


def load_folder(world: World, folder: Path) -> Loaded:
    """Every CSV file of `folder/salesforce` and `folder/hubspot`, those first that others point to.

    Raises ValueError where there is none; whatever is wrong inside a file is a reject.
    """
    files = sorted([*folder.glob("salesforce/*.csv"), *folder.glob("hubspot/*.csv")], key=_turn)
    if not files:
        raise ValueError(
            f"{folder}: no CSV file; there should be some such as salesforce/Contact.csv, hubspot/orders.csv"
        )
    loaded, refs = Loaded(), Refs()
    for file in files:
        name = f"{file.parent.name}/{file.name}"
        with file.open(encoding="utf-8-sig", newline="") as lines:
            _load(world, name, lines, refs, loaded)
    return loaded


def load_text(world: World, name: str, text: str) -> Loaded:
    """The text of one file, called `name` as it would be in a folder."""
    loaded = Loaded()
    _load(world, name, io.StringIO(text.removeprefix("\ufeff"), newline=""), Refs(), loaded)
    return loaded


def _turn(file: Path) -> tuple[bool, bool, int, str]:
    """Salesforce before HubSpot, records before associations, parents before children."""
    rank = _FIRST.index(file.stem) if file.stem in _FIRST else len(_FIRST)
    return file.parent.name == "hubspot", re.search(r"[a-z]_[a-z]", file.stem) is not None, rank, file.name


def _load(world: World, name: str, lines: Iterable[str], refs: Refs, loaded: Loaded) -> None:
    taken = 0
    rows = _rows(lines)
    line = 1
    try:
        _, header = next(rows, (1, []))
        sheet = sheet_for(world, name, header, refs)
        for line, cells in rows:
            try:
                _take(sheet, header, cells)
                taken += 1
            except WrongCell as wrong:
                loaded.rejects.append(Reject(name, line, wrong.column, wrong.what, wrong.cure))
    except WrongCell as wrong:
        loaded.rejects.append(Reject(name, line, wrong.column, wrong.what, wrong.cure))
    except UnicodeDecodeError as error:
        what = f"not UTF-8 (byte {error.object[error.start]:#04x}), nothing was read from about here on"
        loaded.rejects.append(Reject(name, line, "", what, "save it as UTF-8"))
    except csv.Error as error:
        what = f"not readable as CSV from here on: {error}"
        loaded.rejects.append(Reject(name, line, "", what, "look for a quote that is not closed"))
    loaded.files[name] = taken


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which they begin; a quoted cell may go over several."""
    reader = csv.reader(lines, strict=True)
    begin = 1
    for cells in reader:
        if cells:
            yield begin, cells
        begin = reader.line_num + 1


def _take(sheet: Sheet, header: list[str], cells: list[str]) -> None:
    if len(cells) != len(header):
        what = f"{len(cells)} cells under {len(header)} columns"
        raise WrongCell("", what, "put a cell that contains a comma in double quotes")
    sheet.take({column: cell for column, cell in zip(header, cells, strict=True) if cell != ""})
