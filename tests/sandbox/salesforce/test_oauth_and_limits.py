from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from requests.auth import HTTPBasicAuth
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from sandbox.salesforce.access import User
from sandbox.salesforce.org import Org

CREDENTIALS = {"consumer_key": "sandbox-client", "consumer_secret": "sandbox-secret", "domain": "sandbox.my"}


def token(url: str, **form: str) -> requests.Response:
    return requests.post(f"{url}/services/oauth2/token", data=form, timeout=60)


def test_client_credentials_sign_the_integration_user_in(url: str, session: requests.Session, org: Org) -> None:
    org.instance_url = url
    sf = Salesforce(session=session, version="62.0", **CREDENTIALS)
    assert sf.oauth2("userinfo")["user_id"] == org.integration_user.id


def test_the_token_answer_has_the_vendors_keys(url: str) -> None:
    form = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    body = token(url, **form).json()
    assert {"access_token", "signature", "instance_url", "id", "token_type", "issued_at"} <= body.keys()
    assert body["issued_at"] == "1795334400000"
    assert body["instance_url"] == url


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"}, "invalid_client_id"),
        ({"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "x"}, "invalid_client"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
    ],
)
def test_a_refused_grant_says_why(url: str, form: dict[str, str], error: str) -> None:
    refused = token(url, **form)
    assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert refused.json().keys() == {"error", "error_description"}


def test_basic_credentials_count_before_the_form(url: str) -> None:
    auth = HTTPBasicAuth("sandbox-client", "sandbox-secret")
    form = {"grant_type": "client_credentials"}
    assert requests.post(f"{url}/services/oauth2/token", data=form, auth=auth, timeout=60).status_code == 200


def test_the_library_reports_wrong_credentials(url: str, session: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid client credentials"):
        Salesforce(session=session, **(CREDENTIALS | {"consumer_secret": "wrong"}))


def test_a_token_dies_of_two_hours_without_use(sf: Salesforce, org: Org) -> None:
    org.clock.advance(timedelta(minutes=119))
    sf.limits()
    org.clock.advance(timedelta(minutes=119))
    sf.limits()
    org.clock.advance(timedelta(minutes=120))
    with pytest.raises(SalesforceExpiredSession) as dead:
        sf.limits()
    assert dead.value.content == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_a_call_without_a_token_is_refused(url: str) -> None:
    refused = requests.get(f"{url}/services/data/v62.0/limits", timeout=60)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_sr26_every_answer_says_how_much_is_used_errors_too(url: str, org: Org) -> None:
    headers = {"Authorization": f"Bearer {org.sessions.open(org.integration_user).token}"}
    good = requests.get(f"{url}/services/data/v62.0/limits", headers=headers, timeout=60)
    bad = requests.get(f"{url}/services/data/v62.0/query?q=nonsense", headers=headers, timeout=60)
    assert good.headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    assert (bad.status_code, bad.headers["Sforce-Limit-Info"]) == (400, "api-usage=2/100000")
    assert good.json()["DailyApiRequests"] == {"Max": 100000, "Remaining": 99999}


def test_sr25_a_spent_allowance_refuses_until_24_hours_have_rolled_by(sf: Salesforce, org: Org) -> None:
    org.usage.add(org.usage.limit)
    with pytest.raises(SalesforceRefusedRequest) as refused:
        sf.limits()
    error = {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    assert refused.value.content == [error]
    org.clock.advance(timedelta(hours=23, minutes=59))
    sf.headers["Authorization"] = f"Bearer {org.sessions.open(org.integration_user).token}"
    with pytest.raises(SalesforceRefusedRequest):
        sf.limits()
    org.clock.advance(timedelta(minutes=1))
    assert sf.limits()["DailyApiRequests"]["Remaining"] == org.usage.limit - 1


@pytest.mark.parametrize("version", ["40.0", "99.0", "62"])
def test_an_unknown_version_or_resource_does_not_exist(
    client: Callable[[User], Salesforce], org: Org, version: str
) -> None:
    sf = client(org.integration_user)
    sf.base_url = sf.base_url.replace("v62.0", f"v{version}")
    with pytest.raises(SalesforceResourceNotFound) as missing:
        sf.limits()
    assert missing.value.content == [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}]


def test_the_list_of_versions_needs_no_token(url: str) -> None:
    versions = requests.get(f"{url}/services/data", timeout=60).json()
    assert {"label": "Winter '25", "url": "/services/data/v62.0", "version": "62.0"} in versions


def test_a_method_a_resource_does_not_have_is_named_with_those_it_has(sf: Salesforce) -> None:
    with pytest.raises(SalesforceGeneralError) as refused:
        sf.restful("limits", method="DELETE")
    assert refused.value.status == 405
    assert refused.value.content[0]["message"] == "HTTP Method 'DELETE' not allowed. Allowed are GET"


def test_sr14_an_address_over_16_384_bytes_with_its_headers_is_too_long(sf: Salesforce) -> None:
    assert sf.query("SELECT Id FROM Contact WHERE Name = '" + "x" * 15_000 + "'")["totalSize"] == 0
    with pytest.raises(SalesforceGeneralError) as refused:
        sf.query("SELECT Id FROM Contact WHERE Name = '" + "x" * 16_400 + "'")
    assert refused.value.status == 414


def test_a_user_without_the_api_permission_is_refused(sf: Salesforce, org: Org) -> None:
    org.integration_user.permissions.discard("ApiEnabled")
    with pytest.raises(SalesforceRefusedRequest):
        sf.limits()


def test_the_org_says_what_it_is(sf: Salesforce, org: Org) -> None:
    row = sf.query(
        "SELECT Id, Name, TimeZoneSidKey, LanguageLocaleKey, DefaultLocaleSidKey, IsSandbox, OrganizationType"
        ", InstanceName"
        " FROM Organization"
    )["records"][0]
    assert (row["Id"], row["TimeZoneSidKey"], row["IsSandbox"]) == (org.id, "Europe/Paris", True)
    assert sf.Organization.get(org.id)["OrganizationType"] == "Enterprise Edition"
    assert sf.is_sandbox() is True
