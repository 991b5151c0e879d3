"""Each fault does what the list in docs/sandbox/faults.md says, over real HTTP."""

import asyncio
import csv
import io
import json

import pytest
import requests

from sandbox.app import World, create_app
from sandbox.faults.fault import ACTIONS
from sandbox.faults.rule import RULES
from sandbox.server import Server


class Client:
    """A client of both CRMs, and of the control API."""

    def __init__(self, url, world) -> None:
        self.url, self.world = url, world
        self.org, self.portal = world.org, world.portal
        self.token = world.org.sessions.open(world.org.admin).token

    def faults(self, *faults, rules=(), seed=1):
        told = {"seed": seed, "fault": list(faults), "rule": list(rules)}
        answer = requests.put(f"{self.url}/sandbox/faults", json=told, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def report(self):
        return requests.get(f"{self.url}/sandbox/faults", timeout=60).json()

    def sf(self, method, path, **more):
        url = f"{self.url}/services/data/v62.0{path}"
        return requests.request(method, url, headers={"Authorization": f"Bearer {self.token}"}, timeout=60, **more)

    def query(self, soql="SELECT Id FROM Contact"):
        return self.sf("GET", "/query", params={"q": soql})

    def update(self, *ids, **values):
        records = [{"attributes": {"type": "Contact"}, "id": row_id, **values} for row_id in ids]
        return self.sf("PATCH", "/composite/sobjects", json={"records": records})

    def hs(self, method, path, body=None, **more):
        headers = {"Authorization": f"Bearer {self.portal.tokens.fixed}"}
        return requests.request(method, self.url + path, json=body, headers=headers, timeout=60, **more)

    def contacts(self, **params):
        return self.hs("GET", "/crm/objects/2026-09/contacts", params=params)

    def search(self, **body):
        return self.hs("POST", "/crm/objects/2026-09/contacts/search", body).json()


@pytest.fixture(scope="module")
def running():
    class Present:
        async def __call__(self, scope, receive, send):
            await self.app(scope, receive, send)

    present = Present()
    with Server(present) as server:
        yield present, server.url


@pytest.fixture
def client(running):
    present, url = running
    world = World()
    present.app = create_app(world)
    return Client(url, world)


@pytest.fixture
def people(client):
    return [client.org.insert("Contact", {"LastName": f"N{n}"}) for n in range(5)]


@pytest.fixture
def leads(client):
    return [client.portal.create("contacts", {"email": f"p{n}@example.com"}) for n in range(7)]


# The plan


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ([], "faults are an object"),
        ({"faults": []}, "'faults' means nothing here"),
        ({"seed": "1"}, '"seed" must be a whole number'),
        ({"fault": {}}, '"fault" and "rule" must be lists'),
        ({"fault": [3]}, "fault 0 must be an object"),
        ({"fault": [{"does": "explode"}]}, 'fault 0: "does" is one of latency, hang'),
        ({"fault": [{"does": "latency"}]}, "fault 0: seconds: Field required"),
        ({"fault": [{"does": "latency", "seconds": "long"}]}, "fault 0: seconds:"),
        ({"fault": [{"does": "latency", "second": 1}]}, "'second' means nothing to latency; its options are seconds"),
        ({"fault": [{"does": "page", "share": 2}]}, "fault 0: share:"),
        ({"fault": [{"does": "latency", "seconds": 1e300}]}, "fault 0: seconds:"),
        ({"fault": [{"does": "status", "status": 99}]}, "fault 0: status:"),
        ({"fault": [{"does": "headers", "say": {"a": "b\r\nc"}}]}, "fault 0: say.a:"),
        ({"rule": [{"does": "lag", "seconds": -1}]}, "rule 0: seconds:"),
        ({"fault": [{"does": "page", "crm": "pipedrive"}]}, "fault 0: crm:"),
        ({"fault": [{"does": "page", "kind": "querry"}]}, "no kind of call is 'querry'; there are account,"),
        ({"fault": [{"does": "page", "path": "("}]}, "no regular expression"),
        ({"fault": [{"does": "refuse", "code": "NO"}]}, "code is one of CONCURRENT_REQUESTS"),
        ({"rule": [{"does": "unordered", "seed": []}]}, "rule 0: seed:"),
    ],
)
def test_a_plan_that_says_nothing_sensible_is_refused_in_one_line(client, told, error):
    client.faults({"does": "page", "crm": "hubspot"})
    refused = requests.put(f"{client.url}/sandbox/faults", json=told, timeout=60)
    assert refused.status_code == 400
    assert error in refused.json()["error"]
    assert "\n" not in refused.json()["error"]
    assert [fault["does"] for fault in client.report()["fault"]] == ["page"]


def test_faults_are_switched_off_as_a_whole(client):
    client.faults(
        {"does": "page"}, rules=[{"does": "lock", "object": "Contact", "share": 1}, {"does": "lag", "seconds": 99}]
    )
    assert "html" in client.query().headers["content-type"]
    assert len(client.org.rules) == 1
    assert requests.delete(f"{client.url}/sandbox/faults", timeout=60).status_code == 204
    assert client.query().json()["totalSize"] == 0
    assert client.org.rules == []
    assert client.portal.index_lag.total_seconds() == 30
    assert client.report()["fault"] == []


@pytest.mark.parametrize(
    ("aim", "struck"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 2}, [2]),
        ({"nth": [1, 4]}, [1, 4]),
        ({"every": 2}, [2, 4, 6]),
        ({"times": 2}, [1, 2]),
        ({"after": 3}, [4, 5, 6]),
        ({"after": 1, "nth": 2}, [3]),
        ({"kind": "limits"}, []),
        ({"kind": ["query", "limits"], "crm": "salesforce"}, [1, 2, 3, 4, 5, 6]),
        ({"crm": "hubspot"}, []),
        ({"path": "q=SELECT"}, [1, 2, 3, 4, 5, 6]),
        ({"method": "POST"}, []),
        ({"share": 0}, []),
        ({"share": 1}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_fault_strikes_the_calls_it_is_aimed_at(client, aim, struck):
    client.faults({"does": "status", "status": 503} | aim)
    assert [n for n in range(1, 7) if client.query().status_code == 503] == struck


def test_the_same_seed_strikes_the_same_calls_in_whatever_order_they_come(client):
    paths = [f"/sobjects/Contact/{n}" for n in range(60)]

    def struck(order, seed):
        client.faults({"does": "status", "status": 503, "share": 0.3}, seed=seed)
        return {path for path in order if client.sf("GET", path).status_code == 503}

    first = struck(paths, 1)
    assert first == struck(paths[::-1], 1)
    assert first != struck(paths, 2)
    assert 5 < len(first) < 35


def test_shares_add_up_and_no_call_is_struck_by_two_of_them(client):
    client.faults({"does": "status", "status": 502, "share": 0.5}, {"does": "status", "status": 504, "share": 0.5})
    statuses = {client.sf("GET", f"/sobjects/Contact/{n}").status_code for n in range(30)}
    assert statuses == {502, 504}
    report = client.report()["fault"]
    assert sum(fault["struck"] for fault in report) == 30


# On the line


def test_latency_passes_on_the_sandbox_clock(client):
    before = client.world.clock.now()
    client.faults({"does": "latency", "seconds": 7.5})
    assert client.query().status_code == 200
    assert (client.world.clock.now() - before).total_seconds() == 7.5


def test_sr20_a_token_can_die_of_a_slow_call(client):
    client.faults({"does": "latency", "seconds": 7200, "nth": 2})
    assert [client.query().status_code for _ in range(3)] == [200, 401, 401]


def test_sr23_a_call_that_hangs_ends_with_the_clients_patience(client):
    client.faults({"does": "hang"})
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{client.url}/services/data", timeout=(60, 0.1))


def test_a_connection_reset_before_the_call_leaves_everything_as_it_was(client, people):
    client.faults({"does": "reset", "kind": "update", "times": 1})
    with pytest.raises(requests.ConnectionError):
        client.update(people[0], Title="Head")
    assert client.org.get("Contact", people[0])["Title"] is None
    assert client.update(people[0], Title="Head").status_code == 200


def test_sw16_a_connection_reset_after_the_call_hides_that_it_was_done(client, people):
    client.faults({"does": "reset", "when": "after", "kind": "update"})
    with pytest.raises(requests.ConnectionError):
        client.update(people[0], Title="Head")
    assert client.org.get("Contact", people[0])["Title"] == "Head"


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_connection_can_break_within_the_body(client, people, keep):
    client.faults({"does": "reset", "when": "body", "keep": keep})
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        _ = client.query().content


def test_sr18_a_bulk_page_cut_at_a_row_is_a_good_csv_of_too_few_rows(client, people):
    client.org.bulk.pace.looks = 1
    job = client.sf("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Id FROM Contact"}).json()["id"]
    client.sf("GET", f"/jobs/query/{job}")
    client.faults({"does": "truncate", "at": "row", "keep": 0.7})
    page = client.sf("GET", f"/jobs/query/{job}/results")
    rows = list(csv.DictReader(io.StringIO(page.text, newline="")))
    assert 0 < len(rows) < int(page.headers["Sforce-NumberOfRecords"]) == 5
    assert page.text.endswith("\n")


def test_a_truncated_json_is_no_json(client, people):
    client.faults({"does": "truncate", "keep": 0.5})
    with pytest.raises(requests.exceptions.JSONDecodeError):
        client.query().json()


@pytest.mark.parametrize("status", [200, 503])
def test_sr39_hr20_a_page_of_html_comes_where_data_were_asked_for(client, status):
    client.faults({"does": "page", "status": status})
    for answer in (client.query(), client.contacts()):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html;charset=utf-8")
        assert answer.text.startswith("<!DOCTYPE html>")


def test_a_body_can_be_missing(client):
    client.faults({"does": "empty"})
    assert (client.query().status_code, client.query().content) == (200, b"")


def test_bytes_that_call_themselves_gzip_are_not(client):
    client.faults({"does": "garbage"})
    with pytest.raises(requests.exceptions.ContentDecodingError):
        client.query()


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/services/data/v62.0/query?q=SELECT+Id+FROM+Contact", None, 200),
        ("GET", "/services/data/v62.0/sobjects/Contact/003000000000001", None, 404),
        ("PATCH", "/services/data/v62.0/sobjects/Contact/{person}", {"LastName": "Bo"}, 204),
        ("DELETE", "/services/data/v62.0/sobjects/Contact/{person}", None, 204),
    ],
)
def test_garbage_is_as_long_as_it_says(client, people, method, path, body, status):
    client.faults({"does": "garbage"})
    messages = []

    async def receive():
        return {"type": "http.request", "body": json.dumps(body).encode() if body else b"", "more_body": False}

    async def send(message):
        messages.append(message)

    path, _, query = path.format(person=people[0]).partition("?")
    headers = [(b"authorization", f"Bearer {client.token}".encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query.encode()}
    scope |= {"headers": headers, "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80), "root_path": ""}
    asyncio.run(create_app(client.world)(scope, receive, send))
    start, *rest = messages
    assert start["status"] == status
    assert int(dict(start["headers"])[b"content-length"]) == sum(len(part.get("body", b"")) for part in rest)


def test_headers_go_missing_or_say_something_else(client):
    info = "api-usage=18/5000; per-app-api-usage=17/250(appName=bonus-malus)"
    client.faults({"does": "headers", "drop": ["content-type"], "say": {"Sforce-Limit-Info": info}})
    answer = client.query()
    assert "content-type" not in answer.headers
    assert answer.headers["Sforce-Limit-Info"] == info


# What the services refuse


@pytest.mark.parametrize("status", [423, 429, 477, 500, 502, 503, 504, 521, 522, 523, 524, 525, 526])
def test_every_status_can_come_from_either_service(client, status):
    client.faults({"does": "status", "status": status, "retry_after": 86_400})
    for answer in (client.query(), client.contacts()):
        assert (answer.status_code, answer.headers["Retry-After"]) == (status, "86400")


def test_sw16_a_server_error_can_hide_that_the_call_was_done(client, people):
    client.faults({"does": "status", "status": 504, "done": True})
    assert client.update(people[0], Title="Head").status_code == 504
    assert client.org.get("Contact", people[0])["Title"] == "Head"


@pytest.mark.parametrize("policy", ["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"])
def test_hubspot_is_called_too_often_by_any_policy(client, policy):
    client.faults({"does": "rate", "policy": policy})
    answer = client.contacts()
    assert (answer.status_code, answer.json()["policyName"]) == (429, policy)
    assert "Retry-After" not in answer.headers
    client.faults({"does": "rate", "policy": policy, "retry_after": 36_000})
    assert client.contacts().headers["Retry-After"] == "36000"


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("CONCURRENT_REQUESTS", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("TOTAL_REQUESTS", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("QUERY_TIMEOUT", 400, "QUERY_TIMEOUT"),
        ("INVALID_QUERY_LOCATOR", 400, "INVALID_QUERY_LOCATOR"),
        ("SERVER_UNAVAILABLE", 503, "SERVER_UNAVAILABLE"),
        ("NO_REST", 401, "INVALID_SESSION_ID"),
    ],
)
def test_salesforce_refuses_by_the_name_of_a_code(client, code, status, error):
    client.faults({"does": "refuse", "code": code})
    answer = client.query()
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, error)


def test_sr21_a_good_token_is_refused_once_or_for_ever(client):
    client.faults({"does": "unauthorized", "times": 1})
    assert [client.query().status_code for _ in range(3)] == [401, 200, 200]
    client.faults({"does": "unauthorized"})
    assert [client.query().status_code for _ in range(3)] == [401, 401, 401]
    assert client.contacts().json()["category"] == "EXPIRED_AUTHENTICATION"


# Answers that look right


def test_hr05_short_pages_lead_on_to_all_of_the_list(client, leads):
    client.faults({"does": "short_page", "size": 2})
    seen, after = [], None
    while True:
        page = client.contacts(limit=100, **({"after": after} if after else {})).json()
        assert len(page["results"]) <= 2
        seen += [each["id"] for each in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
    assert sorted(seen) == sorted(leads)


def test_short_pages_hold_every_property_that_was_asked_for(client, leads):
    client.faults({"does": "short_page", "size": 2})
    [first, *_] = client.contacts(limit=100, properties=["firstname", "lastname", "email"]).json()["results"]
    assert {"firstname", "lastname", "email"} <= set(first["properties"])


def test_hr05_an_empty_page_may_have_a_next_one_with_all_of_its_records(client, leads):
    client.faults({"does": "empty_page", "nth": 1})
    page = client.contacts(limit=100).json()
    assert page["results"] == []
    again = client.contacts(limit=100, after=page["paging"]["next"]["after"]).json()
    assert len(again["results"]) == len(leads)


def test_salesforce_pages_are_shorter_than_asked_for(client):
    for number in range(450):
        client.org.insert("Contact", {"LastName": f"N{number}"})
    client.faults({"does": "short_page"})
    page = client.query().json()
    assert (len(page["records"]), page["totalSize"], page["done"]) == (200, 450, False)


def test_hr28_after_leads_to_the_page_one_is_on(client, leads):
    first = client.contacts(limit=2).json()["paging"]["next"]["after"]
    client.faults({"does": "repeated_after"})
    assert client.contacts(limit=2, after=first).json()["paging"]["next"]["after"] == first


def test_hr29_total_is_too_small(client, leads):
    client.world.clock.advance(client.portal.index_lag)
    client.faults({"does": "total", "of": 0.5})
    assert client.search(limit=100)["total"] == 3
    assert len(client.search(limit=100)["results"]) == 7


def test_hw02_complete_with_nothing_has_done_nothing(client, leads):
    client.faults({"does": "nothing", "kind": "batch update"})
    body = {"inputs": [{"id": leads[0], "properties": {"lastname": "Norvaar"}}]}
    answer = client.hs("POST", "/crm/objects/2026-09/contacts/batch/update", body)
    assert (answer.status_code, answer.json()["status"], answer.json()["results"]) == (200, "COMPLETE", [])
    assert "lastname" not in client.portal.get("contacts", leads[0])


def test_hw01_a_batch_is_done_in_part_and_names_the_rest(client, leads):
    client.faults({"does": "partial", "of": 0.5})
    body = {"inputs": [{"id": each, "properties": {"lastname": "Norvaar"}} for each in leads]}
    answer = client.hs("POST", "/crm/objects/2026-09/contacts/batch/update", body)
    told = answer.json()
    lost = {id_ for error in told["errors"] for id_ in error["context"]["ids"]}
    done = {each["id"] for each in told["results"]}
    assert answer.status_code == 207
    assert lost
    assert done
    assert lost | done == set(leads)
    assert {each for each in leads if client.portal.get("contacts", each).get("lastname")} == done


def test_hw03_a_batch_is_refused_until_it_is_small_enough(client, leads):
    client.faults({"does": "reject", "inputs": 3})

    def read(ids):
        body = {"inputs": [{"id": each} for each in ids]}
        return client.hs("POST", "/crm/objects/2026-09/contacts/batch/read", body).status_code

    assert (read(leads), read(leads[:4]), read(leads[:3])) == (400, 400, 200)


# What holds all the time


def test_hr03_search_answers_out_of_order_and_its_pages_still_fit_together(client, leads):
    client.world.clock.advance(client.portal.index_lag)
    client.faults(rules=[{"does": "unordered", "seed": 4}])
    pages = [client.search(limit=3, after=after)["results"] for after in (0, 3, 6)]
    ids = [each["id"] for page in pages for each in page]
    assert sorted(ids) == sorted(leads)
    assert ids != sorted(ids)


def test_hr07_the_index_lags_as_long_as_it_is_told_to(client, leads):
    client.faults(rules=[{"does": "lag", "seconds": 3600}])
    client.world.clock.advance(client.portal.index_lag / 2)
    assert client.search()["total"] == 0
    client.world.clock.advance(client.portal.index_lag / 2)
    assert client.search()["total"] == 7


def test_sw03_locked_rows_let_go_after_some_tries(client, people):
    client.faults(rules=[{"does": "lock", "object": "Contact", "share": 0.5, "tries": 2, "seed": 3}])
    outcomes = [[row["success"] for row in client.update(*people, Title="Head").json()] for _ in range(3)]
    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0]) == {True, False}
    assert all(outcomes[2])


def test_sw08_a_slow_trigger_takes_small_batches_only(client, people):
    client.faults(rules=[{"does": "trigger", "object": "Contact", "rows": 2}])
    failed = client.update(*people, Title="Head").json()
    assert {row["errors"][0]["statusCode"] for row in failed} == {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"}
    assert all(row["success"] for row in client.update(*people[:2], Title="Head").json())


def test_a_validation_rule_refuses_certain_rows(client, people):
    client.org.update("Contact", people[1], {"Department": "Closed"})
    client.faults(rules=[{"does": "validation", "object": "Contact", "field": "Department", "forbids": ["Closed"]}])
    outcomes = client.update(*people, Title="Head").json()
    assert [row["success"] for row in outcomes] == [True, False, True, True, True]
    assert outcomes[1]["errors"][0]["statusCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def test_sw07_a_duplicate_rule_refuses_twins_unless_told_otherwise(client, people):
    for row_id in people[:2]:
        client.org.update("Contact", row_id, {"Email": "same@example.com"})
    client.faults(rules=[{"does": "duplicate", "object": "Contact", "field": "Email"}])
    refused = client.update(*people[:3], Title="Head").json()
    assert [row["success"] for row in refused] == [False, False, True]
    assert refused[0]["errors"][0]["statusCode"] == "DUPLICATES_DETECTED"
    records = [{"attributes": {"type": "Contact"}, "id": people[0], "Title": "Head"}]
    headers = {"Authorization": f"Bearer {client.token}", "Sforce-Duplicate-Rule-Header": "allowSave=true"}
    url = f"{client.url}/services/data/v62.0/composite/sobjects"
    assert requests.patch(url, json={"records": records}, headers=headers, timeout=60).json()[0]["success"]


def test_hw12_a_required_property_is_asked_for_on_the_newest_version(client, leads):
    client.faults(rules=[{"does": "require", "object": "contacts", "requires": "phone"}])
    body = {"inputs": [{"id": leads[0], "properties": {"lastname": "Norvaar"}}]}
    statuses = [
        client.hs("POST", f"/crm/objects/{version}/contacts/batch/update", body).status_code
        for version in ("2026-03", "2026-09")
    ]
    assert statuses == [200, 400]


def test_bulk_jobs_take_as_long_as_they_are_told_to(client, people):
    client.faults(rules=[{"does": "slow", "seconds": 600}])
    job = client.sf("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Id FROM Contact"}).json()["id"]
    assert {client.sf("GET", f"/jobs/query/{job}").json()["state"] for _ in range(5)} == {"InProgress"}
    client.world.clock.advance(client.portal.index_lag * 20)
    assert client.sf("GET", f"/jobs/query/{job}").json()["state"] == "JobComplete"


# The world moves on


def test_sw04_a_record_is_deleted_between_being_read_and_being_written(client, people):
    event = {"crm": "salesforce", "do": "delete", "object": "Contact", "id": people[0]}
    client.faults({"does": "script", "kind": "update", "nth": 1, "events": [event]})
    assert client.query().json()["totalSize"] == 5
    outcome = client.update(people[0], Title="Head").json()[0]
    assert outcome["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"


def test_hw19_a_record_is_merged_between_being_read_and_being_written(client, leads):
    event = {"crm": "hubspot", "do": "merge", "object": "contacts", "id": leads[1], "other": leads[0]}
    client.faults({"does": "script", "kind": "batch update", "nth": 1, "events": [event]})
    body = {"inputs": [{"id": leads[0], "properties": {"lastname": "Norvaar"}}]}
    answer = client.hs("POST", "/crm/objects/2026-09/contacts/batch/update", body).json()
    assert [each["id"] for each in answer["results"]] == [leads[1]]


def test_sr01_a_row_appears_late_with_an_older_stamp(client, people):
    window = "SELECT Id FROM Contact WHERE SystemModstamp < 2026-11-22T07:30:00Z"
    event = {"crm": "salesforce", "do": "insert", "object": "Contact", "values": {"LastName": "Late"}}
    event["at"] = "2026-11-22T07:00:00Z"
    client.faults({"does": "script", "nth": 1, "when": "after", "events": [event]})
    assert [client.query(window).json()["totalSize"] for _ in range(2)] == [0, 1]


def test_sr10_hr15_values_change_without_a_stamp(client, people, leads):
    before = client.org.get("Contact", people[0])["SystemModstamp"]
    stamp = client.portal.get("contacts", leads[0])["lastmodifieddate"]
    client.world.clock.advance(client.portal.index_lag)
    events = [
        {"crm": "salesforce", "do": "alter", "object": "Contact", "id": people[0], "values": {"Title": "Head"}},
        {"crm": "hubspot", "do": "alter", "object": "contacts", "id": leads[0], "values": {"phone": "1"}},
    ]
    client.faults({"does": "script", "events": events, "times": 1})
    client.query()
    assert client.org.get("Contact", people[0])["Title"] == "Head"
    assert client.org.get("Contact", people[0])["SystemModstamp"] == before
    found = client.portal.get("contacts", leads[0])
    assert (found["phone"], found["lastmodifieddate"]) == ("1", stamp)


def test_sr12_a_field_is_hidden_under_our_feet(client, people):
    client.token = client.org.sessions.open(client.org.integration_user).token
    event = {"crm": "salesforce", "do": "hide_field", "object": "Contact", "field": "Title"}
    client.faults({"does": "script", "nth": 2, "events": [event]})
    answers = [client.query("SELECT Id, Title FROM Contact") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert answers[1].json()[0]["errorCode"] == "INVALID_FIELD"


def test_a_property_is_archived_and_a_scope_withdrawn_under_our_feet(client, leads):
    events = [
        {"crm": "hubspot", "do": "hide_property", "object": "contacts", "property": "phone"},
        {"crm": "hubspot", "do": "withdraw_scope", "scope": "crm.objects.deals.read"},
    ]
    client.faults({"does": "script", "nth": 1, "events": events})
    assert "phone" not in client.contacts(properties="phone").json()["results"][0]["properties"]
    refused = client.hs("GET", "/crm/objects/2026-09/deals")
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")


def test_the_day_can_be_spent_by_others(client):
    events = [
        {"crm": "salesforce", "do": "spend", "calls": 100_000},
        {"crm": "hubspot", "do": "spend", "calls": 650_000},
    ]
    client.faults({"does": "script", "nth": 1, "events": events})
    assert client.query().json()[0]["message"] == "TotalRequests Limit exceeded."
    assert client.contacts().json()["policyName"] == "DAILY"


def test_sr20_tokens_end_in_the_middle_of_a_job(client):
    client.faults({"does": "script", "nth": 2, "events": [{"crm": "salesforce", "do": "sign_out"}]})
    assert [client.query().status_code for _ in range(3)] == [200, 401, 401]


def test_a_bulk_job_fails_under_way_and_keeps_what_it_has_done(client, people):
    client.org.bulk.pace.looks = 1
    client.org.bulk.pace.rows = 200
    more = [client.org.insert("Contact", {"LastName": f"M{n}"}) for n in range(300)]
    job = client.sf("POST", "/jobs/ingest", json={"operation": "update", "object": "Contact"}).json()["id"]
    text = "Id,Title\n" + "".join(f"{row_id},T\n" for row_id in more)
    url = f"{client.url}/services/data/v62.0/jobs/ingest/{job}/batches"
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "text/csv"}
    requests.put(url, data=text.encode(), headers=headers, timeout=60)
    client.sf("PATCH", f"/jobs/ingest/{job}", json={"state": "UploadComplete"})
    event = {"crm": "salesforce", "do": "fail_jobs", "message": "InternalServerError : too many retries"}
    client.faults({"does": "script", "kind": "job poll", "nth": 2, "events": [event]})
    states = [client.sf("GET", f"/jobs/ingest/{job}").json() for _ in range(2)]
    assert [state["state"] for state in states] == ["InProgress", "Failed"]
    assert states[1]["errorMessage"] == "InternalServerError : too many retries"
    left = client.sf("GET", f"/jobs/ingest/{job}/unprocessedrecords").text
    assert len(left.splitlines()) == 1 + 100


def test_events_that_cannot_happen_any_more_are_passed_over_and_told(client, people):
    event = {"crm": "salesforce", "do": "delete", "object": "Contact", "id": people[0]}
    client.faults({"does": "script", "events": [event]})
    assert [client.query().json()["totalSize"] for _ in range(2)] == [4, 4]
    assert len(client.report()["passed_over"]) == 1


def test_hr02_more_than_ten_thousand_records_share_a_millisecond(client):
    at = "2026-11-01T00:00:00.123Z"
    event = {"crm": "hubspot", "do": "crowd", "object": "contacts", "count": 10_050, "at": at}
    assert requests.post(f"{client.url}/sandbox/events", json=[event], timeout=60).status_code == 200
    filters = [{"propertyName": "lastmodifieddate", "operator": "EQ", "value": "1793491200123"}]
    assert client.search(filterGroups=[{"filters": filters}], limit=1)["total"] == 10_050


def test_every_fault_and_every_rule_is_listed_in_the_documentation():
    from pathlib import Path  # noqa: PLC0415 - for this test alone

    text = (Path(__file__).parents[2] / "docs" / "sandbox" / "faults.md").read_text("utf-8")
    assert [name for name in (*ACTIONS, *RULES) if f"`{name}`" not in text] == []
