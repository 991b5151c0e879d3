"""Pages: rows of a selection, as REST or the Bulk API answers them, as records; a column at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from connectors.columns import PIECE, fields, instants, joined, records, typed, words
from connectors.protocol import Page
from connectors.salesforce.ids import id18, ids18
from connectors.salesforce.selection import Selection
from connectors.values import as_instant
from scoring.records import Link, Malformed, Problem, Value

Row: TypeAlias = Mapping[str, Any]
Links: TypeAlias = Callable[[Sequence[str]], Iterable[Mapping[str, tuple[Link, ...]]]]


def page_of_rows(selection: Selection, rows: Sequence[Row], children: Callable[[Any], Sequence[Row]]) -> Page:
    """A page of what REST answered; `children` reads a sub-query to its end."""
    return joined(
        _piece_of_rows(selection, rows[start : start + PIECE], children) for start in range(0, len(rows), PIECE)
    )


def _piece_of_rows(selection: Selection, rows: Sequence[Row], children: Callable[[Any], Sequence[Row]]) -> Page:
    ids = ids18(words(fields(rows, "Id")))
    stamps = words(fields(rows, selection.schema.stamp))
    modified = typed(stamps, as_instant, instants)
    if undated := _undated(modified):
        left = [row for at, row in enumerate(rows) if at not in undated]
        return Page(_piece_of_rows(selection, left, children).records, _problems(selection, ids, stamps, undated))
    found = records(
        selection.schema.object,
        ids,
        modified,
        {path: column.values(_column(rows, path)) for path, column in selection.paths.items()},
        ours={name: column.values(_column(rows, column.name)) for name, column in selection.ours.items()},
        links=_links(selection, rows, children) if selection.junctions else None,
        deleted=[mark is True for mark in fields(rows, "IsDeleted")],
        merged=[id18(str(master)) if master else None for master in fields(rows, "MasterRecordId")],
    )
    return Page(tuple(found))


def piece_of_cells(
    selection: Selection, header: Sequence[str], rows: Sequence[Sequence[str]], links: Links | None = None
) -> Page:
    """A piece of a Bulk result, each row as long as `header`; `links` gives those of each id, in order."""
    if not rows:
        return Page(())
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    ids = ids18(columns["Id"])
    stamps = columns[selection.schema.stamp]
    modified = typed(stamps, as_instant, instants)
    if undated := _undated(modified):
        left = [row for at, row in enumerate(rows) if at not in undated]
        return Page(piece_of_cells(selection, header, left, links).records, _problems(selection, ids, stamps, undated))
    unset = ("",) * len(ids)
    found = records(
        selection.schema.object,
        ids,
        modified,
        {path: column.cells(columns[path]) for path, column in selection.paths.items()},
        ours={name: column.cells(columns[column.name]) for name, column in selection.ours.items()},
        links=links(ids) if links else None,
        deleted=[cell == "true" for cell in columns.get("IsDeleted", unset)],
        merged=[id18(cell) if cell else None for cell in columns.get("MasterRecordId", unset)],
    )
    return Page(tuple(found))


def _column(rows: Sequence[Row], path: str) -> Sequence[Any]:
    """One field of each row, or of the record that a look-up points to; None where there is none."""
    relationship, dot, name = path.partition(".")
    if not dot:
        return fields(rows, path)
    return [end.get(name) if isinstance(end, Mapping) else None for end in fields(rows, relationship)]


def _links(
    selection: Selection, rows: Sequence[Row], children: Callable[[Any], Sequence[Row]]
) -> Iterator[Mapping[str, tuple[Link, ...]]]:
    junctions = [(junction.name, junction.child.relationship, junction.links) for junction in selection.junctions]
    for row in rows:
        yield {name: links(children(row.get(relationship))) for name, relationship, links in junctions}


def _undated(modified: Sequence[Value]) -> frozenset[int]:
    """The rows that do not say when they were changed."""
    if Malformed not in set(map(type, modified)):
        return frozenset()
    return frozenset(at for at, instant in enumerate(modified) if isinstance(instant, Malformed))


def _problems(
    selection: Selection, ids: Sequence[str], stamps: Sequence[str], undated: Iterable[int]
) -> tuple[Problem, ...]:
    schema = selection.schema
    return tuple(Problem(schema.object, ids[at], schema.stamp, f"is {stamps[at]!r}", "") for at in sorted(undated))
