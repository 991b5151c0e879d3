from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.hubspot.portal import Portal


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer other"}, {"Authorization": "sandbox-token"}])
def test_a_call_without_the_token_is_not_authenticated(url: str, headers: Any):
    answer = requests.get(f"{url}/crm/v3/objects/contacts", headers=headers, timeout=60)
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert answer.json()["correlationId"] == answer.headers["x-hubspot-correlation-id"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/crm/v3/objects/contacts", "crm.objects.contacts.read"),
        ("POST", "/crm/objects/2026-09/deals/search", "crm.objects.deals.read"),
        ("POST", "/crm/v3/objects/contacts/batch/update", "crm.objects.contacts.write"),
        ("GET", "/crm/v3/objects/tickets", "tickets"),
        ("GET", "/crm/v3/objects/calls", "crm.objects.contacts.read"),
        ("GET", "/crm/v3/objects/0-123", "crm.objects.orders.read"),
        ("POST", "/crm/v4/associations/deals/contacts/batch/read", "crm.objects.contacts.read"),
        ("POST", "/crm/v4/associations/deals/contacts/batch/read", "crm.objects.deals.read"),
        ("GET", "/crm/v4/objects/invoices/1/associations/contacts", "crm.objects.invoices.read"),
        ("POST", "/crm/v3/properties/contacts", "crm.schemas.contacts.write"),
        ("GET", "/crm/owners/2026-09", "crm.objects.owners.read"),
    ],
)
def test_hr22_a_missing_scope_is_named(api: Any, portal: Portal, method: str, path: str, scope: str):
    portal.scopes.remove(scope)
    answer = api(method, path, {} if method == "POST" else None)
    refused = answer.json()
    assert (answer.status_code, refused["category"]) == (403, "MISSING_SCOPES")
    assert refused["errors"][0]["context"]["requiredGranularScopes"] == [scope]
    portal.scopes.add(scope)
    assert api(method, path, {} if method == "POST" else None).status_code != 403


def test_definitions_open_to_any_scope_of_their_object(api: Any, portal: Portal):
    portal.scopes = {"crm.objects.deals.read"}
    assert api("GET", "/crm/v3/properties/deals").ok
    assert api("GET", "/crm/v3/properties/contacts").json()["errors"][0]["context"]["requiredGranularScopes"] == [
        "crm.schemas.contacts.read",
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
    ]


def test_every_answer_but_a_searchs_tells_all_limits(api: Any):
    headers = {name.lower(): value for name, value in api("GET", "/crm/v3/objects/contacts").headers.items()}
    assert {name: value for name, value in headers.items() if "ratelimit" in name} == {
        "x-hubspot-ratelimit-daily": "650000",
        "x-hubspot-ratelimit-daily-remaining": "649999",
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-max": "190",
        "x-hubspot-ratelimit-remaining": "189",
        "x-hubspot-ratelimit-secondly": "19",
        "x-hubspot-ratelimit-secondly-remaining": "18",
    }


def test_the_burst_limit_rolls_over_ten_seconds_of_the_sandbox_clock(api: Any, portal: Portal):
    portal.burst.limit = 3
    path = "/crm/v3/objects/contacts"
    assert api("GET", path).ok
    portal.clock.advance(timedelta(seconds=5))
    assert [api("GET", path).status_code for _ in range(3)] == [200, 200, 429]
    refused = api("GET", path)
    assert (refused.json()["policyName"], refused.headers["X-HubSpot-RateLimit-Remaining"]) == (
        "TEN_SECONDLY_ROLLING",
        "0",
    )
    assert "Retry-After" not in refused.headers
    portal.tells_retry_after = True
    assert api("GET", path).headers["Retry-After"] == "10"
    portal.clock.advance(timedelta(seconds=5))
    assert [api("GET", path).status_code for _ in range(2)] == [200, 429]


def test_hr24_the_day_ends_at_midnight_in_the_portals_zone(api: Any, portal: Portal):
    portal.daily.limit = 2
    assert api("GET", "/crm/v3/objects/contacts").ok
    assert api("POST", "/crm/v3/objects/contacts/search", {}).ok
    refused = api("POST", "/crm/v3/objects/contacts/search", {})
    assert (refused.status_code, refused.json()["policyName"]) == (429, "DAILY")
    assert refused.headers["X-HubSpot-RateLimit-Daily-Remaining"] == "0"
    portal.clock.set(datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC))
    assert api("GET", "/crm/v3/objects/contacts").status_code == 429
    portal.clock.set(datetime(2026, 11, 22, 23, 0, tzinfo=UTC))
    assert api("GET", "/crm/v3/objects/contacts").ok


def test_the_days_calls_can_be_read(api: Any):
    api("POST", "/crm/v3/objects/contacts/search", {})
    usage = api("GET", "/account-info/2026-09/api-usage/daily/private-apps").json()["results"][0]
    assert (usage["currentUsage"], usage["usageLimit"], usage["resetsAt"]) == (2, 650_000, "2026-11-22T23:00:00Z")


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_the_account_says_who_it_is_and_no_language(api: Any, portal: Portal, version: str):
    portal.time_zone, portal.account_type = "America/St_Johns", "SANDBOX"
    details = api("GET", f"/account-info/{version}/details").json()
    assert (details["portalId"], details["accountType"], details["companyCurrency"]) == (20_260_922, "SANDBOX", "EUR")
    assert (details["utcOffset"], details["utcOffsetMilliseconds"]) == ("-03:30", -12_600_000)
    assert "language" not in details


def test_owners_are_listed(client: Any):
    owners = client.crm.owners.owners_api.get_page().results
    assert [(each.id, each.user_id, each.email) for each in owners] == [("50001", 50001, "owner@example.com")]
    assert client.crm.owners.owners_api.get_by_id("50001").last_name == "Owner"


def test_hr16_an_address_that_is_too_long_is_414(api: Any):
    assert api("GET", "/crm/v3/objects/contacts?properties=" + "x" * 15_000).ok
    assert api("GET", "/crm/v3/objects/contacts?properties=" + "x" * 16_000).status_code == 414


@pytest.mark.parametrize("path", ["/crm/v3/nonsense", "/crm/objects/2025-01/contacts", "/account-info/v9/details"])
def test_hr20_a_path_that_leads_nowhere_answers_a_page(api: Any, path: str):
    answer = api("GET", path)
    assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html")


def test_an_object_that_nobody_knows_is_not_inferred(api: Any):
    answer = api("GET", "/crm/v3/objects/widgets")
    assert (answer.status_code, answer.json()["message"]) == (400, "Unable to infer object type from: widgets")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"properties": {', "Invalid input JSON on line 1, column 17"),
        (b"", "Invalid JSON input: a request body was expected"),
        (b"{}", "Invalid input JSON: some of required attributes are not set [properties]"),
        (b"\xff", "Invalid input JSON"),
        (b"[]", "Invalid input JSON"),
    ],
)
def test_a_body_that_is_no_json_is_refused_and_says_where(api: Any, contacts: list[str], body: Any, words: str):
    path = f"/crm/v3/objects/contacts/{contacts[0]}"
    answer = api.session.patch(api.url + path, data=body, headers={"Content-Type": "application/json"}, timeout=60)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(words)
