"""Exports of Salesforce reports and HubSpot views, turned into the files that the sandbox loads.

An export has the labels of fields as its headings, the labels of options in its cells, and dates and numbers as its
user's country writes them. Which object a file is about follows from its headings and its name; what is not known is
left out and told.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from cli.cells import Known, Order, converted
from config.reading import ConfigError
from sandbox.app import World
from sandbox.load import Reject

CONTACT = {"salesforce": "Contact", "hubspot": "contacts"}
_OWN_ID = {"salesforce": "Id", "hubspot": "id"}
_JUNCTION = "OpportunityContactRole"
# Headings that are no field's label: reports have names of their own for some.
_ALIASES = {
    ("salesforce", "Opportunity"): {"opportunity name": "Name", "opportunity id": "Id", "type": "Type"},
    ("salesforce", "Order"): {"order id": "Id", "contact id": "BillToContactId"},
    ("salesforce", "Contact"): {"phone": "Phone"},
    ("salesforce", "Case"): {"date/time closed": "ClosedDate", "date/time opened": "CreatedDate"},
}
_TIED = re.compile(r"associated contact( ids?)?$")

Objects = Mapping[tuple[str, str], Mapping[str, Known]]  # CRM and object -> heading in lower case -> field


@dataclass(frozen=True, slots=True)
class Export:
    """One file understood: of which CRM and object, its rows by API names, and the headings that were left out.

    `lines` say where each row begins in the file, `titles` how a field is headed there; `unread` has a line of text for
    each row that could not be told apart.
    """

    file: Path
    crm: str
    object: str
    rows: tuple[Mapping[str, str], ...]
    left_out: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()


Places = Mapping[tuple[str, int], tuple[Export, int]]  # file and line as the sandbox has them -> as exported


def read_exports(folder: Path, *, day_first: bool | None) -> list[Export]:
    """Every CSV file of a folder.

    Raises:
        ConfigError: none there, one that means no object, or dates that can be read in two ways.
    """
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise ConfigError(f"{folder}: no CSV file; export contacts, and deals, orders, cases or tickets into it")
    objects = _objects(World())
    order: Order = None if day_first is None else "day first" if day_first else "month first"
    found = [_read(file, objects, order) for file in files]
    return [*found, *_roles(found)]


def write_for_sandbox(exports: Sequence[Export], folder: Path) -> Places:
    """The same as the sandbox loads it; references to records that were not exported are left out."""
    ids = {
        crm: {row.get(own, "") for each in exports if each.crm == crm for row in each.rows}
        for crm, own in _OWN_ID.items()
    }
    places: dict[tuple[str, int], tuple[Export, int]] = {}

    def what(export: Export) -> tuple[str, str]:
        return export.crm, export.object

    for (crm, name), alike in groupby(sorted(exports, key=what), key=what):
        same = list(alike)
        columns = list(dict.fromkeys(column for each in same for row in each.rows for column in row))
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(columns)
        for each in same:
            for row, line in zip(each.rows, each.lines, strict=True):
                cells = [_known_ends(column, row.get(column, ""), each, ids[crm]) for column in columns]
                if name == _JUNCTION and "" in cells:
                    continue
                places[f"{crm}/{name}.csv", text.getvalue().count("\n") + 1] = each, line
                writer.writerow(cells)
        target = folder / crm / f"{name}.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.getvalue(), "utf-8", newline="")
    return places


def refused(exports: Sequence[Export], rejects: Iterable[Reject], places: Places) -> list[str]:
    """A line for each exported row that is not scored: in which file and line, and why."""
    found = [each for export in exports for each in export.unread]
    told: set[tuple[Path, int]] = set()
    for each in rejects:
        export, line = places.get((each.file, each.line), (None, each.line))
        if export is None:
            found.append(str(each))
        elif (export.file, line) not in told:  # an opportunity that is refused takes its role with it
            told.add((export.file, line))
            column = export.titles.get(each.column, each.column)
            found.append(str(replace(each, file=export.file.name, line=line, column=column)))
    return found


def _known_ends(name: str, cell: str, export: Export, ids: set[str]) -> str:
    if export.crm == "hubspot" and name == "contact":
        return ";".join(end for end in re.split(r"[;,]\s*", cell) if end in ids)
    points = export.crm == "salesforce" and name.endswith(("Id", "Contact__c")) and name != "Id"
    return "" if points and cell not in ids else cell


def _read(file: Path, objects: Objects, order: Order) -> Export:
    try:
        text = file.read_bytes().decode("utf-8-sig")
        rows = list(_rows(text))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            f"{file}: not a CSV file in UTF-8 ({error}); export it again as comma delimited, UTF-8"
        ) from error
    if not rows:
        raise ConfigError(f"{file}: the file is empty; export it again")
    (_, heading), *body = rows
    key = _meant(file, heading, objects)
    named = [objects[key].get(_plain(each)) for each in heading]
    own = next((place for place, known in enumerate(named) if known and known.name == _OWN_ID[key[0]]), None)
    unread: list[str] = []
    kept: list[tuple[int, list[str]]] = []
    for line, cells in body:
        if why := _unread(cells, heading, own):
            unread.append(f"{file.name}:{line}: {why}")
        elif len(cells) == len(heading):
            kept.append((line, cells))
    if title := _twice(heading, named, [cells for _, cells in kept]):
        raise ConfigError(f"{file}: two columns are headed {title} and say different things; take one of them out")
    columns = {
        known.name: converted(f"{file}: {title}", known, [row[place].strip() for _, row in kept], order)
        for place, (title, known) in enumerate(zip(heading, named, strict=True))
        if known is not None
    }
    return Export(
        file,
        *key,
        tuple(dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)),
        left_out=tuple(title for title, known in zip(heading, named, strict=True) if known is None),
        lines=tuple(line for line, _ in kept),
        titles={known.name: title for title, known in zip(heading, named, strict=True) if known},
        unread=tuple(unread),
    )


def _twice(heading: Sequence[str], named: Sequence[Known | None], rows: Sequence[Sequence[str]]) -> str:
    """A heading that two columns have, such as the e-mail addresses of two people: which is meant nobody knows."""
    first: dict[str, int] = {}
    for place, (title, known) in enumerate(zip(heading, named, strict=True)):
        before = first.setdefault(title.strip().lower(), place)
        if known is not None and any(cells[before].strip() != cells[place].strip() for cells in rows):
            return title.strip()
    return ""


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that has anything in it, with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text.partition("\n")[0]), strict=True)
    begin = 1
    for cells in reader:
        if any(cells):
            yield begin, cells
        begin = reader.line_num + 1


def _unread(cells: Sequence[str], heading: Sequence[str], own: int | None) -> str:
    """Why a row means no record, if it should; foot lines of a report («Confidential…») are a single cell."""
    if len(cells) != len(heading):
        what = f"{len(cells)} cells under {len(heading)} headings"
        return f"{what}; put a cell that contains a comma in double quotes" if len(cells) > 1 else ""
    if own is not None and not cells[own].strip():
        return f"there is nothing under {heading[own]}; export it with the record's own id"
    return ""


def _meant(file: Path, heading: Sequence[str], objects: Objects) -> tuple[str, str]:
    """The object whose fields explain most of the headings; the file's name decides between equals."""
    stem = _plain(file.stem)

    def fit(key: tuple[str, str]) -> tuple[int, bool]:
        meant = [objects[key].get(_plain(each)) for each in heading]
        # Records of any kind have a number: it says nothing of what they are.
        known = {each.name for each in meant if each and each.kind != "own number"}
        named = any(
            _singular(word) == _singular(key[1].removesuffix("__c").lower()) for word in re.split(r"\W+|_", stem)
        )
        return (len(known) + 2 * named) * (_OWN_ID[key[0]] in known or key[1] == _JUNCTION), named

    best = max(objects, key=fit)
    if fit(best)[0] == 0:
        raise ConfigError(
            f"{file}: the headings mean no object that we read; each export needs the record's own id "
            "(Contact ID, Case ID, Record ID) among its columns, and headings in English"
        )
    return best


def _objects(world: World) -> dict[tuple[str, str], dict[str, Known]]:
    found: dict[tuple[str, str], dict[str, Known]] = {}
    for name in ("Contact", "Opportunity", "Order", "Case", "Invoice__c", _JUNCTION):
        fields = world.org.schema.objects[name].fields
        taken = {
            each.label: Known(each.name, "own number" if each.auto_number else _ORG_KINDS.get(each.type, "text"))
            for each in fields.values()
            if each.createable or each.auto_number or each.name in ("Id", "CreatedDate", "ClosedDate")
        }
        own = f"{world.org.schema.objects[name].label} ID"
        names = {_plain(known.name): known for known in taken.values()}
        labels = {_plain(label): known for label, known in taken.items()}
        found["salesforce", name] = names | labels | {_plain(own): Known("Id", "text")}
    for name in ("contacts", "deals", "orders", "tickets", "invoices", "feedback_submissions"):
        kind = world.portal.store.kinds[name]
        known_kind = {
            _plain(text): Known(each.name, _PORTAL_KINDS.get(each.type, "text"), _labels(each.options))
            for each in kind.properties.values()
            if not each.read_only
            for text in (each.name, each.label)
        }
        dates = {_plain(text): Known(kind.created, "datetime") for text in ("create date", kind.created)}
        tied = {} if name == "contacts" else {"associated contact ids": Known("contact", "text")}
        found["hubspot", name] = known_kind | dates | tied | {"record id": Known("id", "text")}
    for key, aliases in _ALIASES.items():
        kinds = {known.name: known for known in found[key].values()}
        found[key] |= {alias: kinds.get(name, Known(name, "text")) for alias, name in aliases.items()}
    return found


def _labels(options: Iterable[object]) -> dict[str, str]:
    return {str(getattr(each, "label", "")).lower(): str(getattr(each, "value", "")) for each in options}


_ORG_KINDS = {"double": "number", "currency": "number", "int": "number", "percent": "number", "boolean": "boolean"} | {
    kind: kind for kind in ("date", "datetime")
}
_PORTAL_KINDS = {
    "number": "number",
    "date": "date",
    "datetime": "datetime",
    "bool": "boolean",
    "enumeration": "options",
}


def _roles(exports: Sequence[Export]) -> Iterator[Export]:
    """The contact of an opportunity stands in a junction that reports show as a column."""
    for each in exports:
        if (each.crm, each.object) != ("salesforce", "Opportunity"):
            continue
        roles = {
            line: {"OpportunityId": row["Id"], "ContactId": row["ContactId"], "IsPrimary": "true"}
            for row, line in zip(each.rows, each.lines, strict=True)
            if row.get("ContactId")
        }
        if roles:
            yield Export(each.file, "salesforce", _JUNCTION, tuple(roles.values()), lines=tuple(roles))


def _plain(text: str) -> str:
    plain = " ".join(text.replace("\u00a0", " ").lower().split())
    return "associated contact ids" if _TIED.match(plain) else plain


def _singular(word: str) -> str:
    return {"opportunities": "opportunity"}.get(word, word.removesuffix("s"))


def _delimiter(first: str) -> str:
    return max(",;\t", key=first.count)
