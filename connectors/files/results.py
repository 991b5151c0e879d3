"""Results: our own fields as one CSV file per object, which a spreadsheet opens and an import takes."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

from connectors.errors import Fatal
from connectors.files.cells import reader, shown, text_of
from connectors.files.settings import Kind
from connectors.files.table import Table
from connectors.protocol import Clear, FieldAction, FieldChange, FieldKind, FieldSet, FieldSpec, Update
from connectors.replacing import replace_file
from scoring.records import Value

_KINDS: Mapping[FieldKind, Kind] = {
    FieldKind.DECIMAL: "number",
    FieldKind.INTEGER: "number",
    FieldKind.PICKLIST: "text",
    FieldKind.TEXT: "text",
    FieldKind.LONG_TEXT: "text",
    FieldKind.DATE: "date",
    FieldKind.DATETIME: "datetime",
}


class Results:
    """The results of one programme for one object: `Contact.csv`, and what its columns are in `Contact.fields.json`."""

    def __init__(self, folder: Path, fields: FieldSet, zone: tzinfo) -> None:
        self._fields = fields
        self._zone = zone
        self._path = folder / f"{fields.object}.csv"
        self._about = folder / f"{fields.object}.fields.json"

    def plan(self) -> Sequence[FieldChange]:
        """What `apply` would do to the columns."""
        about = self._described()
        return [
            _change(spec, self.column(spec.name), about.get(self.column(spec.name))) for spec in self._fields.fields
        ]

    def apply(self) -> Sequence[FieldChange]:
        """Describe the columns; what conflicts stays as it is."""
        plan = self.plan()
        about = dict(self._described())
        for change in plan:
            if change.action in (FieldAction.CREATE, FieldAction.EXTEND):
                known = about[change.api_name].options if change.api_name in about else ()
                wanted = [value for value, _ in change.field.options]
                about[change.api_name] = Described(str(change.field.kind), tuple(dict.fromkeys([*known, *wanted])))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._describe(about)
        return plan

    def remove(self) -> Sequence[str]:
        """Delete the columns with their values; their names."""
        gone = [change.api_name for change in self.plan() if change.action in (FieldAction.KEEP, FieldAction.EXTEND)]
        if gone:
            self._path.unlink(missing_ok=True)
            self._describe({name: about for name, about in self._described().items() if name not in gone})
        return gone

    def values(self) -> Callable[[str], Mapping[str, Value]]:
        """Our fields of a record by its id, as they were written; those that do not exist yet are left out."""
        about = self._described()
        specs = [spec for spec in self._fields.fields if self.column(spec.name) in about]
        unset: dict[str, Value] = dict.fromkeys((spec.name for spec in specs), None)
        if not self._path.exists():
            return lambda _id: unset
        table = Table(self._path)
        columns = [
            (spec.name, place, reader(_KINDS[spec.kind], self._zone))
            for spec in specs
            if (place := table.place(self.column(spec.name))) is not None
        ]
        known = {row[0]: {name: read(shown(row[at])) for name, at, read in columns} for row in table.rows()}
        return lambda id_: known.get(id_, unset)

    def write(self, updates: Iterable[Update]) -> None:
        """Put updates into the file, which is replaced whole. Raises `Fatal` before our columns are described."""
        about = self._described()
        if missing := [name for spec in self._fields.fields if (name := self.column(spec.name)) not in about]:
            raise Fatal(f"{self._path}: {', '.join(missing)} are not there; run `bonus-malus fields apply`")
        header = ["Id", *about]
        rows = {row["Id"]: row for row in self._rows()}
        for update in updates:
            row = rows.setdefault(update.id, {"Id": update.id})
            for name, value in update.values.items():
                row[self.column(name)] = "" if isinstance(value, Clear) else text_of(value)
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, header, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows[id_] for id_ in sorted(rows))
        replace_file(self._path, text.getvalue())

    def column(self, name: str) -> str:
        """What one of our fields is called here."""
        return f"{'_'.join(self._fields.prefix.lower().split())}_{name}"

    def _rows(self) -> Iterator[dict[str, str]]:
        if self._path.exists():
            table = Table(self._path)
            for row in table.rows():
                yield dict(zip(table.header, row, strict=True))

    def _described(self) -> Mapping[str, "Described"]:
        try:
            about = json.loads(self._about.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {name: Described(one["kind"], tuple(one["options"])) for name, one in about.items()}

    def _describe(self, about: Mapping[str, "Described"]) -> None:
        replace_file(self._about, json.dumps({name: one._asdict() for name, one in about.items()}, indent=1))


class Described(NamedTuple):
    """What one column of the results holds."""

    kind: str
    options: tuple[str, ...]


def _change(spec: FieldSpec, name: str, about: Described | None) -> FieldChange:
    if about is None:
        return FieldChange(spec, name, FieldAction.CREATE, "it is not there")
    if about.kind != str(spec.kind):
        return FieldChange(spec, name, FieldAction.CONFLICT, f"it is a {about.kind}, not a {spec.kind}")
    missing = [value for value, _ in spec.options if value not in about.options]
    if missing:
        return FieldChange(spec, name, FieldAction.EXTEND, f"options missing: {', '.join(missing)}")
    return FieldChange(spec, name, FieldAction.KEEP)
