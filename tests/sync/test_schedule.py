"""The schedule: when jobs run, and what becomes of one whose time comes too early or too late. Nobody sleeps here."""

import itertools
import threading
from datetime import UTC, datetime

import pytest
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent

from sync.schedule import Task, scheduler


def nothing() -> None:
    """A job that has nothing to do."""


def made(cron="*/15 * * * *", jitter=0, skipped=lambda _: None):
    return scheduler({"sync": Task(cron, nothing)}, jitter=jitter, skipped=skipped)


@pytest.fixture
def paused():
    found = made()
    found.start(paused=True)
    yield found
    found.shutdown(wait=False)


def test_op01_a_late_run_is_run_all_the_same_and_only_once(paused):
    (job,) = paused.get_jobs()
    assert job.misfire_grace_time is None
    assert job.coalesce is True
    assert job.max_instances == 1


def test_op03_jobs_have_ids_of_their_own_and_are_stored_nowhere(paused):
    (job,) = paused.get_jobs()
    assert job.id == "sync"
    assert type(paused._jobstores["default"]).__name__ == "MemoryJobStore"


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])  # clocks change in Europe
def test_op04_no_run_is_skipped_or_doubled_when_clocks_change(paused, day):
    (job,) = paused.get_jobs()
    now = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    times, last = [], None
    for _ in range(96):
        last = job.trigger.get_next_fire_time(last, now if last is None else last)
        times.append(last)
    assert {(after - before).total_seconds() for before, after in itertools.pairwise(times)} == {900}
    assert all(each.tzinfo is not None and each.utcoffset() == UTC.utcoffset(each) for each in times)


def test_op05_a_job_whose_last_run_still_goes_on_is_told():
    told = []
    found = made(skipped=told.append)
    event = JobSubmissionEvent(EVENT_JOB_MAX_INSTANCES, "sync", "default", [datetime.now(UTC)])
    found._dispatch_event(event)
    assert told == ["sync"]


def test_a_job_whose_time_has_come_is_run():
    ran = threading.Event()
    found = scheduler({"sync": Task("0 0 1 1 *", ran.set)}, jitter=0, skipped=lambda _: None)
    found.start()
    try:
        found.modify_job("sync", next_run_time=datetime.now(UTC))
        assert ran.wait(20)
    finally:
        found.shutdown(wait=True)
