"""With faults on every tenth call, both CRMs end as they do without; all fifty seeds are `make soup`."""

from collections.abc import Sequence
from typing import Any

import pytest

from bench import soup
from bench.soup import Play, differences, play
from sandbox.faults.fault import ACTIONS
from sandbox.faults.rule import RULES


@pytest.fixture(scope="module")
def calm() -> Play:
    return play(None, customers=60)


def test_the_story_writes_what_it_can_be_judged_by(calm: Play):
    assert calm.struck == 0
    coefficients = [value for values in calm.values.values() for name, value in values.items() if "oefficient" in name]
    assert len(coefficients) > 50
    assert len(set(coefficients)) > 3


@pytest.mark.parametrize("seed", [6, 8])
def test_te03_the_crms_end_alike_whatever_faults_are_drawn(calm: Play, seed: int):
    wild = play(seed, customers=60)
    assert wild.struck > 10
    assert differences(calm, wild) == []


def first_fill(plan: Any, before: Sequence[Any] = (), after: Sequence[Any] = (), *, runs: int = 1) -> tuple[Any, Play]:
    """The first of some runs under faults, as reported, and where the runs end that come after them."""
    with soup.stage(40) as (world, remote, sources, job):
        remote.set(soup.FIRST)
        remote.sleep(7200)
        for event in before:
            remote.events([event])
        if plan:
            world.faults.switch(plan)
        report = soup.once(job, sources)
        for _ in range(1, runs):
            remote.sleep(600)
            soup.once(job, sources)
        assert all(fault["struck"] for fault in world.faults.report()["fault"])
        world.faults.clear()
        for event in after:
            remote.events([event])
        remote.sleep(86_400)
        for _ in range(3):
            last = soup.once(job, sources)
        assert last.state == "done"
        return report, Play(soup.values(world))


@pytest.fixture(scope="module")
def right() -> Play:
    return first_fill(None)[1]


RARE = (  # what the soup has not
    {"does": "latency", "seconds": 60, "every": 9},
    {"does": "hang", "nth": [5]},
    {"does": "headers", "drop": ["Date", "Content-Type"], "say": {"Sforce-Limit-Info": "much"}, "every": 2},
    {"does": "reject", "kind": "batch update"},
    {"does": "empty_page", "crm": "hubspot", "times": 2},
    {"does": "repeated_after", "crm": "hubspot", "times": 2},
    {"does": "total", "kind": "search"},
    {"does": "script", "crm": "salesforce", "nth": [9], "events": [{"crm": "salesforce", "do": "sign_out"}]},
    {"does": "trigger", "object": "Contact", "rows": 5},
    {"does": "validation", "object": "Contact", "field": "Title", "forbids": [None]},
    {"does": "duplicate", "object": "Contact", "field": "LastName"},
    {"does": "require", "object": "contacts", "requires": "jobtitle"},
    {"does": "lag", "seconds": 3600},
    {"does": "rotate"},
)


@pytest.mark.parametrize("fault", RARE, ids=lambda fault: fault["does"])
def test_te03_after_a_run_under_a_fault_of_any_kind_the_crms_end_as_without_it(
    fault: Any, right: Play, monkeypatch: pytest.MonkeyPatch
):
    for module in ("connectors.salesforce.adapter", "connectors.hubspot.session"):
        monkeypatch.setattr(f"{module}.READ_TIMEOUT", 0.5)  # nobody waits two minutes for an answer that never comes
    kind = "rule" if fault["does"] in RULES else "fault"
    _, repaired = first_fill({"seed": 1, kind: [fault]}, runs=2)
    assert differences(right, repaired) == []


def test_te03_there_is_no_fault_under_which_no_sync_was_run():
    played = {each["does"] for each in (*soup.TRANSPORT, *soup.OWN, *soup.RULES, *RARE)}
    assert played == {*ACTIONS, *RULES}


SCOPE = {"crm": "hubspot", "scope": "crm.objects.contacts.read"}


@pytest.mark.parametrize(
    ("crm", "fault", "before", "after", "words"),
    [
        ("salesforce", {"does": "unauthorized", "crm": "salesforce"}, (), (), "refused"),
        ("salesforce", {"does": "refuse", "crm": "salesforce", "code": "TOTAL_REQUESTS"}, (), (), "calls"),
        ("hubspot", {"does": "rate", "crm": "hubspot", "policy": "DAILY"}, (), (), "midnight"),
        ("hubspot", None, [SCOPE | {"do": "withdraw_scope"}], [SCOPE | {"do": "grant_scope"}], "contacts.read"),
    ],
)
def test_a_fault_that_does_not_pass_stops_with_its_reason_and_the_run_after_the_repair_ends_right(
    crm: str, fault: Any, before: Any, after: Any, words: str, right: Play
):
    report, repaired = first_fill({"seed": 1, "fault": [fault]} if fault else None, before, after)
    assert report.state in ("failed", "try later")
    assert words in report.connections[crm].message
    assert differences(right, repaired) == []
