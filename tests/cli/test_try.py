"""`try` understands what Salesforce reports and HubSpot views export, and scores it as a sync would."""

from datetime import UTC, datetime

import pytest

from cli.cells import Known, converted
from cli.exports import read_exports
from config.reading import ConfigError

FILES = {
    "Contacts report.csv": (
        '"Contact ID","First Name","Last Name","Email","Account Name"\n'
        '"003AA0000000001","Ada","Brandt","ada@example.com","Acme"\n'
        '"003AA0000000002","Bo","Quill","bo@example.com","Acme"\n'
        '\n"Confidential Information - Do Not Distribute"\n'
    ),
    "opps.csv": (
        "Opportunity ID;Opportunity Name;Stage;Close Date;Amount;Contact ID\n"
        "006AA0000000001;Tiles;Closed Won;14/02/2025;€1,250.00;003AA0000000001\n"
        "006AA0000000003;Bricks;Closed Won;02/05/2025;1.234,50;003AA0000000002\n"
    ),
    "cases.csv": (
        "Case ID,Contact ID,Status,Subject,Resolution,Closed Date\n"
        "500AA0000000001,003AA0000000002,Closed,Broken,Customer at fault,2026-03-02 10:00\n"
    ),
    "contacts-hubspot.csv": "Record ID,First Name,Last Name,Email\n101,Ada,Brandt,ADA@example.com\n",
    "deals.csv": (
        "Record ID,Deal Name,Deal Stage,Close Date,Amount,Associated Contact IDs\n"
        "501,Stove,Closed won,2025-06-01 09:00,800,101;102\n"
    ),
}

NUMBERED = (
    "Case ID,Case Number,Contact ID,Status,Subject,Resolution,Closed Date\n"
    "500AA0000000001,00001001,003AA0000000002,Closed,Broken,Customer at fault,2026-03-02 10:00\n"
)

TWICE = "Contact ID,Last Name,Email,email\n003AA0000000009,Moss,cy@example.com,{}\n"

NO_NUMBERS = ["1e12", "NaN", "n/a", "--5", "1 2", "1.2.3", "12x3", "2025-01-01", ""]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "exports"
    made.mkdir()
    for name, text in FILES.items():
        (made / name).write_text(text, "utf-8-sig")
    return made


def test_people_orders_and_claims_come_out_of_exports_of_both_crms(folder, command):
    said = command("try", str(folder), "--json")
    assert said.code == 0
    people = {each["record"]: each for each in said.json["people"]}
    assert len(people) == 3
    bo = next(each for name, each in people.items() if "0002" in name)
    assert float(bo["expected"]) > 1
    assert "fault of the customer" in bo["reasons"]
    ada = [each for name, each in people.items() if "0002" not in name]
    assert len({each["coefficient"] for each in ada}) == 1  # one person, two CRMs
    assert said.json["refused"] == []


def test_the_day_and_hour_are_those_of_whoever_tries(folder, command, monkeypatch):
    class Now(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 29, 23, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr("cli.try_.datetime", Now)
    people = command("try", str(folder), "--json").json["people"]
    assert {each["computed_at"] for each in people} == {"2026-11-29T23:30:00+00:00"}


def test_what_was_understood_and_what_was_left_out_is_told(folder, command):
    said = command("try", str(folder))
    assert "Account Name" in said.out
    assert "Bo Quill (salesforce)" in said.out
    assert "3 contacts scored" in said.out
    assert "nothing was sent anywhere" in said.out


def reasons_of(said, id_: str) -> str:
    return next(each["reasons"] for each in said.json["people"] if id_ in each["record"])


def test_a_case_is_called_by_the_number_that_the_export_has_for_it(folder, command):
    (folder / "cases.csv").write_text(NUMBERED, "utf-8")
    said = command("try", str(folder), "--json")
    assert "Claim 00001001 with fault" in reasons_of(said, "003AA0000000002")
    assert next(each["left_out"] for each in said.json["files"] if each["file"] == "cases.csv") == []


def test_a_case_whose_number_is_not_exported_is_given_none(folder, command):
    (folder / "cases.csv").write_text(NUMBERED.replace("00001001", ""), "utf-8")
    assert "Claim with fault" in reasons_of(command("try", str(folder), "--json"), "003AA0000000002")
    (folder / "cases.csv").write_text(FILES["cases.csv"], "utf-8")
    assert "Claim with fault" in reasons_of(command("try", str(folder), "--json"), "003AA0000000002")


@pytest.mark.parametrize(
    ("heading", "object_", "field"),
    [
        ("Case ID,Case Number,Contact ID", "Case", "CaseNumber"),
        ("Order ID,Order Number,Order Start Date", "Order", "OrderNumber"),
        ("Invoice ID,Invoice Number,Issued On", "Invoice__c", "Name"),
    ],
)
def test_every_number_that_salesforce_gives_its_records_is_kept_as_exported(tmp_path, heading, object_, field):
    (tmp_path / "export.csv").write_text(f"{heading}\n1,00001001,\n", "utf-8")
    (export,) = read_exports(tmp_path, day_first=None)
    assert export.object == object_
    assert export.rows[0][field] == "00001001"


def test_a_number_does_not_make_invoices_of_hubspot_invoices_of_salesforce(tmp_path):
    (tmp_path / "list.csv").write_text("Record ID,Invoice number,Due date\n1,INV-7,2026-01-01\n", "utf-8")
    (export,) = read_exports(tmp_path, day_first=None)
    assert (export.crm, export.rows[0]["hs_number"]) == ("hubspot", "INV-7")


def test_numbers_and_dates_are_read_as_their_country_writes_them(folder):
    deals = next(each for each in read_exports(folder, day_first=None) if each.object == "Opportunity")
    assert [row["Amount"] for row in deals.rows] == ["1250.00", "1234.50"]
    assert [row["CloseDate"] for row in deals.rows] == ["2025-02-14", "2025-05-02"]


def test_a_date_that_can_be_read_in_two_ways_is_asked_for(folder):
    (folder / "opps.csv").write_text(FILES["opps.csv"].replace("14/02", "04/02"), "utf-8")
    with pytest.raises(ConfigError, match="--day-first or --month-first"):
        read_exports(folder, day_first=None)
    for day_first, date in ((True, "2025-02-04"), (False, "2025-04-02")):
        deals = next(each for each in read_exports(folder, day_first=day_first) if each.object == "Opportunity")
        assert deals.rows[0]["CloseDate"] == date


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("weather.csv", "Day,Rain\n1,2\n", "the headings mean no object"),
        ("empty.csv", "", "the file is empty"),
        ("people.csv", TWICE.format("owner@example.com"), "two columns are headed email and say different things"),
    ],
)
def test_a_file_that_means_nothing_is_one_line(folder, command, name, text, what):
    (folder / name).write_text(text, "utf-8")
    said = command("try", str(folder))
    assert said.code == 2
    assert what in said.err
    assert said.err.count("\n") == 1


def test_two_columns_of_one_heading_that_say_the_same_are_one(folder):
    (folder / "people.csv").write_text(TWICE.format("cy@example.com"), "utf-8")
    people = next(each for each in read_exports(folder, day_first=True) if each.file.name == "people.csv")
    assert people.rows[0]["Email"] == "cy@example.com"


def test_without_contacts_there_is_nobody_to_score(folder, command):
    (folder / "contacts-hubspot.csv").unlink()
    assert "no export of hubspot contacts" in command("try", str(folder)).err


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (["(500.00)", "-500", "\N{MINUS SIGN}500", "500-", "$-5"], ["-500.00", "-500", "-500", "-500", "-5"]),
        (["0.125", "12345.678", ",5"], ["0.125", "12345.678", "0.5"]),
        (["1.234"], ["1234"]),
        (["1.234", "12.5"], ["1.234", "12.5"]),  # the column shows what its points are
        (["Rs. 50", "R$ 1.234,50", "1 234,50 €"], ["50", "1234.50", "1234.50"]),
        (["CHF 1'234.50", "12,34,567.00", "1,234,567"], ["1234.50", "1234567.00", "1234567"]),
        (NO_NUMBERS, NO_NUMBERS),
    ],
)
def test_a_number_is_read_as_written_or_left_as_it_is(cells, amounts):
    assert converted("deals.csv: Amount", Known("amount", "number"), cells, None) == amounts


def test_what_was_not_taken_is_told_with_its_place_in_the_file(folder, command):
    (folder / "contacts-hubspot.csv").write_text(
        'Record ID,First Name,Last Name,Email\n101,"Ada\nMaria",Brandt,ada@example.com\n'
        "102,Bo,Quill,bo@example.com,more\n,No,Id,no@example.com\n103,Bad,Mail,none\n"
        "104,Short\nConfidential\n",
        "utf-8",
    )
    said = command("try", str(folder), "--json")
    assert [each.partition(": ")[0] for each in said.json["refused"]] == [
        "contacts-hubspot.csv:4",
        "contacts-hubspot.csv:5",
        "contacts-hubspot.csv:7",
        "contacts-hubspot.csv:6, column Email",
    ]


def test_a_refused_opportunity_is_told_once_and_a_day_that_cannot_be_is_told(folder, command):
    (folder / "opps.csv").write_text(
        "Opportunity ID,Opportunity Name,Stage,Close Date,Amount,Contact ID\n"
        "006AA0000000001,Tiles,Closed Won,2025-02-29,1,003AA0000000001\n"
        "006AA0000000002,Tiles,Closed Won,9999-12-31,1,003AA0000000001\n"
        "006AA0000000003,Tiles,Closed Won,2025-02-28,1,003AA0000000099\n",
        "utf-8",
    )
    said = command("try", str(folder), "--json")
    first, second = said.json["refused"]
    assert first.startswith("opps.csv:2, column Close Date: ")
    assert "9999-12-31, which cannot be" in second


def test_two_files_of_one_object_count_together(folder, command):
    heading, *deals = FILES["deals.csv"].splitlines(keepends=True)
    (folder / "deals more.csv").write_text(heading + deals[0].replace("501", "502"), "utf-8")
    said = command("try", str(folder), "--json")
    assert next(each["points"] for each in said.json["people"] if each["record"] == "hubspot:101") == "30"
