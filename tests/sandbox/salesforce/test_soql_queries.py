from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import SalesforceMalformedRequest

from sandbox.salesforce.org import Org


def at(day: int, hour: int = 8) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def names(sf: Salesforce, where: str) -> list[str]:
    found = sf.query(f"SELECT Name FROM Contact WHERE {where} ORDER BY Name")
    return [row["Name"] for row in found["records"]]


def refused(sf: Salesforce, query: str) -> dict[str, Any]:
    with pytest.raises(SalesforceMalformedRequest) as error:
        sf.query(query)
    return error.value.content[0]  # type: ignore[no-any-return]  # the library gives Any


@pytest.fixture
def people(org: Org) -> dict[str, str]:
    shop = org.insert("Account", {"Name": "Shop", "Industry": "Retail"})
    rows = {
        "Ada": {"Email": "ada@example.com", "AccountId": shop, "Birthdate": "1990-05-01"},
        "Bob": {"Email": "bob@example.com", "HasOptedOutOfEmail": True},
        "O'Neil": {"Title": "100% sure_"},
    }
    return {
        name: org.insert("Contact", {"LastName": name} | row, at=at(10 + i))
        for i, (name, row) in enumerate(rows.items())
    }


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Email = 'ADA@example.com'", ["Ada"]),  # text compares without regard to case
        ("Email != 'ada@example.com'", ["Bob", "O'Neil"]),  # and a row without a value differs from any
        ("Email = null", ["O'Neil"]),
        ("HasOptedOutOfEmail = true", ["Bob"]),
        ("Birthdate >= 1990-05-01 AND Birthdate < 1990-05-02", ["Ada"]),
        ("Birthdate < 2000-01-01", ["Ada"]),
        ("Name IN ('Ada', 'bob')", ["Ada", "Bob"]),
        ("Name NOT IN ('Ada', 'Bob')", ["O'Neil"]),
        ("Name LIKE '%b%'", ["Bob"]),
        ("Name LIKE '_da'", ["Ada"]),
        (r"Title LIKE '100\% sure\_'", ["O'Neil"]),
        (r"Name = 'O\'Neil'", ["O'Neil"]),
        (r"Name = 'O\u0027Neil'", ["O'Neil"]),
        ("NOT Name = 'Ada'", ["Bob", "O'Neil"]),
        ("(Name = 'Ada' OR Name = 'Bob') AND NOT (Name LIKE 'B%')", ["Ada"]),
        ("Account.Name = 'Shop'", ["Ada"]),
        ("Contact.Account.Owner.Name = 'System Administrator'", ["Ada"]),
        ("SystemModstamp >= 2026-11-11T08:00:00Z AND SystemModstamp < 2026-11-12T08:00:00Z", ["Bob"]),  # SR03
        ("SystemModstamp = 2026-11-11T09:00:00+01:00", ["Bob"]),
        ("CreatedDate < 2026-11-11T08:00:00.000Z", ["Ada"]),
        ("CreatedDate = LAST_N_DAYS:11", ["Bob", "O'Neil"]),
        ("CreatedDate < LAST_N_DAYS:11", ["Ada"]),
        ("CreatedDate = N_DAYS_AGO:12", ["Ada"]),
        ("CreatedDate = TODAY", []),
    ],
)
def test_a_condition_passes_what_the_language_says(
    sf: Salesforce, people: dict[str, str], where: str, expected: list[str]
) -> None:
    assert names(sf, where) == expected


def test_ids_compare_in_both_forms(sf: Salesforce, people: dict[str, str]) -> None:
    assert names(sf, f"Id = '{people['Ada'][:15]}'") == ["Ada"]
    assert refused(sf, "SELECT Id FROM Contact WHERE Id = 'nonsense'")["errorCode"] == "INVALID_QUERY_FILTER_OPERATOR"


def test_the_library_escapes_what_the_parser_reads(sf: Salesforce, people: dict[str, str]) -> None:
    query = format_soql("SELECT Name FROM Contact WHERE Name = {} AND CreatedDate >= {}", "O'Neil", at(1))
    assert sf.query(query)["totalSize"] == 1


def test_rows_are_ordered_with_the_empty_ones_where_they_were_asked_for(sf: Salesforce, people: dict[str, str]) -> None:
    def order(rest: str) -> list[str]:
        found = sf.query(f"SELECT Name FROM Contact ORDER BY {rest}")
        return [row["Name"] for row in found["records"]]

    assert order("Email") == ["O'Neil", "Ada", "Bob"]
    assert order("Email NULLS LAST") == ["Ada", "Bob", "O'Neil"]
    assert order("Email DESC NULLS LAST") == ["Bob", "Ada", "O'Neil"]
    assert order("HasOptedOutOfEmail DESC, Name DESC LIMIT 2 OFFSET 1") == ["O'Neil", "Ada"]


def test_parents_come_nested_and_null_where_there_are_none(sf: Salesforce, people: dict[str, str]) -> None:
    ada, bob = sf.query("SELECT Name, Account.Name, Account.Industry FROM Contact ORDER BY Name LIMIT 2")["records"]
    assert (ada["Account"]["Name"], ada["Account"]["Industry"]) == ("Shop", "Retail")
    assert ada["Account"]["attributes"]["type"] == "Account"
    assert bob["Account"] is None


def test_sr29_who_says_what_it_points_to(sf: Salesforce, org: Org, people: dict[str, str]) -> None:
    org.insert("Task", {"WhoId": people["Ada"], "Subject": "Call"})
    row = sf.query("SELECT Who.Type, Who.Name, What.Type FROM Task")["records"][0]
    assert (row["Who"]["Type"], row["Who"]["Name"], row["What"]) == ("Contact", "Ada", None)


def test_children_come_as_a_result_of_their_own_or_null(sf: Salesforce, org: Org, people: dict[str, str]) -> None:
    deal = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-11-01"}
    with_role, without = org.insert("Opportunity", deal), org.insert("Opportunity", deal)
    role = {"OpportunityId": with_role, "ContactId": people["Ada"], "Role": "Referral Source", "IsPrimary": True}
    org.insert("OpportunityContactRole", role)
    found = sf.query(
        "SELECT Id, (SELECT ContactId, Role, Contact.Email FROM OpportunityContactRoles WHERE IsPrimary = true)"
        " FROM Opportunity"
    )["records"]
    by_id = {row["Id"]: row["OpportunityContactRoles"] for row in found}
    assert by_id[without] is None
    assert by_id[with_role]["totalSize"] == 1
    assert by_id[with_role]["records"][0]["Contact"]["Email"] == "ada@example.com"


def test_rows_are_counted_in_both_ways(sf: Salesforce, people: dict[str, str]) -> None:
    assert sf.query("SELECT COUNT() FROM Contact")["totalSize"] == 3
    assert sf.query("SELECT COUNT(Email) FROM Contact")["records"][0]["expr0"] == 2


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ("SELECT Id FOM Contact", "MALFORMED_QUERY", "unexpected token: 'FOM'"),
        ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        (
            "SELECT Id FROM Contact WHERE Name = 'a' AND Name = 'b' OR Name = 'c'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        # a plus sign that was not encoded arrives as a blank
        ("SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01T00:00:00 01:00", "MALFORMED_QUERY", "unexpected token"),
        (r"SELECT Id FROM Contact WHERE Name = 'a\x'", "MALFORMED_QUERY", "Illegal character sequence"),
        ("SELECT Nothing FROM Contact", "INVALID_FIELD", "No such column 'Nothing' on entity 'Contact'"),
        ("SELECT Id FROM Contact WHERE Nothing = 1", "INVALID_FIELD", "No such column 'Nothing' on entity 'Contact'"),
        ("SELECT Shop.Name FROM Contact", "INVALID_FIELD", "Didn't understand relationship 'Shop' in field path"),
        (
            "SELECT (SELECT Id FROM Roles) FROM Contact",
            "INVALID_TYPE",
            "Didn't understand relationship 'Roles' in FROM",
        ),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing' is not supported"),
        (
            "SELECT Id FROM Contact WHERE Birthdate = '1990-05-01'",
            "INVALID_FIELD",
            "must be of type date and should not be",
        ),
        ("SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Contact WHERE Name = 5", "INVALID_FIELD", "must be of type string and should be enclosed"),
        (
            "SELECT Id FROM Opportunity WHERE Amount > '5'",
            "INVALID_FIELD",
            "must be of type currency and should not be",
        ),
        ("SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id, Id FROM Contact", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Contact OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
    ],
)
def test_a_wrong_query_is_refused_with_code_and_sentence(sf: Salesforce, query: str, code: str, said: str) -> None:
    error = refused(sf, query)
    assert error["errorCode"] == code
    assert said in error["message"]


def test_an_error_shows_its_place_over_several_lines(sf: Salesforce) -> None:
    lines = refused(sf, "SELECT Id, Foo FROM Contact")["message"].split("\n")
    assert lines[:4] == ["", "SELECT Id, Foo FROM Contact", "           ^", "ERROR at Row:1:Column:12"]


def test_an_object_named_like_a_keyword_is_read(sf: Salesforce, org: Org) -> None:
    account = org.insert("Account", {"Name": "Shop"})
    org.insert("Order", {"AccountId": account, "EffectiveDate": "2026-11-01", "Status": "Draft", "TotalAmount": 12.5})
    found = sf.query("SELECT OrderNumber, TotalAmount FROM Order ORDER BY OrderNumber LIMIT 1")["records"][0]
    assert (found["OrderNumber"], found["TotalAmount"]) == ("00000001", 12.5)


def test_pages_follow_one_another_by_locator(sf: Salesforce, org: Org) -> None:
    for number in range(4100):
        org.insert("Contact", {"LastName": f"N{number:04d}"})
    first = sf.query("SELECT LastName FROM Contact")
    assert (first["totalSize"], first["done"], len(first["records"])) == (4100, False, 2000)
    assert first["nextRecordsUrl"].startswith("/services/data/v62.0/query/01g")
    assert first["nextRecordsUrl"].endswith("-2000")
    # What happens while the pages are read changes none of them.
    org.update(
        "Contact", sf.query("SELECT Id FROM Contact WHERE LastName = 'N4099'")["records"][0]["Id"], {"LastName": "Z"}
    )
    rest = [row["LastName"] for row in sf.query_all_iter("SELECT LastName FROM Contact ORDER BY LastName LIMIT 4050")]
    assert len(rest) == 4050
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    third = sf.query_more(second["nextRecordsUrl"], identifier_is_url=True)
    assert (third["done"], len(third["records"]), "nextRecordsUrl" in third) == (True, 100, False)
    assert third["records"][-1]["LastName"] == "N4099"


def test_a_page_is_no_smaller_than_200(sf: Salesforce, org: Org) -> None:
    for number in range(450):
        org.insert("Contact", {"LastName": str(number)})
    page = sf.query("SELECT Id FROM Contact", headers={"Sforce-Query-Options": "batchSize=50"})
    assert (len(page["records"]), page["nextRecordsUrl"].endswith("-200")) == (200, True)


def test_sr24_a_locator_lives_two_days(sf: Salesforce, org: Org) -> None:
    for number in range(2001):
        org.insert("Contact", {"LastName": str(number)})
    page = sf.query("SELECT Id FROM Contact")
    org.clock.advance(timedelta(days=2))
    sf.headers["Authorization"] = f"Bearer {org.sessions.open(org.integration_user).token}"
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_QUERY_LOCATOR"):
        sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)


def test_sr38_query_all_is_continued_through_query(sf: Salesforce, org: Org) -> None:
    for number in range(2001):
        org.delete("Contact", org.insert("Contact", {"LastName": str(number)}))
    page = sf.query("SELECT Id, IsDeleted FROM Contact", include_deleted=True)
    assert "/query/01g" in page["nextRecordsUrl"]
    last = sf.query_more(page["nextRecordsUrl"], identifier_is_url=True)
    assert [row["IsDeleted"] for row in last["records"]] == [True]


def test_a_date_literal_beyond_the_calendar_is_refused(sf: Salesforce) -> None:
    for days in ("99999999999", "200000"):
        with pytest.raises(SalesforceMalformedRequest, match="beyond the calendar"):
            sf.query(f"SELECT Id FROM Contact WHERE CreatedDate = LAST_N_DAYS:{days}")
