"""Signing in, staying signed in, and what spoiled answers lead to."""

from typing import Any

import pytest

from connectors.errors import CursorLost, NotPermitted, QuotaSpent, SignInRefused, Unreachable
from connectors.protocol import Update

EXPIRED = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]


def test_sr20_sr21_a_session_that_ends_is_renewed_once_and_the_call_repeated(salesforce: Any, faults: Any, asked: Any):
    salesforce.connector.account()
    faults("/query", 401, EXPIRED, times=1)
    assert salesforce.connector.account().id
    assert asked("oauth2/token") == 2


def test_sr21_a_lasting_401_ends_after_one_new_session(salesforce: Any, faults: Any, asked: Any):
    fault = faults("/query", 401, EXPIRED)
    with pytest.raises(SignInRefused, match="new session was refused"):
        salesforce.connector.account()
    assert (asked("oauth2/token"), fault.met) == (2, 2)


def test_sr22_a_session_that_may_not_use_the_api_is_not_renewed(salesforce: Any, faults: Any, asked: Any):
    message = "This session is not valid for use with the REST API"
    faults("/query", 401, [{"errorCode": "INVALID_SESSION_ID", "message": message}])
    with pytest.raises(SignInRefused, match="API Enabled"):
        salesforce.connector.account()
    assert asked("oauth2/token") == 1


def test_sr21_a_401_that_is_not_json_is_renewed_as_well(salesforce: Any, faults: Any):
    faults("/query", 401, "<html>", times=1, kind="text/html")
    assert salesforce.connector.account().id


def test_the_session_of_the_metadata_api_is_renewed_too(salesforce: Any, faults: Any, asked: Any):
    salesforce.connector.plan_fields(salesforce.fields)
    fault = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:sf="http://soap.sforce.com/2006/04/metadata"><soapenv:Body><soapenv:Fault>'
        "<faultcode>sf:INVALID_SESSION_ID</faultcode>"
        "<faultstring>INVALID_SESSION_ID: Invalid Session ID found in SessionHeader</faultstring>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    faults("/Soap/m/", 500, fault, times=1, kind="text/xml")
    assert len(salesforce.connector.apply_fields(salesforce.fields)) == len(salesforce.fields.fields)
    assert asked("oauth2/token") == 2


def test_sr39_a_maintenance_page_with_a_200_is_tried_again_and_then_unreachable(salesforce: Any, faults: Any):
    faults("/query", 200, "<html>back soon</html>", times=1, kind="text/html")
    assert salesforce.connector.account().id
    faults("/query", 200, "<html>back soon</html>", kind="text/html")
    with pytest.raises(Unreachable, match="text/html"):
        salesforce.connector.account()


def test_a_broken_json_body_is_tried_again(salesforce: Any, faults: Any):
    faults("/query", 200, '{"totalSize": 1, "rec', times=1)
    assert salesforce.connector.account().id


def test_sr25_the_daily_limit_ends_the_run_without_a_wait(salesforce: Any, faults: Any):
    before = salesforce.remote.now()
    fault = faults("/query", 403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])
    with pytest.raises(QuotaSpent):
        salesforce.connector.account()
    assert fault.met == 1
    assert salesforce.remote.now() == before


def test_sr25_too_many_long_calls_at_once_are_waited_for(salesforce: Any, faults: Any):
    before = salesforce.remote.now()
    message = "ConcurrentPerOrgApex Limit exceeded."
    faults("/query", 403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": message}], times=2)
    assert salesforce.connector.account().id
    assert (salesforce.remote.now() - before).total_seconds() >= 120


def test_sr26_the_orgs_own_count_is_read_without_the_apps_and_on_errors_too(salesforce: Any, faults: Any):
    header = {"Sforce-Limit-Info": "api-usage=18/5000; per-app-api-usage=17/250(appName=bonus-malus)"}
    faults("/query", 404, [{"errorCode": "NOT_FOUND", "message": ""}], headers=header)
    with pytest.raises(Exception, match="NOT_FOUND"):
        salesforce.connector.account()
    usage = salesforce.connector.usage()
    assert (usage.used_today, usage.limit_today) == (18, 5000)


def test_sr24_a_lost_cursor_says_to_read_the_window_again(salesforce: Any, faults: Any):
    salesforce.insert_contacts(3)
    page = {"totalSize": 3, "done": False, "nextRecordsUrl": "/services/data/v66.0/query/01gXX-2000", "records": []}
    faults("/queryAll", 200, page, times=1)
    faults("/query/01gXX", 400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "invalid query locator"}])
    with pytest.raises(CursorLost):
        salesforce.read()


def test_sr38_the_next_page_is_asked_for_on_our_own_base(salesforce: Any, faults: Any, asked: Any):
    elsewhere = "https://elsewhere.example/services/data/v66.0/query/01gXX-2000"
    faults("/queryAll", 200, {"totalSize": 3, "done": False, "nextRecordsUrl": elsewhere, "records": []}, times=1)
    faults("/query/01gXX", 200, {"totalSize": 3, "done": True, "records": []})
    assert salesforce.read() == {}
    assert asked("/services/data/v66.0/query/01gXX-2000") == 1


def test_sr27_a_query_that_takes_too_long_is_halved(salesforce: Any, faults: Any, asked: Any):
    ids = salesforce.insert_contacts(5)
    salesforce.settle()
    faults("/queryAll", 400, [{"errorCode": "QUERY_TIMEOUT", "message": "running for too long"}], times=3)
    assert set(salesforce.read()) == set(ids)
    assert asked("/queryAll") > 3


def test_sr28_activities_that_are_too_many_name_the_permission(salesforce: Any, faults: Any):
    faults("/queryAll", 400, [{"errorCode": "OPERATION_TOO_LARGE", "message": "exceeded 100000 distinct who/what's"}])
    with pytest.raises(NotPermitted, match="View All Data"):
        salesforce.read()


def test_sw01_an_answer_with_too_few_rows_is_an_error(salesforce: Any, faults: Any):
    salesforce.connector.apply_fields(salesforce.fields)
    ids = salesforce.insert_contacts(2)
    faults("composite/sobjects", 200, [{"id": ids[0], "success": True, "errors": []}])
    with pytest.raises(Unreachable, match="1 results for 2 records"):
        list(salesforce.connector.write(salesforce.fields, [Update(id_, {"way_back": "x"}) for id_ in ids]))


def test_a_query_that_no_address_can_hold_says_so(salesforce: Any):
    with pytest.raises(Exception, match="too long"):
        salesforce.connector._session.query("SELECT " + "X" * 20_000 + " FROM Contact")
