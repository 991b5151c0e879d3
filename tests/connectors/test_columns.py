"""Columns: a whole column is typed exactly as each of its values alone."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.body import read_json, reader
from connectors.hubspot.definitions import Definition
from connectors.salesforce.rows import columns_of, rows_of
from connectors.salesforce.schema import Column
from scoring.records import Value

KINDS = ("currency", "boolean", "date", "datetime", "reference", "id", "picklist")
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            *("2026-11-22", "2026-W47-7", "20261122", "2026-02-30", "2026-11-22T08:00:00.000Z", "2026-11-22T08:00:00"),
            *("2026-11-22T08:00:00.000+0000", "2026-11-22T08:00:00+02:00", "1669100400000", "-1"),
            *("1", "1.50", "1,234.5", "NaN", "sNaN", "Infinity", "true", "false", "TRUE", ""),
            *("003000000000001", "003000000000001AAA", "é", "\u0661"),
        ]
    ),
)
ALIKE = st.sampled_from(["2026-11-22", "2026-11-22T08:00:00.000Z", "10.10", "true", "003000000000001AAA"])


def column(kind: str) -> Column:
    return Column("F", kind, True, 0, 0, 0, (), "", ())


def hubspot(kind: str) -> Definition:
    return Definition("p", {"currency": "number", "boolean": "bool"}.get(kind, kind))


def same(found: Sequence[Value], wanted: Sequence[Value]) -> None:
    assert [(type(one), repr(one)) for one in found] == [(type(one), repr(one)) for one in wanted]


@given(st.sampled_from(KINDS), st.one_of(st.lists(TEXTS), ALIKE.map(lambda text: [text] * 3)))
def test_cells_are_typed_together_as_they_are_alone(kind: str, cells: list[str]):
    one = column(kind).text()
    same(column(kind).cells(cells), [one(cell) if cell else None for cell in cells])


RAW = st.one_of(TEXTS, st.none(), st.booleans(), st.integers(), st.decimals(), st.lists(st.integers(), max_size=1))


@given(st.sampled_from(KINDS), st.one_of(st.lists(RAW), ALIKE.map(lambda text: [text, None, text])))
@pytest.mark.parametrize("of", [column, hubspot])
def test_values_of_json_are_typed_together_as_they_are_alone(of: Callable[[str], Any], kind: str, raws: list[Any]):
    same(of(kind).values(raws), [of(kind).value(raw) for raw in raws])


def test_sr37_numbers_of_a_body_are_exact():
    body = b'{"a": 12345678901234567890.12, "b": 1e400, "c": 123456789012345678901234567890}'
    assert [str(number) for number in read_json(body).values()] == [
        "12345678901234567890.12",
        "1E+400",
        "123456789012345678901234567890",
    ]


def test_half_a_letter_in_a_body_does_not_break_the_page():
    assert read_json(b'{"Name": "cut \\ud83d"}') == {"Name": "cut \ud83d"}


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b"<html>", b'"\xff"', b"[" * 100_000, b'{"a": 1} x'])
def test_a_body_that_is_not_whole_is_refused(body: bytes):
    with pytest.raises(ValueError, match=r"."):
        read_json(body)


class Named(msgspec.Struct):
    name: str


def test_a_body_read_by_its_shape_says_what_the_shape_names():
    read = reader(Named)
    assert read(b'{"other": [1.5, {"name": 2}], "name": "Zo\\u00eb"}') == Named("Zo\u00eb")
    assert read(b'{"name": "cut \\ud83d", "other": 1}') == Named("cut \ud83d")


@pytest.mark.parametrize(
    "body", [b'{"name": 7}', b"{}", b"[]", b'{"name": "a"', b'{"name": "\\ud83d", "b": NaN}', b"null"]
)
def test_a_body_of_another_shape_is_refused(body: bytes):
    with pytest.raises(ValueError, match=r"."):
        reader(Named)(body)


def test_rows_of_a_query_are_columns_with_nothing_where_a_row_has_no_such_member():
    first, second = b'{"attributes": {"type": "X"}, "Id": "1", "Owner": {"Name": "A"}}', b'{"Id": "2", "Z": 1.50}'
    body = b'{"done": true, "records": [%b, %b]}' % (first, second)
    rows = rows_of(("Id", "Owner", "Z"))(body).records
    assert columns_of(rows) == {"Id": ("1", "2"), "Owner": ({"Name": "A"}, None), "Z": (None, Decimal("1.50"))}
