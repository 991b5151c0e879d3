"""CSV files that the settings name: read whole, each row with its line."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.reading import ConfigError


def read_rows(path: Path) -> tuple[Sequence[str], list[tuple[int, Mapping[str, str]]]]:
    """The names of the columns, and each row by them with its line's number; cells that are not there are empty.

    Raises:
        ConfigError: it cannot be read, is not UTF-8, is no CSV, has a name twice, or a row longer than its names.
    """
    rows: list[tuple[int, Mapping[str, str]]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            names = reader.fieldnames or ()
            if twice := [name for name, count in Counter(names).items() if name and count > 1]:
                raise ConfigError(f"{path}:1: two columns are called {twice[0]!r}; take one of them out")
            for row in reader:
                if None in row:
                    raise ConfigError(f"{path}:{reader.line_num}: more cells than columns")
                rows.append((reader.line_num, row))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except csv.Error as error:
        raise ConfigError(f"{path}: not CSV: {error}") from error
    return names, rows
