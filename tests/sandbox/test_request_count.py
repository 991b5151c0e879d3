import pytest

from sandbox.count import Requests, kind_of


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/services/oauth2/token", "token"),
        ("GET", "/services/data", "versions"),
        ("GET", "/services/data/v62.0/limits/", "limits"),
        ("GET", "/services/data/v62.0/query/", "query"),
        ("GET", "/services/data/v62.0/queryAll", "query all"),
        ("GET", "/services/data/v62.0/query/01gSb0000000001-2000", "query more"),
        ("GET", "/services/data/v62.0/sobjects/Contact/describe", "describe"),
        ("POST", "/services/data/v62.0/composite/sobjects/Contact", "retrieve"),
        ("PATCH", "/services/data/v62.0/composite/sobjects", "update"),
        ("POST", "/services/data/v62.0/sobjects/PermissionSetAssignment/", "create"),
        ("POST", "/services/Soap/m/62.0/00DSb0000000001", "metadata"),
        ("POST", "/services/data/v62.0/jobs/query", "query job"),
        ("GET", "/services/data/v62.0/jobs/query/750Sb0000000001", "job poll"),
        ("GET", "/services/data/v62.0/jobs/ingest/750Sb0000000001/", "job poll"),
        ("GET", "/services/data/v62.0/jobs/query/750Sb0000000001/results", "query results"),
        ("POST", "/services/data/v62.0/jobs/ingest", "ingest job"),
        ("PUT", "/services/data/v62.0/jobs/ingest/750Sb0000000001/batches", "ingest upload"),
        ("GET", "/services/data/v62.0/jobs/ingest/750Sb0000000001/failedResults", "ingest results"),
        ("PATCH", "/services/data/v62.0/jobs/ingest/750Sb0000000001", "job other"),
        ("GET", "/services/data/v62.0/sobjects/Contact/deleted/", "replication"),
        ("GET", "/services/data/v62.0/apexrest/anything", "other"),
    ],
)
def test_a_call_to_salesforce_is_counted_by_its_kind(method, path, kind):
    assert kind_of(method, path) == ("salesforce", kind)


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/account-info/2026-09/details", "account"),
        ("GET", "/crm/objects/2026-09/contacts", "list"),
        ("GET", "/crm/v3/objects/contacts", "list"),
        ("GET", "/crm/objects/2026-09/contacts/501", "read"),
        ("POST", "/crm/objects/2026-09/contacts/search", "search"),
        ("POST", "/crm/objects/2026-03/deals/batch/read", "batch read"),
        ("POST", "/crm/v3/objects/contacts/batch/update", "batch update"),
        ("POST", "/crm/associations/2026-09/deals/contacts/batch/read", "associations"),
        ("POST", "/crm/v4/associations/deals/contacts/batch/read", "associations"),
        ("GET", "/crm/properties/2026-09/contacts", "properties"),
        ("POST", "/crm/v3/properties/contacts/groups", "properties"),
        ("PATCH", "/crm/objects/2026-09/contacts/501", "update"),
        ("GET", "/crm/lists/2026-09", "other"),
        ("POST", "/oauth/2026-09/token", "token"),
        ("POST", "/communication-preferences/2026-09/statuses/batch/read", "subscriptions"),
    ],
)
def test_a_call_to_hubspot_is_counted_by_its_kind(method, path, kind):
    assert kind_of(method, path) == ("hubspot", kind)


def test_counting_begins_again_after_clear():
    requests = Requests()
    requests.add("GET", "/services/data/v62.0/limits")
    requests.add("GET", "/services/data/v62.0/limits")
    assert requests.counts() == {"salesforce": {"limits": 2}, "hubspot": {}}
    requests.clear()
    assert requests.counts() == {"salesforce": {}, "hubspot": {}}
