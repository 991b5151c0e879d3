"""Exports as they come: other names, other dates, links in columns, broken files; results a spreadsheet can open."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings, resolve
from connectors import connect, settings_model
from connectors.errors import Fatal
from connectors.files.cells import kind_of, shown, text_of
from connectors.protocol import FieldKind, FieldSet, FieldSpec, Level, ObjectQuery, Update, Window
from scoring.records import Link, Malformed

EVER = Window(None, datetime(2100, 1, 1, tzinfo=UTC))
FIELDS = FieldSet("contacts", "bonus malus", "BM", (FieldSpec("reasons", FieldKind.LONG_TEXT, "Reasons", ""),))


@pytest.fixture
def folder(tmp_path: Path, time: Any) -> Any:
    class Folder:
        def put(self, name: str, text: str | bytes) -> None:
            (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)

        def connector(self, **settings: Any) -> Any:
            made = settings_model("files")(folder=tmp_path, results=tmp_path / "results", **settings)
            return connect("files", made, time=time)

        def read(self, query: ObjectQuery, **settings: Any) -> dict[str, Any]:
            pages = list(self.connector(**settings).changes(query, EVER))
            assert [problem for page in pages for problem in page.problems] == []
            return {record.id: record for page in pages for record in page.records}

    return Folder()


def test_an_export_with_labels_for_names_is_read(folder: Any):
    folder.put(
        "contacts.csv",
        "\ufeffRecord ID,First Name,Email,Last Modified Date\r\n7,Ann,ann@example.org,2026-11-20 13:00\r\n",
    )
    [record] = folder.read(ObjectQuery("contacts", ("firstname", "email"))).values()
    assert (record.id, record.values) == ("7", {"firstname": "Ann", "email": "ann@example.org"})
    assert record.modified == datetime(2026, 11, 20, 12, tzinfo=UTC)  # Paris


def test_associated_ids_in_a_column_are_links(folder: Any):
    folder.put("deals.csv", "Record ID,Amount,Associated Contact IDs\n1,10.50,7;8\n2,3,\n")
    records = folder.read(ObjectQuery("deals", ("amount",), ("contacts",)))
    assert records["1"].links == {"contacts": (Link("contacts", "7"), Link("contacts", "8"))}
    assert records["2"].links == {"contacts": ()}
    assert records["1"].values == {"amount": Decimal("10.50")}


def test_pairs_with_labels_are_links(folder: Any):
    folder.put("deals.csv", "id,amount\n1,10\n")
    folder.put("deals_contacts.csv", "deals,contacts,label\n1,7,Referrer\n1,8,Primary\n")
    [record] = folder.read(ObjectQuery("deals", (), ("contacts",))).values()
    assert set(record.links["contacts"]) == {
        Link("contacts", "7", ("Referrer",)),
        Link("contacts", "8", ("Primary",), primary=True),
    }


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("Amount", ["1", "", "2.50", "-1,200.00"], "number"),
        ("Amount", ["1", "two"], "text"),
        ("OrderNumber", ["00000101", "102"], "text"),
        ("Phone", ["33123456789"], "text"),
        ("CloseDate", ["2026-03-12", ""], "date"),
        ("CreatedDate", ["2026-03-12T08:00:00.000Z", "2026-03-12 09:00"], "datetime"),
        ("IsWon", ["1", "0"], "bool"),
        ("Employees", ["1", "0"], "number"),
        ("hs_is_closed_won", ["true", "FALSE"], "bool"),
        ("Nothing", ["", ""], "text"),
    ],
)
def test_a_columns_type_is_what_its_cells_have_in_common(name: str, cells: list[str], kind: str):
    assert kind_of(name, cells) == kind


def test_what_cannot_be_seen_from_the_cells_can_be_said(folder: Any):
    folder.put("Order.csv", "Id,Ref,Day,Big\n1,1042,2026-03-12,x\n")
    types = {"Order.Ref": "text", "Order.Day": "datetime", "Order.Big": "number"}
    [record] = folder.read(ObjectQuery("Order", ("Ref", "Day", "Big")), types=types).values()
    assert record.values["Ref"] == "1042"
    assert record.values["Day"] == datetime(2026, 3, 11, 23, tzinfo=UTC)
    assert record.values["Big"] == Malformed("x", "a number")


def test_a_time_zone_that_is_none_is_refused_with_the_settings():
    with pytest.raises(ValueError, match="'Paris' is no time zone; give one such as Europe/Paris"):
        settings_model("files")(folder=Path("exports"), results=Path("results"), time_zone="Paris")


def test_dates_without_a_time_are_never_shifted(folder: Any):
    folder.put("Order.csv", "Id,Day\n1,2026-03-12\n")
    [record] = folder.read(ObjectQuery("Order", ("Day",)), time_zone="America/New_York").values()
    assert record.values == {"Day": date(2026, 3, 12)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"Id,Name\n1,\xff\xfe\n", "CSV UTF-8"),
        (b"Name\nAnn\n", "no column of ids"),
        (b"", "no column of ids"),
        (b"Id,Name,Id\n1,Ann,2\n", "two columns are called 'Id'; take one of them out"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(folder: Any, text: bytes, words: str):
    folder.put("Contact.csv", text)
    with pytest.raises(Fatal, match=words):
        folder.read(ObjectQuery("Contact", ("Name",)))
    [finding] = [
        one for one in folder.connector().check([ObjectQuery("Contact", ())], FIELDS) if one.object == "Contact"
    ]
    assert finding.level is Level.FAIL


def test_a_bad_row_is_a_problem_and_the_others_go_on(folder: Any):
    folder.put("Contact.csv", "Id,SystemModstamp\n1,yesterday\n,2026-11-20T12:00:00Z\n3,2026-11-20T12:00:00Z\n")
    [page] = folder.connector().changes(ObjectQuery("Contact", ()), EVER)
    assert [record.id for record in page.records] == ["3"]
    assert len(page.problems) == 2


def test_an_id_that_is_none_is_a_problem(folder: Any):
    folder.put("contacts.csv", f"id,email\n{'7' * 41},ann@example.org\n8,bob@example.org\n")
    (page,) = folder.connector().changes(ObjectQuery("contacts", ()), EVER)
    assert [record.id for record in page.records] == ["8"]
    assert [problem.what for problem in page.problems] == ["has an id of 41 characters, more than 40"]


def test_a_row_shorter_than_its_header_is_read_as_far_as_it_goes(folder: Any):
    folder.put("Contact.csv", "Id,LastName,Email\n1,Ann\n\n")
    assert folder.read(ObjectQuery("Contact", ("LastName", "Email")))["1"].values == {"LastName": "Ann", "Email": None}


@pytest.mark.parametrize("text", ["=1+1", "+33", "-7 points", "@ann", "plain", "'quoted", "'=1"])
def test_sw19_a_spreadsheet_computes_no_text_of_ours(text: str):
    cell = text_of(text)
    assert cell[0] not in "=+-@"
    assert shown(cell) == text


def test_results_stand_beside_the_exports_and_leave_them_alone(folder: Any, tmp_path: Path):
    folder.put("contacts.csv", "id,lastname\n7,Ann\n8,Bob\n")
    before = (tmp_path / "contacts.csv").read_bytes()
    connector = folder.connector()
    connector.apply_fields(FIELDS)
    list(connector.write(FIELDS, [Update("7", {"reasons": 'Late, "twice"\n=1+1'})]))
    list(connector.write(FIELDS, [Update("8", {"reasons": "Clean"})]))
    query = ObjectQuery("contacts", (), ours=FIELDS)
    assert {id_: one.ours for id_, one in folder.read(query).items()} == {
        "7": {"reasons": 'Late, "twice"\n=1+1'},
        "8": {"reasons": "Clean"},
    }
    assert (tmp_path / "contacts.csv").read_bytes() == before
    assert connector.remove_fields(FIELDS) == ["bonus_malus_reasons"]
    assert connector.remove_fields(FIELDS) == []
    assert not (tmp_path / "results" / "contacts.csv").exists()


def test_a_folder_that_is_not_there_says_so(time: Any, tmp_path: Path):
    settings = settings_model("files")(folder=tmp_path / "none", results=tmp_path)
    with pytest.raises(Fatal, match="no folder"):
        connect("files", settings, time=time).account()


def test_a_row_with_more_cells_than_headings_is_a_problem_and_no_number(folder: Any):
    folder.put("deals.csv", "id,amount,dealname\n1,1,234.50,Stove\n2,10,Lamp,,\n3,5,\n")
    pages = list(folder.connector().changes(ObjectQuery("deals", ("amount",)), EVER))
    assert {record.id for page in pages for record in page.records} == {"2", "3"}
    [problem] = [problem for page in pages for problem in page.problems]
    assert (problem.id, problem.what) == ("1", "has 4 cells under 3 headings")
    assert "in double quotes in deals.csv" in problem.cure


def test_the_types_that_settings_name_are_a_table_and_no_secret(tmp_path: Path):
    (tmp_path / "s.toml").write_text(
        '[connections.files]\nfolder = "in"\nresults = "out"\ntypes = { "Order.OrderNumber" = "text" }\n'
    )
    [connection] = load_settings(tmp_path / "s.toml").connections
    made: Any = resolve(connection, settings_model("files"), file=tmp_path / "s.toml")
    assert made.types == {"Order.OrderNumber": "text"}
    assert (made.folder, made.results) == (tmp_path / "in", tmp_path / "out")
