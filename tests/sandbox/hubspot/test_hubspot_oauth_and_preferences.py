"""Refresh tokens, subscriptions, and the objects that came later."""

from datetime import timedelta
from typing import Any

import hubspot
import pytest
import requests

from sandbox.hubspot.portal import Portal


def refresh(url: str, token: str, version: str = "2026-09", **other: str) -> requests.Response:
    form = {"grant_type": "refresh_token", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    form |= {"refresh_token": token} | other
    return requests.post(f"{url}/oauth/{version}/token", data=form, timeout=60)


def contacts(url: str, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{url}/crm/objects/2026-09/contacts", headers=headers, timeout=60)


def test_hw18_an_access_token_lives_half_an_hour(url: str, portal: Portal) -> None:
    granted = refresh(url, portal.tokens.install()).json()
    assert (granted["token_type"], granted["expires_in"], granted["hub_id"]) == ("bearer", 1800, portal.portal_id)
    portal.clock.advance(timedelta(minutes=30) - timedelta(milliseconds=1))
    assert contacts(url, granted["access_token"]).status_code == 200
    portal.clock.advance(timedelta(hours=2))
    expired = contacts(url, granted["access_token"])
    assert (expired.status_code, expired.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert expired.json()["message"] == "The OAuth token used to make this call expired 1 hour(s) ago."


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"refresh_token": "other"}, "BAD_REFRESH_TOKEN"),
        ({"client_id": "other"}, "BAD_CLIENT_ID"),
        ({"client_secret": "other"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
    ],
)
@pytest.mark.parametrize("version", ["v1", "2026-09"])
def test_a_refused_refresh_says_why(url: str, portal: Portal, other: dict[str, str], status: str, version: str) -> None:
    refused = refresh(url, portal.tokens.install(), version, **other)
    assert (refused.status_code, refused.json()["status"]) == (400, status)
    assert ("error" in refused.json()) is (version != "v1")


def test_sr34_rotated_refresh_tokens_are_good_for_one_use(url: str, portal: Portal) -> None:
    portal.tokens.rotates = True
    first = portal.tokens.install()
    second = refresh(url, first).json()["refresh_token"]
    assert refresh(url, first).status_code == 400
    assert refresh(url, second).status_code == 200


def test_the_vendors_client_refreshes_by_the_legacy_path(url: str, client: Any, portal: Portal) -> None:
    granted = client.oauth.tokens_api.create(
        grant_type="refresh_token", client_id="sandbox-client", client_secret="sandbox-secret",
        refresh_token=portal.tokens.install(),
    )  # fmt: skip
    fresh = hubspot.HubSpot(access_token=granted.access_token, host=url, base_url=url, retry=False)
    assert fresh.crm.contacts.basic_api.get_page().results == []


def test_a_token_without_bearer_opens_nothing(url: str) -> None:
    headers = {"Authorization": "sandbox-token"}
    assert requests.get(f"{url}/account-info/2026-09/details", headers=headers, timeout=60).status_code == 401


def test_hr30_subscriptions_are_read_for_a_hundred_addresses(api: Any, portal: Portal, contacts: list[str]) -> None:
    portal.scopes.add("communication_preferences.statuses.batch.read")
    portal.preferences.choose("Ann@example.com", 1001, "UNSUBSCRIBED", stamp=portal.now)
    portal.update("contacts", contacts[1], {"hs_email_optout": "true"})
    path = "/communication-preferences/2026-09/statuses/batch/read?channel=EMAIL"
    told = api("POST", path, {"inputs": ["ann@example.com", "bob@example.com", "none@example.com"]}).json()
    statuses = {row["subscriberIdString"]: [each["status"] for each in row["statuses"]] for row in told["results"]}
    assert statuses == {
        "ann@example.com": ["UNSUBSCRIBED", "NOT_SPECIFIED"],
        "bob@example.com": ["UNSUBSCRIBED", "UNSUBSCRIBED"],
        "none@example.com": ["NOT_SPECIFIED", "NOT_SPECIFIED"],
    }
    wide = api("POST", path.replace("batch/read", "batch/unsubscribe-all/read"), {"inputs": ["bob@example.com"]})
    assert wide.json()["results"][0]["wideStatuses"][0]["wideStatusType"] == "PORTAL_WIDE"
    assert api("POST", path, {"inputs": ["a@example.com"] * 101}).status_code == 400
    assert api("POST", path.partition("?")[0], {"inputs": []}).status_code == 400


def test_subscriptions_need_a_scope_of_their_own(api: Any) -> None:
    refused = api("POST", "/communication-preferences/v4/statuses/batch/read?channel=EMAIL", {"inputs": []})
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")


def test_feedback_is_read_and_never_written(api: Any, portal: Portal, contacts: list[str]) -> None:
    portal.scopes.add("crm.objects.feedback_submissions.read")
    made = portal.create(
        "feedback_submissions", {"hs_survey_type": "NPS", "hs_value": "9", "hs_response_group": "promoter"}
    )
    portal.associate("feedback_submissions", made, "contacts", contacts[0])
    page = api("GET", "/crm/objects/2026-09/feedback_submissions?properties=hs_value&associations=contacts").json()
    assert page["results"][0]["properties"]["hs_value"] == "9"
    assert page["results"][0]["associations"]["contacts"]["results"][0]["id"] == contacts[0]
    body = {"inputs": [{"id": made, "properties": {"hs_value": "1"}}]}
    assert api("POST", "/crm/objects/2026-09/feedback_submissions/batch/update", body).status_code == 405


@pytest.mark.parametrize("kind", ["emails", "communications"])
def test_emails_and_other_messages_are_objects_like_calls(
    api: Any, portal: Portal, contacts: list[str], kind: str
) -> None:
    made = portal.create(kind, {"hs_timestamp": "2026-11-01T09:00:00Z"})
    portal.associate(kind, made, "contacts", contacts[0])
    read = api(
        "POST", f"/crm/objects/2026-09/{kind}/batch/read", {"inputs": [{"id": made}], "properties": ["hs_timestamp"]}
    )
    assert read.json()["results"][0]["properties"]["hs_timestamp"] == "2026-11-01T09:00:00Z"
    ties = api(
        "POST", f"/crm/associations/2026-09/contacts/{kind}/batch/read", {"inputs": [{"id": contacts[0]}]}
    ).json()
    assert [each["toObjectId"] for each in ties["results"][0]["to"]] == [int(made)]


def test_events_change_subscriptions_and_tokens() -> None:
    from sandbox.app import World  # noqa: PLC0415 - for this test alone
    from sandbox.events import apply  # noqa: PLC0415 - the same

    world = World()
    token = apply(world, {"crm": "hubspot", "do": "install"})
    assert token
    chosen = {"crm": "hubspot", "do": "subscription", "email": "a@example.com", "subscription": 1001}
    assert apply(world, chosen | {"status": "UNSUBSCRIBED"}) == ""
    assert world.portal.preferences.of("A@example.com")[1001].status == "UNSUBSCRIBED"
    with pytest.raises(ValueError, match="a status is one of"):
        apply(world, chosen | {"status": "MAYBE"})
