"""A day on which everything happens in both CRMs: claims, edits, deletes, undeletes, merges."""

from datetime import UTC, datetime, timedelta

from sandbox.app import World
from sandbox.hubspot.portal import Portal
from sandbox.salesforce.org import Org

MORNING = datetime(2026, 11, 24, 6, tzinfo=UTC)


def day(world: World) -> None:
    """Let it happen, and two hours pass."""
    world.clock.set(MORNING)
    in_salesforce(world.org)
    in_hubspot(world.portal)
    world.clock.set(MORNING + timedelta(hours=2))


def in_salesforce(org: Org) -> None:
    people = [row["Id"] for row in org.rows("Contact")]
    orders = [row["Id"] for row in org.rows("Opportunity")]
    for number in range(8):
        resolution = "Customer at fault" if number % 2 else "Shared fault"
        claim = {"ContactId": people[number], "Subject": "Damaged", "Status": "Closed", "Resolution__c": resolution}
        org.insert("Case", claim)
    for each in orders[:6]:
        org.delete("Opportunity", each)
    for each in orders[6:12]:
        org.update("Opportunity", each, {"Amount": 12})
    org.undelete("Opportunity", orders[0])
    for number in (20, 22, 24):
        org.merge("Contact", people[number], [people[number + 1]])
    for each in people[30:33]:
        org.delete("Contact", each)
    org.undelete("Contact", people[30])
    for each in people[34:37]:
        org.update("Contact", each, {"Email": f"{each.lower()}@example.com"})


def in_hubspot(portal: Portal) -> None:
    people = [str(row["id"]) for row in portal.rows("contacts")]
    deals = [str(row["id"]) for row in portal.rows("deals")]
    for number in (10, 12, 14):
        portal.merge("contacts", people[number], people[number + 1])
    for each in people[20:23]:
        portal.archive("contacts", each)
    for each in people[24:27]:
        portal.update("contacts", each, {"email": f"h{each}@example.com"})
    for each in deals[:4]:
        portal.archive("deals", each)
    for each in deals[4:8]:
        portal.update("deals", each, {"amount": "31"})
