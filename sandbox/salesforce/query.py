"""A query run against the rows: what its fields mean to this user, which rows pass, in which order, in which shape."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.salesforce.access import Access
from sandbox.salesforce.condition import Compiler, Getter, Predicate
from sandbox.salesforce.cursors import Project
from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject, make_field
from sandbox.salesforce.soql import Count, Ordering, Path, Select, located, parse
from sandbox.salesforce.table import Row

MAX_OFFSET = 2000
MIN_BATCH, MAX_BATCH = 200, 2000
_APPEND = "Please reference your WSDL or the describe call for the appropriate names."
# What a polymorphic parent such as Who shows of whatever it points to.
_NAME_FIELDS = {
    name.lower(): make_field(name, type="string")
    for name in ("Type", "Name", "FirstName", "LastName", "Email", "Title")
} | {"id": make_field("Id", type="id", length=18)}


def run(org: Org, access: Access, text: str, *, base: str, everything: bool, batch: int = MAX_BATCH) -> dict[str, Any]:
    """Answer a query: the first page. `everything` is queryAll; `base` is the path of the API version.

    Raises `Refusal` as the service would.
    """
    select = parse(text)
    query = Query(org, access, text, base, everything=everything)
    sobject = query.sobject(select)
    count = select.items[0] if len(select.items) == 1 else None
    rows = query.rows(sobject, select)
    if isinstance(count, Count):
        return _counted(query, sobject, count, rows)
    project = query.projection(sobject, select)
    size = max(MIN_BATCH, min(MAX_BATCH, batch))
    return org.cursors.first(rows, project, size=size, user_id=access.user.id, base=base)


def _counted(query: "Query", sobject: SObject, count: Count, rows: list[Row]) -> dict[str, Any]:
    if count.path is None:
        return {"totalSize": len(rows), "done": True, "records": []}
    _, get = query.resolve(sobject, count.path)
    number = sum(get(row) is not None for row in rows)
    return {"totalSize": 1, "done": True, "records": [{"attributes": {"type": "AggregateResult"}, "expr0": number}]}


@dataclass(slots=True)
class Query:
    """One query on its way: resolves names for a user, picks rows, shapes them."""

    org: Org
    access: Access
    text: str
    base: str
    everything: bool

    def __init__(self, org: Org, access: Access, text: str, base: str, *, everything: bool) -> None:
        self.org, self.access, self.text, self.base, self.everything = org, access, text, base, everything

    # Names

    def sobject(self, select: Select) -> SObject:
        """The object after FROM."""
        found = self.access.sobject(select.source)
        if found is None:
            message = (
                f"sObject type '{select.source}' is not supported. If you are attempting to use a custom object, be"
                f" sure to append the '__c' after the entity name. {_APPEND}"
            )
            raise located(self.text, select.at, "INVALID_TYPE", message)
        return found

    def resolve(self, sobject: SObject, path: Path) -> tuple[Field, Getter]:
        """The field at the end of a path and how to read it from a row of the object."""
        names = path.names[1:] if len(path.names) > 1 and path.names[0].lower() == sobject.name.lower() else path.names
        *parents, last = names
        getters: list[Getter] = []
        here: SObject | None = sobject
        for name in parents:
            link = self._parent(here, name, path)
            getters.append(self._follow(link))
            here = self._target(link)
        fields = _NAME_FIELDS if here is None else self.access.fields(here)
        found = fields.get(last.lower())
        if found is None:
            entity = "Name" if here is None else here.name
            message = (
                f"No such column '{last}' on entity '{entity}'. If you are attempting to use a custom field, be sure to"
                f" append the '__c' after the custom field name. {_APPEND}"
            )
            raise located(self.text, path.at, "INVALID_FIELD", message)
        return found, self._getter(getters, found.name, named=here is None)

    def _parent(self, sobject: SObject | None, name: str, path: Path) -> Field:
        link = sobject.relationship(name) if sobject is not None else None
        if link is None or sobject is None or link.name.lower() not in self.access.fields(sobject):
            message = (
                f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom"
                f" relationship, be sure to append the '__r' after the custom relationship name. {_APPEND}"
            )
            raise located(self.text, path.at, "INVALID_FIELD", message)
        return link

    def _target(self, link: Field) -> SObject | None:
        """What a reference leads to; None when it may be several things (SR29)."""
        return self.org.schema.objects[link.refers_to[0]] if len(link.refers_to) == 1 else None

    def _follow(self, link: Field) -> Getter:
        find, name = self.org.records.find, link.name
        return lambda row: find(row.get(name))

    def _getter(self, parents: list[Getter], name: str, *, named: bool) -> Getter:
        by_prefix = self.org.schema.by_prefix

        def read(row: Row | None) -> Any:
            for parent in parents:
                if row is None:
                    return None
                row = parent(row)
            if row is None:
                return None
            return by_prefix[row["Id"][:3]].name if named and name == "Type" else row.get(name)

        if not parents:
            return lambda row: row.get(name)
        return read

    # Rows

    def rows(self, sobject: SObject, select: Select) -> list[Row]:
        """The rows that pass, in order, cut to limit and offset."""
        if select.offset > MAX_OFFSET:
            message = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise Refusal(400, "NUMBER_OUTSIDE_VALID_RANGE", message)
        self.org.bin.purge()
        compiler = self._compiler(sobject)
        predicate = compiler.compile(select.where) if select.where is not None else None
        order = [self._order(sobject, ordering) for ordering in select.order]
        floor = compiler.stamp_floor(select.where)
        table = self.org.records.tables[sobject.name]
        candidates: Iterable[Row] = table.rows.values() if floor is None else table.changed_since(floor)
        return self._pick(candidates, predicate, order, select)

    def _pick(
        self, rows: Iterable[Row], predicate: Predicate | None, order: list[Callable[[list[Row]], None]], select: Select
    ) -> list[Row]:
        if not self.everything:
            rows = (row for row in rows if not row.get("IsDeleted") and not row.get("IsArchived"))
        found = [row for row in rows if predicate(row)] if predicate is not None else list(rows)
        for sort in reversed(order):
            sort(found)
        return found[select.offset :][: select.limit]

    def _compiler(self, sobject: SObject) -> Compiler:
        zone = next(iter(self.org.records.tables["Organization"].rows.values()))["TimeZoneSidKey"]
        return Compiler(self.text, lambda path: self.resolve(sobject, path), self.org.clock.now(), ZoneInfo(zone))

    def _order(self, sobject: SObject, ordering: Ordering) -> Callable[[list[Row]], None]:
        field, get = self.resolve(sobject, ordering.path)
        if field.long_text:
            message = f"field '{field.name}' can not be sorted in a query call"
            raise located(self.text, ordering.path.at, "MALFORMED_QUERY", message)
        # `reverse` turns the place of the empty ones round as well.
        empty = ordering.nulls_first == ordering.descending

        def key(row: Row) -> tuple[bool, Any]:
            value = get(row)
            if value is None:
                return empty, ""
            return not empty, value.casefold() if isinstance(value, str) and field.type != "id" else value

        return lambda rows: rows.sort(key=key, reverse=ordering.descending)

    # Shapes

    def projection(self, sobject: SObject, select: Select) -> Project:
        """How a row of the object is shown: the selected fields, nested parents and children."""
        parts: list[Callable[[Row, dict[str, Any]], None]] = []
        flat: list[str] = []
        for item in select.items:
            if isinstance(item, Count):
                raise located(self.text, select.at, "MALFORMED_QUERY", "Grouped query cannot mix COUNT() and fields")
            if isinstance(item, Select):
                parts.append(self._children(sobject, item))
                continue
            field, get = self.resolve(sobject, item)
            names = item.names[1:] if item.names[0].lower() == sobject.name.lower() else item.names
            if len(names) > 1:
                parts.append(self._nested(sobject, names, field.name, get))
            elif field.name in flat:
                raise Refusal(400, "INVALID_FIELD", f"duplicate field selected: {field.name}")
            else:
                flat.append(field.name)
        prefix = f"{self.base}/sobjects/{sobject.name}/"

        def project(row: Row) -> dict[str, Any]:
            out: dict[str, Any] = {"attributes": {"type": sobject.name, "url": prefix + row["Id"]}}
            for name in flat:
                out[name] = row.get(name)
            for part in parts:
                part(row, out)
            return out

        return project

    def _nested(
        self, sobject: SObject, names: tuple[str, ...], last: str, get: Getter
    ) -> Callable[[Row, dict[str, Any]], None]:
        steps: list[tuple[str, Getter, bool]] = []
        here: SObject | None = sobject
        for name in names[:-1]:
            link = here.relationship(name) if here is not None else None
            if link is None or link.relationship is None:
                raise AssertionError("resolved before: the path is known to lead somewhere")
            here = self._target(link)
            steps.append((link.relationship, self._follow(link), here is None))
        by_prefix = self.org.schema.by_prefix

        def put(row: Row, out: dict[str, Any]) -> None:
            parent: Row | None = row
            for name, follow, polymorphic in steps:
                parent = follow(parent) if parent is not None else None
                if parent is None:
                    out[name] = None
                    return
                kind = by_prefix[parent["Id"][:3]].name
                url = f"{self.base}/sobjects/{kind}/{parent['Id']}"
                out = out.setdefault(name, {"attributes": {"type": "Name" if polymorphic else kind, "url": url}})
            out[last] = get(row)

        return put

    def _children(self, sobject: SObject, select: Select) -> Callable[[Row, dict[str, Any]], None]:
        visible = ((child, link) for child, link in self.org.schema.children(sobject.name) if link.children)
        found = next(
            (
                (child, link)
                for child, link in visible
                if (link.children or "").lower() == select.source.lower() and self.access.sobject(child.name) is child
            ),
            None,
        )
        if found is None:
            message = (
                f"Didn't understand relationship '{select.source}' in FROM part of query call. If you are attempting to"
                f" use a custom relationship, be sure to append the '__r' after the custom relationship name. {_APPEND}"
            )
            raise located(self.text, select.at, "INVALID_TYPE", message)
        child, link = found
        project = self.projection(child, select)
        compiler = self._compiler(child)
        predicate = compiler.compile(select.where) if select.where is not None else None
        order = [self._order(child, ordering) for ordering in select.order]
        by_parent: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.org.records.tables[child.name].rows.values():
            if row.get(link.name) is not None:
                by_parent[row[link.name]].append(row)

        def put(row: Row, out: dict[str, Any]) -> None:
            rows = self._pick(by_parent.get(row["Id"], ()), predicate, order, select)
            page = {"totalSize": len(rows), "done": True, "records": [project(child_row) for child_row in rows]}
            out[link.children or ""] = page if rows else None

        return put
