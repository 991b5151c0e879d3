"""What parts an object's records into kinds: record types in Salesforce, pipelines in HubSpot."""

import pytest

from connectors.protocol import Column


def test_a_connector_says_nothing_of_kinds_where_there_are_none(crm):
    assert crm.connector.kinds(crm.words.contact) is None


def test_record_types_are_told_by_developer_name_counted_and_read(salesforce, asked):
    assert salesforce.connector.kinds("Case") is None
    event = {"do": "add_record_type", "object": "Opportunity"}
    renewal = salesforce.tell(event | {"name": "Renewal", "label": "Renewal of a contract"})
    salesforce.tell(event | {"name": "New_Business", "label": "New business"})
    event = {"crm": "salesforce", "do": "insert", "object": "Opportunity", "values": salesforce.words.deal_values}
    deals = salesforce.remote.events([event] * 200)
    salesforce.update("Opportunity", deals[0], {"RecordTypeId": renewal})
    found = salesforce.connector.kinds("Opportunity")
    options = (("Renewal", "Renewal of a contract"), ("New_Business", "New business"))
    assert found == Column("RecordType.DeveloperName", "Record Type", options)
    assert [salesforce.connector.count("Opportunity", found.name, value) for value, _ in options] == [1, 0]
    salesforce.settle()
    read = salesforce.read(salesforce.query("Opportunity", "Name", found.name))
    assert [read[deal].values[found.name] for deal in deals] == ["Renewal", *[None] * 199]
    in_bulk = salesforce.again(bulk_from=200).read(salesforce.query("Opportunity", "Name", found.name))
    assert asked("jobs/query")
    assert {id_: record.values for id_, record in in_bulk.items()} == {id_: r.values for id_, r in read.items()}


@pytest.mark.parametrize("version", ["legacy", "2026-09"])
def test_pipelines_are_told_by_id_and_counted(hubspot, version):
    crm = hubspot.again(api_version=version)
    assert crm.connector.kinds("deals") == Column("pipeline", "Pipeline", (("default", "Sales Pipeline"),))
    assert crm.connector.kinds("tickets") == Column("hs_pipeline", "Pipeline", (("0", "Support Pipeline"),))
    crm.tell({"do": "add_pipeline", "object": "deals", "id": "renewals", "label": "Renewals"})
    crm.insert("deals", {"dealname": "D", "pipeline": "renewals", "dealstage": "renewals_closedwon"})
    crm.insert("deals", crm.words.deal_values)
    crm.settle()
    found = crm.connector.kinds("deals")
    assert [crm.connector.count("deals", found.name, value) for value, _ in found.options] == [1, 1]
