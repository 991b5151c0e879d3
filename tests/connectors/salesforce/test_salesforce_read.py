"""Reading a Salesforce org: schemas, links, ids, types."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.http import Action, Answer, Refused, Verdict
from connectors.protocol import ObjectQuery, Window
from connectors.salesforce.connector import currency_of
from connectors.salesforce.ids import id18, identify
from connectors.salesforce.names import field_name
from connectors.salesforce.schema import Column, read_schema
from scoring.records import Link, Malformed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("0035500001H9kZu", "0035500001H9kZuAAJ"),
        ("0012300000bVTq1", "0012300000bVTq1AAG"),
        ("001RM000003oLru", "001RM000003oLruYAE"),
    ],
)
def test_sr35_ids_of_15_and_18_characters_are_one(short: Any, long: Any):
    assert id18(short) == id18(long) == identify(short) == identify(long) == long


@pytest.mark.parametrize("text", ["", "003", "0035500001H9kZ!", "0035500001H9kZuAAA", "x" * 16])
def test_sr35_what_cannot_be_an_id_is_none(text: str):
    assert identify(text) is None


def test_names_of_fields_are_made_of_prefix_and_name():
    assert field_name("bonus malus", "previous_tier") == "BonusMalus_Previous_Tier__c"
    with pytest.raises(ValueError, match="40 characters"):
        field_name("a very long prefix of a programme", "previous_tier")


@pytest.mark.parametrize(
    ("locale", "currency"), [("fr_FR", "EUR"), ("en_US", "USD"), ("de_CH", "CHF"), ("en", "USD"), ("??", "USD")]
)
def test_an_org_of_one_currency_is_guessed_by_its_locale(locale: Any, currency: Any):
    assert currency_of(locale) == currency


def column(kind: Any):
    return Column("F", kind, True, 0, 0, 0, (), "", ())


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("currency", Decimal("10.10"), Decimal("10.10")),
        ("int", 5, Decimal(5)),
        ("double", "5", Malformed("5", "a number")),
        ("double", True, Malformed("True", "a number")),
        ("boolean", False, False),
        ("boolean", "yes", Malformed("yes", "yes or no")),
        ("date", "2026-02-30", Malformed("2026-02-30", "a date")),
        ("datetime", "2026-11-22T08:00:00.000+0000", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("reference", "0035500001H9kZu", "0035500001H9kZuAAJ"),
        ("picklist", "Closed Won", "Closed Won"),
        ("currency", None, None),
    ],
)
def test_sr37_values_have_the_type_of_their_field_and_money_is_exact(kind: Any, raw: Any, value: Any):
    typed = column(kind).value(raw)
    assert typed == value
    assert type(typed) is type(value)


def test_a_role_added_later_brings_the_deal_again_though_its_own_stamp_stands(salesforce: Any):
    deal = salesforce.insert("Opportunity", salesforce.words.deal_values)
    ann = salesforce.contact("Ann")
    before = salesforce.settle()
    salesforce.link(deal, ann, "Decision Maker")
    salesforce.settle()
    query = salesforce.query("Opportunity", "Amount", links=True)
    records = salesforce.read(query, start=before)
    assert records[deal].links["OpportunityContactRole"] == (Link("Contact", ann, ("Decision Maker",), primary=True),)


def test_a_role_taken_away_brings_the_deal_again_without_it(salesforce: Any):
    deal = salesforce.insert("Opportunity", salesforce.words.deal_values)
    role = salesforce.insert(
        "OpportunityContactRole", {"OpportunityId": deal, "ContactId": salesforce.contact("Ann"), "Role": "Evaluator"}
    )
    before = salesforce.settle()
    salesforce.delete("OpportunityContactRole", role)
    salesforce.settle()
    records = salesforce.read(salesforce.query("Opportunity", "Amount", links=True), start=before)
    assert records[deal].links["OpportunityContactRole"] == ()


def test_sr29_the_type_behind_a_lookup_can_be_asked_for(salesforce: Any):
    ann = salesforce.contact("Ann")
    task = salesforce.insert("Task", {"WhoId": ann, "Subject": "Call", "Status": "Completed"})
    salesforce.settle()
    query = ObjectQuery("Task", ("WhoId", "Who.Type", "Who.Nothing"))
    pages = salesforce.pages(query, None)
    assert [problem.field for page in pages for problem in page.problems] == ["Who.Nothing"]
    [record] = [record for page in pages for record in page.records]
    assert (record.id, record.values) == (task, {"WhoId": ann, "Who.Type": "Contact"})


def test_sr07_sr30_what_was_deleted_comes_through_query_all(salesforce: Any, asked: Any):
    salesforce.contact("Ann")
    salesforce.read()
    assert asked("/queryAll") == 1
    assert asked("/query/") == 0


class Org:
    """A session that answers from a script."""

    def __init__(self, *describes: Mapping[str, Any], rows: Any = ()) -> None:
        self.describes = list(describes)
        self.rows = rows
        self.asked: list[str] = []

    def fits(self, _soql: str) -> bool:
        return True

    def describe(self, _sobject: str, *, fresh: bool = False) -> Mapping[str, Any]:
        return self.describes.pop(0) if len(self.describes) > 1 else self.describes[0]

    def query(self, soql: str, *, deleted: bool, read: Callable[[bytes], Any]) -> Any:
        self.asked.append(soql)
        if "Gone__c" in soql:
            answer = Answer(400, "INVALID_FIELD", "No such column 'Gone__c'")
            raise Refused("no such column", answer, Verdict(Action.REFUSED, ""))
        return read(json.dumps({"records": self.rows, "done": True, "totalSize": len(self.rows)}).encode())


def described(*names: str) -> dict[str, Any]:
    kinds = {"Id": "id", "SystemModstamp": "datetime", "IsDeleted": "boolean"}
    return {"name": "Contact", "fields": [{"name": name, "type": kinds.get(name, "string")} for name in names]}


def test_sr12_sr13_a_field_that_vanishes_between_describe_and_query_is_dropped_loudly(salesforce_reader: Any):
    system = ("Id", "SystemModstamp", "IsDeleted", "LastName")
    row = {"Id": "0035500001H9kZu", "SystemModstamp": "2026-11-20T12:00:00.000+0000", "LastName": "Ann"}
    org = Org(described(*system, "Gone__c"), described(*system), rows=[row])
    pages = list(salesforce_reader(org).changes(ObjectQuery("Contact", ("LastName", "Gone__c")), Window(None, NOON)))
    assert [problem.field for page in pages for problem in page.problems] == ["Gone__c"]
    assert [record.values for page in pages for record in page.records] == [{"LastName": "Ann"}]


def test_sr12_an_invalid_field_that_describe_still_shows_is_not_asked_for_for_ever(salesforce_reader: Any):
    org = Org(described("Id", "SystemModstamp", "Gone__c"))
    with pytest.raises(Refused):
        list(salesforce_reader(org).changes(ObjectQuery("Contact", ("Gone__c",)), Window(None, NOON)))
    assert len(org.asked) == 1


def test_a_row_without_a_readable_stamp_is_a_problem_and_the_others_go_on(salesforce_reader: Any):
    rows = [
        {"Id": "0035500001H9kZu", "SystemModstamp": "yesterday"},
        {"Id": "0035500001H9kZv", "SystemModstamp": "2026-11-20T12:00:00.000+0000"},
    ]
    [page] = salesforce_reader(Org(described("Id", "SystemModstamp"), rows=rows)).changes(
        ObjectQuery("Contact", ()), Window(None, NOON)
    )
    assert [record.id for record in page.records] == ["0035500001H9kZvAAJ"]
    assert [problem.field for problem in page.problems] == ["SystemModstamp"]


def test_windows_are_asked_for_in_utc_with_both_bounds(salesforce_reader: Any):
    org = Org(described("Id", "SystemModstamp"))
    paris = NOON.astimezone(ZoneInfo("Europe/Paris"))
    list(salesforce_reader(org).changes(ObjectQuery("Contact", ()), Window(paris, paris + timedelta(hours=1))))
    [soql] = org.asked
    assert soql == (
        "SELECT Id, SystemModstamp FROM Contact "
        "WHERE SystemModstamp >= 2026-11-20T12:00:00.000Z AND SystemModstamp < 2026-11-20T13:00:00.000Z"
    )


def test_an_object_without_a_system_stamp_goes_by_its_older_one():
    assert read_schema(described("Id", "LastModifiedDate")).stamp == "LastModifiedDate"
    assert read_schema(described("Id", "CreatedDate")).stamp == "CreatedDate"
