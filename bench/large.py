"""The first read of a large account: calls against the least possible, and the peak of the client's memory.

    python bench/large.py salesforce|hubspot [CONTACTS [ACTIVITIES]]

A million contacts and five million activities, each of them somebody's. The sandbox needs some 7 GB for them, in a
process of its own; this one holds the connector alone, as a sync would, and keeps nothing of a page.
"""

import gc
import math
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from bench.bench_connectors import AT, CONTACT, READ, asked, opened
from connectors.protocol import ObjectQuery, Window
from sandbox.app import World, create_app
from sandbox.remote import Remote
from sandbox.server import Server

TASK = ObjectQuery("Task", ("WhoId", "Subject", "Status", "ActivityDate"))
DEAL = ObjectQuery("deals", ("dealname", "amount", "closedate", "hs_is_closed_won"), ("contacts",))
ACTIVITY = {"salesforce": TASK, "hubspot": DEAL}


def fill_salesforce(world: World, contacts: int, activities: int) -> None:
    """Contacts, and tasks that are theirs."""
    ids = [
        world.org.insert(
            "Contact", {"FirstName": "Ann", "LastName": f"Person {number}", "Email": f"p.{number}@example.org"}, at=AT
        )
        for number in range(contacts)
    ]
    for number in range(activities):
        values = {
            "WhoId": ids[number % contacts],
            "Subject": "Call",
            "Status": "Completed",
            "ActivityDate": "2026-03-12",
        }
        world.org.insert("Task", values, at=AT)


def fill_hubspot(world: World, contacts: int, activities: int) -> None:
    """Contacts, and deals that are theirs."""
    portal = world.portal
    ids = [
        portal.create(
            "contacts", {"firstname": "Ann", "lastname": f"Person {number}", "email": f"p.{number}@example.org"}, at=AT
        )
        for number in range(contacts)
    ]
    own = {"dealname": "Deal", "pipeline": "default", "dealstage": "closedwon", "amount": "120.50"}
    for number in range(activities):
        deal = portal.create("deals", own, at=AT)
        portal.associate("deals", deal, "contacts", ids[number % contacts])


def serve(crm: str, contacts: int, activities: int, pipe: Any) -> None:
    """The sandbox's process."""
    gc.disable()  # millions of rows that stay: nothing to collect
    world = World()
    {"salesforce": fill_salesforce, "hubspot": fill_hubspot}[crm](world, contacts, activities)
    gc.freeze()
    gc.enable()
    world.org.usage.limit = world.portal.daily.limit = 100_000_000
    with Server(create_app(world)) as server:
        pipe.send((server.url, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
        pipe.recv()


def least(crm: str, count: int, *, links: bool) -> int:
    """The bound of the issue: result pages and 12 calls an object, or 1.02 of the pages that there must be."""
    if crm == "salesforce":
        return math.ceil(count / 25_000) + 12
    return math.floor(1.02 * (math.ceil(count / 100) + (math.ceil(count / 1_000) if links else 0)))


def measure(crm: str, contacts: int, activities: int) -> Iterator[dict[str, Any]]:
    """One line for each object."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=serve, args=(crm, contacts, activities, there), daemon=True)
    process.start()
    url, held = here.recv()
    print(f"{crm}: the sandbox holds {contacts} contacts and {activities} activities in {held:.0f} MB", flush=True)
    remote = Remote(url)
    remote.now()
    remote.sleep(3600)
    end = remote.now() - timedelta(minutes=10)
    connector = opened(crm, remote)
    for query in (ObjectQuery(CONTACT[crm], READ[crm]), ACTIVITY[crm]):
        remote.sleep(10)
        asked(remote, crm)
        before, count, linked = time.process_time(), 0, 0
        for page in connector.changes(query, Window(None, end)):
            count += len(page.records)
            linked += sum(bool(record.links.get("contacts") or record.values.get("WhoId")) for record in page.records)
        calls = asked(remote, crm)
        yield {
            "object": query.object,
            "records": count,
            "with a contact": linked,
            "calls": sum(calls.values()) - calls.get("job poll", 0) - calls.get("token", 0),
            "bound": least(crm, count, links=bool(query.links)),
            "polls": calls.get("job poll", 0),
            "processor": f"{time.process_time() - before:.0f} s",
            "peak": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB",
        }
    connector.close()
    here.send(None)
    process.join(10)


if __name__ == "__main__":
    sizes = [int(word) for word in sys.argv[2:]]
    people = sizes[0] if sizes else 1_000_000
    for line in measure(sys.argv[1], people, sizes[1] if len(sizes) > 1 else 5 * people):
        print(" ".join(f"{name}={figure}" for name, figure in line.items()), flush=True)
