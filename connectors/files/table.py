"""A table: one CSV file of an export, its columns found whatever the export calls them."""

import csv
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors.errors import Fatal

IDS = ("Id", "id", "Record ID", "hs_object_id")
STAMPS = ("SystemModstamp", "LastModifiedDate", "lastmodifieddate", "hs_lastmodifieddate", "Last Modified Date")
_WORDS = re.compile(r"[^a-z0-9]+")


class Table:
    """The rows of one file. Raises `Fatal` for a file that is no CSV in UTF-8 with one header row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._opened() as rows:
            self.header: Sequence[str] = next(rows, [])
        self._places = {squeezed(name): place for place, name in reversed(list(enumerate(self.header)))}

    def place(self, *names: str) -> int | None:
        """Where the first of these columns is that is there; `First Name` is `firstname`, `hs_` may be missing.

        Raises:
            Fatal: it is there twice, and nobody knows which is meant.
        """
        for name in names:
            place = self._places.get(squeezed(name))
            if place is not None:
                if self.header.count(self.header[place]) > 1:
                    raise Fatal(f"{self.path}: two columns are called {self.header[place]!r}; take one of them out")
                return place
        return None

    def rows(self) -> Iterator[list[str]]:
        """The rows below the header, each at least as wide as the header; empty lines are none."""
        width = len(self.header)
        with self._opened() as rows:
            next(rows, None)
            for row in rows:
                if row:
                    yield row + [""] * (width - len(row))

    @contextmanager
    def _opened(self) -> Iterator[Iterator[list[str]]]:
        csv.field_size_limit(sys.maxsize)
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield csv.reader(file)
        except (UnicodeDecodeError, csv.Error) as error:
            raise Fatal(f"{self.path} is not CSV in UTF-8 ({error}); export it again as «CSV UTF-8»") from None


def squeezed(name: str) -> str:
    """A column's name without what exports change about it."""
    return _WORDS.sub("", name.lower().removeprefix("hs_"))


def tables(folder: Path) -> Mapping[str, Path]:
    """The CSV files of a folder by the name of their object."""
    return {path.stem: path for path in sorted(folder.glob("*.csv"))}
