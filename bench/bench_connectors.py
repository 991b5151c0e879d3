"""What the connectors cost: calls against the least possible, and memory.

    python bench/bench_connectors.py [CONTACTS] [--json]

The sandbox runs in a process of its own; this process holds the connector alone, so that its memory and CPU are ours.
The clock is the sandbox's: waits cost no time.
"""

import json
import math
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import requests

from connectors import CrmConnector, connect, settings_model
from connectors.protocol import FieldKind, FieldSet, FieldSpec, ObjectQuery, OutcomeKind, Update, Window
from sandbox.app import World, create_app
from sandbox.remote import Remote
from sandbox.server import Server

SPECS = (
    FieldSpec("coefficient", FieldKind.DECIMAL, "Coefficient", ""),
    FieldSpec("points", FieldKind.INTEGER, "Points", ""),
    FieldSpec("reasons", FieldKind.LONG_TEXT, "Reasons", ""),
    FieldSpec("computed_at", FieldKind.DATETIME, "Computed at", ""),
)
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "salesforce": {"client_id": "sandbox-client", "client_secret": "sandbox-secret"},
    "hubspot": {"token": "sandbox-token", "share_of_burst": 1.0},
}
CONTACT = {"salesforce": "Contact", "hubspot": "contacts"}
ACTIVITY = {
    "salesforce": ObjectQuery("Opportunity", ("Name", "Amount", "CloseDate", "IsWon"), ("OpportunityContactRole",)),
    "hubspot": ObjectQuery("deals", ("dealname", "amount", "closedate", "hs_is_closed_won"), ("contacts",)),
}
READ = {
    "salesforce": ("FirstName", "LastName", "Email", "Title", "CreatedDate"),
    "hubspot": ("firstname", "lastname", "email", "createdate"),
}
AT = datetime(2026, 11, 1, tzinfo=UTC)


def fill(world: World, contacts: int) -> None:
    """So many contacts in each CRM, and a deal for every fifth, with its contact."""
    for number in range(contacts):
        name, email = f"Person {number}", f"person.{number}@example.org"
        one = world.org.insert("Contact", {"FirstName": "Ann", "LastName": name, "Email": email}, at=AT)
        other = world.portal.create("contacts", {"firstname": "Ann", "lastname": name, "email": email}, at=AT)
        if number % 5 == 0:
            values = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-03-12", "Amount": "120.50"}
            deal = world.org.insert("Opportunity", values, at=AT)
            world.org.insert("OpportunityContactRole", {"OpportunityId": deal, "ContactId": one}, at=AT)
            own = {"dealname": "Deal", "pipeline": "default", "dealstage": "closedwon", "amount": "120.50"}
            deal = world.portal.create("deals", own, at=AT)
            world.portal.associate("deals", deal, "contacts", other)


def serve(contacts: int, pipe: Any) -> None:
    """The sandbox's process: fills itself, says its address, and ends when told to."""
    world = World()
    fill(world, contacts)
    world.org.usage.limit = 100_000_000
    with Server(create_app(world)) as server:
        pipe.send(server.url)
        pipe.recv()


@contextmanager
def sandbox(contacts: int) -> Iterator[Remote]:
    """A filled sandbox in another process."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(contacts, there), daemon=True)
    process.start()
    remote = Remote(here.recv())
    remote.now()
    try:
        yield remote
    finally:
        here.send(None)
        process.join(10)
        remote.close()


def opened(crm: str, remote: Remote) -> CrmConnector:
    """A connector with the whole day to spend."""
    settings = settings_model(crm)(url=remote.url, share_of_day=1.0, **SETTINGS[crm])
    return connect(crm, settings, time=remote)


def asked(remote: Remote, crm: str) -> dict[str, int]:
    """Calls since the last look, by kind, without polls of jobs and tokens."""
    counts = dict(remote.requests().get(crm, {}))
    requests.delete(f"{remote.url}/sandbox/requests", timeout=60)
    return counts


def measured(work: Callable[[], int]) -> tuple[int, float, float]:
    """What `work` says, our CPU seconds, and the peak of our memory so far in MB."""
    before = time.process_time()
    done = work()
    return done, time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(contacts: int) -> list[dict[str, Any]]:
    """All measurements; a line each."""
    lines: list[dict[str, Any]] = []

    def note(what: str, **figures: Any) -> None:
        lines.append({"what": what, **figures})
        print(what, " ".join(f"{name}={figure}" for name, figure in figures.items()), flush=True)

    with sandbox(contacts) as remote:
        for crm in ("salesforce", "hubspot"):
            note_crm(crm, remote, note)
    return lines


def note_crm(crm: str, remote: Remote, note: Callable[..., None]) -> None:
    """First read, first write, and a run in which nothing changed, for one CRM."""
    fields = FieldSet(CONTACT[crm], "bonus malus", "Bonus-Malus", SPECS)
    people = ObjectQuery(CONTACT[crm], READ[crm], ours=fields)
    setup = opened(crm, remote)
    setup.apply_fields(fields)
    setup.close()
    remote.sleep(3600)
    end = remote.now() - timedelta(minutes=10)
    ids: list[str] = []
    for query in (people, ACTIVITY[crm]):
        remote.sleep(10)  # each phase has the account to itself
        connector = opened(crm, remote)
        asked(remote, crm)

        def read(query: ObjectQuery = query, connector: CrmConnector = connector) -> int:
            count = 0
            for page in connector.changes(query, Window(None, end)):
                count += len(page.records)
                if query is people:
                    ids.extend(record.id for record in page.records)
            return count

        count, cpu, peak = measured(read)
        calls = asked(remote, crm)
        note(
            f"{crm}: first read of {query.object}",
            records=count,
            calls=sum(calls.values()) - calls.get("job poll", 0) - calls.get("token", 0),
            polls=calls.get("job poll", 0),
            least=least(crm, count, links=bool(query.links)),
            cpu=f"{cpu:.2f}s",
            peak=f"{peak:.0f}MB",
            kinds=json.dumps(calls),
        )
        connector.close()
    remote.sleep(10)
    connector = opened(crm, remote)
    values = {"coefficient": Decimal("0.95"), "points": Decimal(340), "reasons": "12 orders paid: +120 points. " * 8}
    started = remote.now()

    def write() -> int:
        outcomes = connector.write(fields, (Update(id_, values) for id_ in ids))
        return sum(outcome.kind is OutcomeKind.WRITTEN for outcome in outcomes)

    count, cpu, peak = measured(write)
    calls = asked(remote, crm)
    took = (remote.now() - started).total_seconds()
    spent = sum(calls.values())
    note(
        f"{crm}: first write",
        written=count,
        calls=spent - calls.get("job poll", 0) - calls.get("token", 0),
        rows_by_100=math.ceil(count / 100),
        rate=f"{spent / took * 10:.1f} calls/10s" if took else "-",
        cpu=f"{cpu:.2f}s",
        peak=f"{peak:.0f}MB",
        kinds=json.dumps(calls),
    )
    connector.close()
    remote.sleep(86_400)
    quiet(crm, remote, fields, people, note)


def quiet(crm: str, remote: Remote, fields: FieldSet, people: ObjectQuery, note: Callable[..., None]) -> None:
    """A run in which nothing changed."""
    connector = opened(crm, remote)
    now = remote.now()
    asked(remote, crm)
    queries = [people, ACTIVITY[crm]]
    connector.account()
    connector.check(queries, fields)
    for query in queries:
        window = Window(now - timedelta(minutes=35), now - timedelta(minutes=10))
        for _ in connector.changes(query, window):
            pass
    calls = asked(remote, crm)
    note(
        f"{crm}: a run in which nothing changed",
        calls=sum(calls.values()) - calls.get("token", 0),
        allowed=4 * len(queries) + 6,
        kinds=json.dumps(calls),
    )
    connector.close()


def least(crm: str, count: int, *, links: bool) -> int:
    """The fewest calls that could bring so many records."""
    if crm == "salesforce":
        return math.ceil(count / 25_000) * (2 if links else 1) + 12
    return math.ceil(count / 100) + (math.ceil(count / 1_000) if links else 0)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    found = main(int(words[0]) if words else 20_000)
    if "--json" in sys.argv:
        print(json.dumps(found))
