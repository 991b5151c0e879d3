"""Pages: rows of a selection, as REST or the Bulk API answers them, as records; a column at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from connectors.columns import PIECE, instants, joined, records, typed, words
from connectors.protocol import Page
from connectors.salesforce.ids import id18, ids18
from connectors.salesforce.rows import columns_of
from connectors.salesforce.selection import Selection
from connectors.values import as_instant
from scoring.records import Link, Malformed, Problem, Value

Children: TypeAlias = Callable[[Any], Sequence[Mapping[str, Any]]]
Columns: TypeAlias = Mapping[str, Sequence[Any]]
Links: TypeAlias = Callable[[Sequence[str]], Iterable[Mapping[str, tuple[Link, ...]]]]


def page_of_rows(selection: Selection, rows: Sequence[Struct], children: Children) -> Page:
    """A page of what REST answered; `children` reads a sub-query to its end."""
    return joined(
        _piece_of_rows(selection, rows[start : start + PIECE], children) for start in range(0, len(rows), PIECE)
    )


def _piece_of_rows(selection: Selection, rows: Sequence[Struct], children: Children) -> Page:
    if not rows:
        return Page(())
    columns = columns_of(rows)
    ids = ids18(words(columns["Id"]))
    stamps = words(columns[selection.schema.stamp])
    modified = typed(stamps, as_instant, instants)
    if undated := _undated(modified):
        left = [row for at, row in enumerate(rows) if at not in undated]
        return Page(_piece_of_rows(selection, left, children).records, _problems(selection, ids, stamps, undated))
    unset = (None,) * len(ids)
    found = records(
        selection.schema.object,
        ids,
        modified,
        {path: column.values(_column(columns, path)) for path, column in selection.paths.items()},
        ours={name: column.values(columns[column.name]) for name, column in selection.ours.items()},
        links=_links(selection, columns, children) if selection.junctions else None,
        deleted=[mark is True for mark in columns.get("IsDeleted", unset)],
        merged=[id18(str(master)) if master else None for master in columns.get("MasterRecordId", unset)],
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


def _column(columns: Columns, path: str) -> Sequence[Any]:
    """One field of each row, or of the record that a look-up points to; None where there is none."""
    relationship, dot, name = path.partition(".")
    if not dot:
        return columns[path]
    return [end.get(name) if isinstance(end, Mapping) else None for end in columns[relationship]]


def _links(selection: Selection, columns: Columns, children: Children) -> Iterator[Mapping[str, tuple[Link, ...]]]:
    answers = [columns[junction.child.relationship] for junction in selection.junctions]
    for row in zip(*answers, strict=True):
        yield {
            junction.name: junction.links(children(answer))
            for junction, answer in zip(selection.junctions, row, strict=True)
        }


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
