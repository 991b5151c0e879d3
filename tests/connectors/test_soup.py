"""With faults on every tenth call, both CRMs end as they do without; all fifty seeds are `make soup`."""

from collections.abc import Sequence
from typing import Any

import pytest

from bench import soup
from bench.soup import Play, differences, play


@pytest.fixture(scope="module")
def calm() -> Play:
    return play(None, customers=60)


def test_the_story_writes_what_it_can_be_judged_by(calm: Play):
    assert calm.struck == 0
    coefficients = [value for values in calm.values.values() for name, value in values.items() if "oefficient" in name]
    assert len(coefficients) > 50
    assert len(set(coefficients)) > 3


@pytest.mark.parametrize("seed", [6, 8])
def test_the_crms_end_alike_whatever_faults_are_drawn(calm: Play, seed: int):
    wild = play(seed, customers=60)
    assert wild.struck > 10
    assert differences(calm, wild) == []


def first_fill(plan: Any, before: Sequence[Any] = (), after: Sequence[Any] = ()) -> tuple[Any, Play]:
    """A first run under faults that do not pass, its report, and where the runs after the repair end."""
    with soup.stage(40) as (world, remote, sources, job):
        remote.set(soup.FIRST)
        remote.sleep(7200)
        for event in before:
            remote.events([event])
        if plan:
            world.faults.switch(plan)
        report = soup.once(job, sources)
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
