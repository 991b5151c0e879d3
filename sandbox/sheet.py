"""What a CSV file is about: records of one object in one CRM, or associations; how one of its rows is taken."""

from __future__ import annotations

import difflib
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sandbox.app import World

_SALESFORCE_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_BORN = ("createdate", "hs_createdate")
_FOREIGN = ("salesforcecontactid", "hs_salesforceopportunityid")  # HubSpot properties that point into Salesforce


class WrongCell(Exception):
    """A row cannot be taken: the column (empty: the row as a whole), what is wrong, what to do now."""

    def __init__(self, column: str, what: str, cure: str) -> None:
        super().__init__(f"{column}: {what}; {cure}")
        self.column, self.what, self.cure = column, what, cure


class Refs:
    """Which record each `ref` stands for: one namespace in Salesforce, one for each object in HubSpot.

    As in the CRMs themselves, where a Salesforce id says of what it is and a HubSpot id does not.
    """

    def __init__(self) -> None:
        self.salesforce: dict[str, str] = {}
        self.hubspot: dict[str, dict[str, str]] = {}

    def portal_id(self, column: str, kind: str, text: str) -> str:
        """The id of a HubSpot record given by its ref, else by the id itself."""
        refs = self.hubspot.get(kind, {})
        return text if text not in refs and text.isdecimal() else _found(column, text, refs)


class Sheet(Protocol):
    """The meaning of one file."""

    def take(self, cells: Mapping[str, str]) -> None:
        """Take one row, its empty cells left out. Raises `WrongCell`."""


def sheet_for(world: World, name: str, header: list[str], refs: Refs) -> Sheet:
    """The sheet that a file's name and header make. Raises `WrongCell` where they make none."""
    crm, _, rest = name.removesuffix(".csv").rpartition("/")
    if not header:
        raise WrongCell("", "the file is empty", "its first line names the columns")
    doubled = [column for place, column in enumerate(header) if column in header[:place]]
    if doubled:
        raise WrongCell(doubled[0], "the column stands there twice", "remove or rename one")
    if crm == "salesforce":
        return _OrgSheet(world, rest, header, refs)
    if crm == "hubspot":
        kinds = world.portal.store.kinds
        for between in re.finditer("_", rest):
            one, other = rest[: between.start()], rest[between.end() :]
            if one in kinds and other in kinds:
                return _LinkSheet(world, one, other, header, refs)
        return _PortalSheet(world, rest, header, refs)
    raise WrongCell("", f"no CRM is meant by {name}", "call it salesforce/<Object>.csv or hubspot/<objects>.csv")


class _OrgSheet:
    """Records of one Salesforce object."""

    def __init__(self, world: World, name: str, header: list[str], refs: Refs) -> None:
        sobject = world.org.schema.find(name)
        if sobject is None or sobject.name != name:
            raise WrongCell("", f"Salesforce has no object {name}", _nearest(name, world.org.schema.objects))
        _known(header, {*sobject.fields, "ref"})
        self._org, self._name, self._refs = world.org, name, refs.salesforce
        self._pointing = [one for one in header if one in sobject.fields and sobject.fields[one].type == "reference"]

    def take(self, cells: Mapping[str, str]) -> None:
        values = dict(cells)
        ref, row_id, at = values.pop("ref", None), values.pop("Id", None), _moment(values, ("CreatedDate",))
        _free(ref, self._refs)
        for column in self._pointing:
            text = values.get(column)
            if text in self._refs or (text is not None and not _SALESFORCE_ID.fullmatch(text)):
                values[column] = _found(column, text, self._refs)
        with _telling(cells):
            made = self._org.insert(self._name, values, id=row_id, at=at)
        if ref is not None:
            self._refs[ref] = made


class _PortalSheet:
    """Records of one HubSpot object; a column such as `contact` or `contact:Referrer` associates them."""

    def __init__(self, world: World, name: str, header: list[str], refs: Refs) -> None:
        kinds = world.portal.store.kinds
        if name not in kinds:
            raise WrongCell("", f"HubSpot has no object {name}", _nearest(name, kinds))
        self._portal, self._name, self._all = world.portal, name, refs
        self._refs = refs.hubspot.setdefault(name, {})
        words = {word: kind.name for kind in kinds.values() for word in (kind.name, kind.singular)}
        properties = kinds[name].properties
        self._links = {
            column: (words[word], label or None)
            for column in header
            for word, _, label in [column.partition(":")]
            if word in words and column not in properties
        }
        _known([column for column in header if column not in self._links], {*properties, "id", "ref"})

    def take(self, cells: Mapping[str, str]) -> None:
        values = {column: cell for column, cell in cells.items() if column not in self._links}
        ref, row_id, at = values.pop("ref", None), values.pop("id", None), _moment(values, _BORN)
        _free(ref, self._refs)
        # Resolved before the record is made: a row is taken whole or not at all.
        ends = [
            (column, kind, label, self._all.portal_id(column, kind, end.strip()))
            for column, (kind, label) in self._links.items()
            for end in cells.get(column, "").split(";")
            if end.strip()
        ]
        for column in _FOREIGN:
            if column in values:
                values[column] = self._all.salesforce.get(values[column], values[column])
        with _telling(cells):
            made = self._portal.create(self._name, values, id=row_id, at=at)
        if ref is not None:
            self._refs[ref] = made
        for column, kind, label, end in ends:
            with _telling({column: end}):
                self._portal.associate(self._name, made, kind, end, label=label)


class _LinkSheet:
    """Associations of two HubSpot objects: a column for each, called as the object is, and perhaps `label`."""

    def __init__(self, world: World, one: str, other: str, header: list[str], refs: Refs) -> None:
        _known(header, {one, other, "label"})
        missing = [column for column in (one, other) if column not in header]
        if missing:
            raise WrongCell(missing[0], "the column is missing", f"the columns are {one}, {other} and perhaps label")
        self._portal, self._refs, self._one, self._other = world.portal, refs, one, other

    def take(self, cells: Mapping[str, str]) -> None:
        ends = [self._refs.portal_id(kind, kind, cells.get(kind, "")) for kind in (self._one, self._other)]
        with _telling(cells):
            self._portal.associate(self._one, ends[0], self._other, ends[1], label=cells.get("label"))


def _known(header: Collection[str], names: Collection[str]) -> None:
    for column in header:
        if column not in names:
            raise WrongCell(column, "there is no such field; nothing of this file was loaded", _nearest(column, names))


def _nearest(word: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"perhaps {near[0]} is meant" if near else f"known are {', '.join(sorted(names))}"


def _moment(values: dict[str, str], columns: Collection[str]) -> datetime | None:
    for column in columns:
        text = values.pop(column, None)
        if text is None:
            continue
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise WrongCell(column, f"{text!r} is not a time", "write it such as 2026-11-22T08:00:00Z") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _free(ref: str | None, refs: Collection[str]) -> None:
    if ref in refs:
        raise WrongCell("ref", f"{ref!r} names an earlier row already", "every ref is given once")


def _found(column: str, ref: str, refs: Mapping[str, str]) -> str:
    if ref not in refs:
        raise WrongCell(column, f"{ref!r} is neither an id nor the ref of a row taken before", "look for its reject")
    return refs[ref]


@contextmanager
def _telling(cells: Mapping[str, str]) -> Iterator[None]:
    """A CRM's refusal, told of the column that it names."""
    try:
        yield
    except ValueError as error:
        raise WrongCell(_blamed(cells, str(error)), str(error), "correct the cell and load the row again") from error


def _blamed(cells: Mapping[str, str], message: str) -> str:
    """The column that a message speaks of: by its name, else by what stands in the cell."""
    for exactly in (0, re.IGNORECASE):
        for column in cells:
            if re.search(rf"\b{re.escape(column)}\b", message, exactly):
                return column
    return next((column for column, cell in cells.items() if cell in message.split()), "")
