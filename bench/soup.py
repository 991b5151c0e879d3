"""Fault soup: a story played twice, with and without faults on every tenth call; the CRMs must end alike.

    python bench/soup.py [FIRST LAST]

World events (edits, merges, deletions, a field that vanishes and comes back) are the same in both plays. Transport
faults are drawn by the seed. What is compared at the end is every one of our fields on every contact of both CRMs,
but for the instant of computing.
"""

import logging
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from config.mappingfile import load_mapping, mapping_path
from config.rulefile import load_programme
from connectors import connect, settings_model
from connectors.protocol import OutcomeKind
from sandbox.app import World, create_app
from sandbox.company import Company, populate
from sandbox.remote import Remote
from sandbox.server import Server
from sync.fields import field_set
from sync.job import Job, Slow, Source
from sync.ledger import Ledger
from sync.progress import LedgerProgress
from sync.report import Report
from sync.run import run

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    # Bulk from its least number on, so that few customers meet it too.
    "salesforce": {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "bulk_from": 200},
    "hubspot": {"token": "sandbox-token"},
}
FIRST = datetime(2026, 11, 23, 8, tzinfo=UTC)
MOST_RUNS = 40  # to get through one stage

# A tenth of all calls: the shares of one CRM add up, and those that fit few calls are on top.
TRANSPORT = (
    {"does": "reset", "when": "before", "share": 0.015},
    {"does": "reset", "when": "after", "share": 0.015},
    {"does": "reset", "when": "body", "share": 0.015},
    {"does": "truncate", "share": 0.015},
    {"does": "page", "share": 0.015},
    {"does": "empty", "share": 0.008},
    {"does": "garbage", "share": 0.008},
    {"does": "status", "status": 503, "share": 0.008},
    {"does": "status", "status": 500, "done": True, "share": 0.008},
    {"does": "truncate", "at": "row", "kind": "query results", "share": 0.1},
)
OWN = (
    {"does": "refuse", "crm": "salesforce", "code": "CONCURRENT_REQUESTS", "share": 0.005},
    {"does": "unauthorized", "crm": "salesforce", "share": 0.005},
    {"does": "refuse", "crm": "salesforce", "code": "UNKNOWN_EXCEPTION", "share": 0.005},
    {"does": "rate", "crm": "hubspot", "policy": "SECONDLY", "share": 0.005},
    {"does": "rate", "crm": "hubspot", "policy": "TEN_SECONDLY_ROLLING", "retry_after": 3, "share": 0.005},
    {"does": "nothing", "crm": "hubspot", "kind": ["batch update", "batch read", "associations"], "share": 0.03},
    {"does": "partial", "crm": "hubspot", "kind": "batch update", "share": 0.1},
    {"does": "short_page", "crm": "hubspot", "kind": "search", "share": 0.1},
)
RULES = (
    {"does": "lock", "object": "Contact", "share": 0.1, "tries": 2},
    {"does": "unordered"},
    {"does": "slow", "looks": 3},
)


@dataclass
class Play:
    """One play of the story: what the CRMs hold at its end, and what it took."""

    values: dict[str, dict[str, Any]]
    runs: int = 0
    calls: int = 0
    struck: int = 0


def play(seed: int | None, *, customers: int = 180) -> Play:
    """The whole story; without a seed nothing goes wrong.

    Raises `AssertionError` when a stage does not get done.
    """
    with stage(customers) as (world, remote, sources, job):
        done = Play({})
        if seed is not None:
            plan = {"seed": seed, "fault": [*TRANSPORT, *OWN], "rule": list(RULES)}
            world.faults.switch(plan)
        for number, events in enumerate([[], *_events(world)]):
            remote.set(FIRST + timedelta(days=3 * number))
            for event in events:
                remote.events([event])
            remote.sleep(2 * 3600)  # indexes and commits have settled
            for _ in range(MOST_RUNS):
                report = once(job, sources)
                done.runs += 1
                if report.state == "done" and not _waiting(report):
                    break
                remote.sleep(600)
            else:
                messages = {name: each.message for name, each in report.connections.items()}
                raise AssertionError(f"seed {seed}, stage {number}: {report.state} after {MOST_RUNS} runs: {messages}")
        done.calls = sum(sum(each.values()) for each in remote.requests().values())
        done.struck = sum(each.get("struck", 0) for each in world.faults.report()["fault"])
        done.values = values(world)
    return done


@contextmanager
def stage(customers: int) -> Iterator[tuple[World, Remote, Any, Any]]:
    """A company in a sandbox: its world, its clock, connectors made anew for each run, and a job with a ledger."""
    world = World()
    populate(world, Company(seed=5, customers=customers))
    with Server(create_app(world)) as server, tempfile.TemporaryDirectory() as folder:
        remote = Remote(server.url)
        remote.now()

        def sources() -> dict[str, Source]:
            made = {}
            for crm, settings in SETTINGS.items():
                programme = load_programme("customers", at=remote.now().date())
                mapping = load_mapping(mapping_path(crm, beside=Path()), crm=crm, programme=programme)
                mapping = mapping.only(frozenset(name for name, on in programme.signals.items() if on))
                model = settings_model(crm)
                progress = LedgerProgress()
                connector = connect(
                    crm, model(url=server.url, share_of_day=1, **settings), time=remote, progress=progress
                )
                made[crm] = Source(connector, crm, mapping, crm, progress)
            return made

        def job(made: Mapping[str, Source], ledger: Ledger) -> Job:
            return Job(
                programme="customers",
                programme_at=lambda day: load_programme("customers", at=day),
                sources=made,
                ledger=ledger,
                now=remote.now,
                slow=Slow(),
            )

        ledger = Ledger.open("ledger.db", beside=Path(folder))
        programme = load_programme("customers", at=remote.now().date())
        for crm, source in sources().items():
            texts = job({}, ledger).texts("en")
            source.connector.apply_fields(field_set(programme, source.mapping.subject.object, texts))
            source.connector.close()
            del crm
        try:
            yield world, remote, sources, lambda made: job(made, ledger)
        finally:
            ledger.close()
            remote.close()


def once(job: Any, sources: Any) -> Report:
    """One run, with connectors of its own."""
    made = sources()
    try:
        return run(job(made))
    finally:
        for source in made.values():
            source.connector.close()


def _waiting(report: Report) -> int:
    return sum(each.outcomes[OutcomeKind.RETRY] for each in report.connections.values())


def _events(world: World) -> Iterator[list[dict[str, Any]]]:
    """What happens between the runs; records are taken by their place, so that both plays take the same."""
    people = sorted(row["Id"] for row in world.org.rows("Contact"))
    deals = sorted(row["Id"] for row in world.org.rows("Opportunity"))
    contacts = sorted(_contacts(world), key=int)
    yield [
        *(
            {"crm": "salesforce", "do": "update", "object": "Contact", "id": id_, "values": {"Title": "Head"}}
            for id_ in people[:9]
        ),
        {"crm": "salesforce", "do": "merge", "object": "Contact", "id": people[10], "losers": [people[11]]},
        {"crm": "salesforce", "do": "delete", "object": "Contact", "id": people[12]},
        {"crm": "salesforce", "do": "delete", "object": "Opportunity", "id": deals[3]},
        {"crm": "hubspot", "do": "merge", "object": "contacts", "id": contacts[4], "other": contacts[5]},
        {"crm": "hubspot", "do": "archive", "object": "contacts", "id": contacts[6]},
        {"crm": "hubspot", "do": "update", "object": "contacts", "id": contacts[7], "values": {"lastname": "Ferrand"}},
    ]  # fmt: skip
    yield [
        {"crm": "salesforce", "do": "undelete", "object": "Opportunity", "id": deals[3]},
        {
            "crm": "salesforce", "do": "update", "object": "Opportunity", "id": deals[5],
            "values": {"StageName": "Closed Lost"},
        },
        {"crm": "salesforce", "do": "sign_out"},
        {"crm": "hubspot", "do": "gdpr_delete", "id": contacts[9]},
    ]  # fmt: skip


def _contacts(world: World) -> list[str]:
    return [str(row["hs_object_id"]) for row in world.portal.rows("contacts")]


def values(world: World) -> dict[str, dict[str, Any]]:
    """Our fields on every contact of both CRMs, but for when they were computed."""
    held: dict[str, dict[str, Any]] = {}
    for row in world.org.rows("Contact"):
        own = {name: value for name, value in row.items() if name.startswith("BonusMalus_")}
        held[f"salesforce:{row['Id']}"] = {name: own[name] for name in own if name != "BonusMalus_Computed_At__c"}
    for row in world.portal.rows("contacts"):
        own = {name: value for name, value in row.items() if name.startswith("bonus_malus_") and value}
        held[f"hubspot:{row['hs_object_id']}"] = {name: own[name] for name in own if name != "bonus_malus_computed_at"}
    return held


def differences(one: Play, other: Play) -> list[str]:
    """Where two plays end apart."""
    return [
        f"{record} {name}: {one.values.get(record, {}).get(name)!r} / {other.values.get(record, {}).get(name)!r}"
        for record in sorted({*one.values, *other.values})
        for name in sorted({*one.values.get(record, {}), *other.values.get(record, {})})
        if one.values.get(record, {}).get(name) != other.values.get(record, {}).get(name)
    ]


def main(first: int, last: int) -> int:
    """Play seeds `first` to `last`; the number of those that ended otherwise."""
    logging.basicConfig(level=logging.ERROR)
    calm = play(None)
    print(f"calm: {calm.runs} runs, {calm.calls} calls, {len(calm.values)} contacts", flush=True)
    failed = 0
    for seed in range(first, last + 1):
        try:
            wild = play(seed)
        except AssertionError as error:
            failed += 1
            print(f"FAIL {error}", flush=True)
            continue
        apart = differences(calm, wild)
        failed += bool(apart)
        verdict = "FAIL" if apart else "ok  "
        print(f"{verdict} seed {seed}: {wild.runs} runs, {wild.calls} calls, {wild.struck} struck", flush=True)
        for line in apart[:5]:
            print(f"       {line}")
    return failed


if __name__ == "__main__":
    bounds = [int(word) for word in sys.argv[1:]] or [1, 50]
    sys.exit(1 if main(bounds[0], bounds[-1]) else 0)
