"""The schedule: jobs from settings on APScheduler, nothing stored.

Each job is the same idempotent command that cron, systemd or Kubernetes may call: the lease in the ledger, and not the
scheduler, keeps two of them apart (OP02). Jobs are functions given here, with ids of their own (OP03); times are UTC,
where no hour is missing or comes twice (OP04); a run that comes late is run all the same, once (OP01).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from config import crontab


@dataclass(frozen=True, slots=True)
class Task:
    """A job: when, as five fields of a crontab in UTC, and what."""

    cron: str
    work: Callable[[], None]


def scheduler(tasks: Mapping[str, Task], *, jitter: int, skipped: Callable[[str], None]) -> BackgroundScheduler:
    """A scheduler that is not started yet; `skipped` is told the id of a job whose last run still goes on (OP05)."""
    made = BackgroundScheduler(
        timezone=UTC,
        # One thread a job: a long sync must not keep the others waiting, and never meets itself.
        executors={"default": ThreadPoolExecutor(max(1, len(tasks)))},
        job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
    )

    def heard(event: JobSubmissionEvent) -> None:
        skipped(event.job_id)

    made.add_listener(heard, EVENT_JOB_MAX_INSTANCES)
    for name, task in tasks.items():
        trigger = crontab.trigger(task.cron)
        trigger.jitter = jitter
        made.add_job(task.work, trigger, id=name, name=name)
    return made
