from datetime import timedelta
from typing import Any

import pytest

from sandbox.clock import Clock
from sandbox.hubspot.portal import Portal

SEARCH = "/crm/objects/2026-09/{}/search"


def where(*filters: Any) -> dict[str, Any]:
    return {
        "filterGroups": [
            {"filters": [dict(zip(("propertyName", "operator", "value"), each, strict=False))]} for each in filters
        ]
    }


def ids(answer: Any) -> list[str]:
    return [each["id"] for each in answer.json()["results"]]


@pytest.fixture
def deals(portal: Portal):
    """Four deals a minute apart: 5, 10, 20, and one without an amount."""
    day = portal.clock.now() - timedelta(days=1)
    return [
        portal.create(
            "deals",
            {"dealname": f"Deal {name}", "dealstage": stage} | ({"amount": amount} if amount else {}),
            at=day + timedelta(minutes=minute),
        )
        for minute, (name, stage, amount) in enumerate(
            [
                ("north one", "closedwon", "5"),
                ("north two", "closedlost", "10"),
                ("south", "closedwon", "20"),
                ("west", "contractsent", ""),
            ]
        )
    ]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"propertyName": "amount", "operator": "EQ", "value": "10.0"}, [1]),
        ({"propertyName": "amount", "operator": "NEQ", "value": "10"}, [0, 2, 3]),
        ({"propertyName": "amount", "operator": "LT", "value": "10"}, [0]),
        ({"propertyName": "amount", "operator": "LTE", "value": "10"}, [0, 1]),
        ({"propertyName": "amount", "operator": "GT", "value": "5"}, [1, 2]),
        ({"propertyName": "amount", "operator": "GTE", "value": "5"}, [0, 1, 2]),
        ({"propertyName": "amount", "operator": "BETWEEN", "value": "5", "highValue": "10"}, [0, 1]),
        ({"propertyName": "amount", "operator": "HAS_PROPERTY"}, [0, 1, 2]),
        ({"propertyName": "amount", "operator": "NOT_HAS_PROPERTY"}, [3]),
        ({"propertyName": "dealstage", "operator": "IN", "values": ["closedwon", "contractsent"]}, [0, 2, 3]),
        ({"propertyName": "dealstage", "operator": "NOT_IN", "values": ["closedwon"]}, [1, 3]),
        ({"propertyName": "dealname", "operator": "EQ", "value": "DEAL SOUTH"}, [2]),
        ({"propertyName": "dealname", "operator": "IN", "values": ["Deal south"]}, []),
        ({"propertyName": "dealname", "operator": "IN", "values": ["deal south"]}, [2]),
        ({"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "north"}, [0, 1]),
        ({"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "*th"}, [0, 1, 2]),
        ({"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "nor"}, []),
        ({"propertyName": "hs_object_id", "operator": "GT", "value": "9999999952"}, [2, 3]),
        (
            {"propertyName": "hs_lastmodifieddate", "operator": "BETWEEN"}
            | {"value": "2026-11-21T08:01:00Z", "highValue": "1795248120000"},
            [1, 2],
        ),
        ({"propertyName": "hs_lastmodifieddate", "operator": "LT", "value": "2026-11-21T08:01:00.001Z"}, [0, 1]),
        ({"propertyName": "createdate", "operator": "EQ", "value": "1795248060000"}, [1]),
    ],
)  # fmt: skip
def test_each_operator_finds_what_it_says(api: Any, deals: list[str], filters: Any, found: list[int]):
    answer = api("POST", SEARCH.format("deals"), {"filterGroups": [{"filters": [filters]}]})
    assert answer.json()["total"] == len(found)
    assert ids(answer) == [deals[number] for number in found]


def test_filters_of_a_group_hold_together_and_groups_hold_in_turn(api: Any, deals: list[str]):
    won = {"propertyName": "dealstage", "operator": "EQ", "value": "closedwon"}
    dear = {"propertyName": "amount", "operator": "GT", "value": "5"}
    none = {"propertyName": "amount", "operator": "NOT_HAS_PROPERTY"}
    answer = api("POST", SEARCH.format("deals"), {"filterGroups": [{"filters": [won, dear]}, {"filters": [none]}]})
    assert ids(answer) == [deals[2], deals[3]]


def test_a_search_is_sorted_with_the_unset_last_and_paged_by_offset(client: Any, deals: list[str]):
    body = {"sorts": [{"propertyName": "amount", "direction": "DESCENDING"}], "limit": 2, "properties": ["amount"]}
    first = client.crm.deals.search_api.do_search(body)
    assert (first.total, first.paging.next.after) == (4, "2")
    rest = client.crm.deals.search_api.do_search({**body, "after": first.paging.next.after})
    assert [each.id for each in (*first.results, *rest.results)] == [deals[n] for n in (2, 1, 0, 3)]
    assert rest.paging is None


def test_a_text_is_looked_for_in_the_properties_that_are_shown_by_default(api: Any, deals: list[str]):
    assert ids(api("POST", SEARCH.format("deals"), {"query": "NORTH"})) == deals[:2]


def test_hr07_a_record_is_found_only_some_time_after_its_write_and_as_it_was_then(
    api: Any, portal: Portal, contacts: list[str]
):
    body = where(("email", "EQ", "ann@example.com")) | {"properties": ["firstname"]}
    portal.update("contacts", contacts[0], {"firstname": "Anna"})
    fresh = portal.create("contacts", {"email": "dora@example.com"})
    portal.clock.advance(timedelta(seconds=29))
    old = api("POST", SEARCH.format("contacts"), body).json()["results"][0]
    assert (old["properties"]["firstname"], old["updatedAt"]) == ("Ann", "2026-10-23T08:00:00Z")
    assert api("GET", f"/crm/v3/objects/contacts/{contacts[0]}").json()["properties"]["firstname"] == "Anna"
    assert fresh not in ids(api("POST", SEARCH.format("contacts"), {}))
    portal.clock.advance(timedelta(seconds=1))
    new = api("POST", SEARCH.format("contacts"), body).json()["results"][0]
    assert (new["properties"]["firstname"], new["updatedAt"]) == ("Anna", "2026-11-22T08:00:00Z")
    assert fresh in ids(api("POST", SEARCH.format("contacts"), {}))


def test_hr07_without_lag_a_write_is_found_at_once(api: Any, portal: Portal):
    portal.index_lag = timedelta()
    made = portal.create("contacts", {"email": "dora@example.com"})
    assert ids(api("POST", SEARCH.format("contacts"), {})) == [made]


def test_archived_merged_and_purged_records_are_never_found(api: Any, portal: Portal, contacts: list[str]):
    assert ids(api("POST", SEARCH.format("contacts"), {})) == contacts
    portal.archive("contacts", contacts[0])
    assert ids(api("POST", SEARCH.format("contacts"), {})) == contacts[1:]
    portal.merge("contacts", contacts[1], contacts[2])
    assert ids(api("POST", SEARCH.format("contacts"), {})) == [contacts[1]]
    portal.gdpr_delete(contacts[1])
    assert ids(api("POST", SEARCH.format("contacts"), {})) == []


def test_a_window_over_modified_stamps_follows_the_writes(api: Any, portal: Portal, contacts: list[str]):
    portal.index_lag = timedelta()
    portal.clock.advance(timedelta(hours=1))
    portal.update("contacts", contacts[1], {"phone": "1"})
    late = where(("lastmodifieddate", "GTE", "2026-11-22T09:00:00Z"))
    early = where(("lastmodifieddate", "LT", "2026-11-22T09:00:00Z"))
    assert ids(api("POST", SEARCH.format("contacts"), late)) == [contacts[1]]
    assert ids(api("POST", SEARCH.format("contacts"), early)) == [contacts[0], contacts[2]]


def test_hr01_no_page_reaches_beyond_ten_thousand(api: Any, portal: Portal):
    for number in range(10_050):
        portal.create("contacts", {"firstname": str(number)}, at=portal.clock.now() - timedelta(minutes=1))
    last = api("POST", SEARCH.format("contacts"), {"limit": 200, "after": "9800"}).json()
    assert (last["total"], len(last["results"]), last["paging"]["next"]["after"]) == (10_050, 200, "10000")
    for limit, after in ((200, "10000"), (200, "9801"), (1, 10_000)):
        refused = api("POST", SEARCH.format("contacts"), {"limit": limit, "after": after})
        assert refused.status_code == 400


def test_hr02_more_than_ten_thousand_of_one_millisecond_can_be_drained_by_id(api: Any, portal: Portal):
    portal.searches.limit = 1_000
    moment = portal.clock.now() - timedelta(minutes=1)
    made = [portal.create("contacts", {}, at=moment) for _ in range(10_100)]
    drained, last = [], "0"
    while True:
        filters = [
            {"propertyName": "lastmodifieddate", "operator": "EQ", "value": str(int(moment.timestamp() * 1000))},
            {"propertyName": "hs_object_id", "operator": "GT", "value": last},
        ]
        body = {"filterGroups": [{"filters": filters}], "sorts": ["hs_object_id"], "limit": 200, "properties": []}
        found = ids(api("POST", SEARCH.format("contacts"), body))
        if not found:
            break
        drained += found
        last = found[-1]
    assert drained == made


@pytest.mark.parametrize(
    "body",
    [
        where(*[("email", "EQ", "a")] * 6),
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * 11}]},
        {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}] * 9}] * 3},
        where(("nonsense", "EQ", "1")),
        where(("email", "LIKE", "1")),
        where(("lastmodifieddate", "GT", "soon")),
        where(("email", "EQ")),
        where(("email", "IN", "a")),
        {"limit": 201},
        {"sorts": ["email", "firstname"]},
        {"sorts": ["nonsense"]},
    ],
)
def test_what_is_no_search_is_refused(api: Any, contacts: list[str], body: Any):
    assert api("POST", SEARCH.format("contacts"), body).status_code == 400


def test_hr23_searches_of_all_objects_share_five_a_second(api: Any, portal: Portal):
    kinds = ("contacts", "deals", "tickets", "orders", "invoices")
    assert all(api("POST", SEARCH.format(kind), {}).ok for kind in kinds)
    refused = api("POST", SEARCH.format("calls"), {})
    assert refused.status_code == 429
    assert refused.json() == {
        "status": "error",
        "message": "You have reached your secondly limit.",
        "correlationId": refused.headers["x-hubspot-correlation-id"],
        "errorType": "RATE_LIMIT",
        "policyName": "SECONDLY",
    }
    portal.clock.advance(timedelta(seconds=1))
    assert api("POST", SEARCH.format("calls"), {}).ok


def test_search_answers_carry_the_two_daily_limits_only(api: Any):
    headers = api("POST", SEARCH.format("contacts"), {}).headers
    rates = sorted(name.lower() for name in headers if "ratelimit" in name.lower())
    assert rates == ["x-hubspot-ratelimit-daily", "x-hubspot-ratelimit-daily-remaining"]


def test_the_order_of_stamps_is_kept_however_often_records_change(contacts: list[str], portal: Portal):
    other = Portal(Clock(portal.clock.now()))
    other.index_lag = timedelta()
    made = [other.create("contacts", {}) for _ in range(5)]
    for number in range(1_500):
        other.clock.advance(timedelta(milliseconds=1))
        other.update("contacts", made[number % 5], {"phone": str(number)})
        other.store.indexes["contacts"].settle(other.now)
    window = list(other.store.indexes["contacts"].window(None, None))
    assert [record.id for record in window] == [int(id_) for id_ in made]
    assert [record.properties["phone"] for record in window] == ["1495", "1496", "1497", "1498", "1499"]
