"""What reading costs in calls, counted at the door."""

from datetime import timedelta
from typing import Any

from connectors.protocol import Update


def test_a_run_in_which_nothing_changed_costs_four_calls_an_object_and_six_a_connection(online: Any, asked: Any):
    online.connector.apply_fields(online.fields)
    people = online.insert_contacts(30)
    deal = online.insert(online.words.deal, online.words.deal_values)
    online.link(deal, people[0])
    online.settle()
    online.remote.sleep(86_400)
    queries = [online.query(ours=True), online.query(online.words.deal, online.words.amount, links=True)]
    run = online.again().connector
    before, now = asked(""), online.remote.now()
    run.account()
    run.check(queries, online.fields)
    for query in queries:
        window = online.window(now - timedelta(minutes=35), now - timedelta(minutes=10))
        assert [record for page in run.changes(query, window) for record in page.records] == []
    assert asked("") - before - asked("/sandbox/") <= 4 * len(queries) + 6


def test_a_list_is_read_in_full_pages_and_links_a_thousand_at_a_time(hubspot: Any, asked: Any):
    values = hubspot.words.deal_values
    made = [{"crm": "hubspot", "do": "create", "object": "deals", "values": values} for _ in range(1050)]
    hubspot.remote.events(made)
    hubspot.settle()
    before = asked("/crm/objects/2026-09/deals")
    assert len(hubspot.read(hubspot.query("deals", "amount", links=True))) == 1050
    assert asked("/crm/objects/2026-09/deals") - before == 11 + 1  # the bin
    assert asked("/associations/2026-09/deals/contacts/batch/read") == 2


def test_a_hundred_rows_go_in_one_call_of_hubspot_and_two_hundred_in_one_of_salesforce(online: Any, asked: Any):
    online.connector.apply_fields(online.fields)
    ids = online.insert_contacts(400)
    list(online.connector.write(online.fields, [Update(id_, {"way_back": "x"}) for id_ in ids]))
    writes = {"hubspot": ("/contacts/batch/update", 4), "salesforce": ("PATCH /services/data/v66.0/composite", 2)}
    where, calls = writes[online.name]
    assert asked(where) == calls
