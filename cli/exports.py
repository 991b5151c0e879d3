"""Exports of Salesforce reports and HubSpot views, turned into the files that the sandbox loads.

An export has the labels of fields as its headings, the labels of options in its cells, and dates and numbers as its
user's country writes them. Which object a file is about follows from its headings and its name; what is not known is
left out and told.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from config.reading import ConfigError
from sandbox.app import World

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
_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?:,? +(\d{1,2}):(\d\d)(?::\d\d)?(?: *([AP]M))?)?$", re.IGNORECASE)
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?$")
_TRUE, _FALSE = {"1", "true", "yes", "oui", "vrai"}, {"0", "false", "no", "non", "faux"}


@dataclass(frozen=True, slots=True)
class Known:
    """A field that a heading may mean."""

    name: str
    kind: str  # number, date, datetime, boolean, options, text, own number (one that the CRM gives its records)
    options: Mapping[str, str] = field(default_factory=dict)  # label in lower case -> value


Objects = Mapping[tuple[str, str], Mapping[str, Known]]  # CRM and object -> heading in lower case -> field
Order = Literal["day first", "month first"] | None  # of 03/12/2026; None: as the files show


@dataclass(frozen=True, slots=True)
class Export:
    """One file understood: of which CRM and object, its rows by API names, and the headings that were left out."""

    file: Path
    crm: str
    object: str
    rows: tuple[Mapping[str, str], ...]
    left_out: tuple[str, ...]


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


def write_for_sandbox(exports: Sequence[Export], folder: Path) -> None:
    """The same as the sandbox loads it; references to records that were not exported are left out."""
    ids = {
        crm: {row.get(own, "") for each in exports if each.crm == crm for row in each.rows}
        for crm, own in _OWN_ID.items()
    }
    for each in exports:
        columns = list(dict.fromkeys(name for row in each.rows for name in row))
        target = folder / each.crm / f"{each.object}.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(columns)
        for row in each.rows:
            writer.writerow([_known_ends(name, row.get(name, ""), each, ids[each.crm]) for name in columns])
        target.write_text(text.getvalue(), "utf-8")


def _known_ends(name: str, cell: str, export: Export, ids: set[str]) -> str:
    if export.crm == "hubspot" and name == "contact":
        return ";".join(end for end in re.split(r"[;,]\s*", cell) if end in ids)
    points = export.crm == "salesforce" and name.endswith(("Id", "Contact__c")) and name != "Id"
    return "" if points and cell not in ids else cell


def _read(file: Path, objects: Objects, order: Order) -> Export:
    try:
        lines = file.read_text("utf-8-sig").splitlines(keepends=True)
        rows = [row for row in csv.reader(lines, delimiter=_delimiter(lines), strict=True) if any(row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            f"{file}: not a CSV file in UTF-8 ({error}); export it again as comma delimited, UTF-8"
        ) from error
    if not rows:
        raise ConfigError(f"{file}: the file is empty; export it again")
    heading, *body = rows
    key = _meant(file, heading, objects)
    named = [objects[key].get(_plain(each)) for each in heading]
    # Foot lines of a report («Confidential…») have fewer cells than its heading.
    cells = [row for row in body if len(row) == len(heading)]
    columns = {
        known.name: _converted(f"{file}: {title}", known, [row[place].strip() for row in cells], order)
        for place, (title, known) in enumerate(zip(heading, named, strict=True))
        if known is not None
    }
    made = tuple(dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    left_out = tuple(title for title, known in zip(heading, named, strict=True) if known is None)
    return Export(file, *key, made, left_out)


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


def _converted(where: str, known: Known, cells: Sequence[str], order: Order) -> list[str]:
    match known.kind:
        case "number":
            return [_number(cell) for cell in cells]
        case "boolean":
            return [
                ("true" if cell.lower() in _TRUE else "false" if cell.lower() in _FALSE else cell) for cell in cells
            ]
        case "options":
            return [known.options.get(cell.lower(), cell) for cell in cells]
        case "date" | "datetime":
            return list(_dates(where, cells, order, time=known.kind == "datetime"))
    return list(cells)


def _number(cell: str) -> str:
    """`€1,234.50`, `1.234,50 €` and `1 234,50` as 1234.50."""
    digits = re.sub(r"[^\d.,-]", "", cell)
    last = max(digits.rfind("."), digits.rfind(","))
    cents = digits[last + 1 :] if last >= 0 and len(digits) - last - 1 != 3 else ""  # noqa: PLR2004 - 1,234 is a thousand
    whole = re.sub(r"[.,]", "", digits[:last] if cents else digits)
    return f"{whole}.{cents}" if cents else whole


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


def _roles(exports: Sequence[Export]) -> Iterator[Export]:
    """The contact of an opportunity stands in a junction that reports show as a column."""
    for each in exports:
        if (each.crm, each.object) != ("salesforce", "Opportunity"):
            continue
        rows = tuple(
            {"OpportunityId": row["Id"], "ContactId": row["ContactId"], "IsPrimary": "true"}
            for row in each.rows
            if row.get("Id") and row.get("ContactId")
        )
        if rows:
            yield Export(each.file, "salesforce", _JUNCTION, rows, ())


def _plain(text: str) -> str:
    plain = " ".join(text.replace("\u00a0", " ").lower().split())
    return "associated contact ids" if _TIED.match(plain) else plain


def _singular(word: str) -> str:
    return {"opportunities": "opportunity"}.get(word, word.removesuffix("s"))


def _delimiter(lines: Sequence[str]) -> str:
    first = lines[0] if lines else ""
    return max(",;\t", key=first.count)
