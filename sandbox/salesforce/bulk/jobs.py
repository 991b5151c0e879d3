"""The jobs of an org: how many a day may have, how fast they go, how long they are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sandbox.clock import Clock
from sandbox.salesforce.bulk.job import COMPLETE, ENDED, FAILED, UPLOADED, WORKING, Job
from sandbox.salesforce.errors import Refusal, not_found
from sandbox.salesforce.ids import long_id, number_id
from sandbox.salesforce.usage import Usage

KEPT = timedelta(days=7)
J = TypeVar("J", bound=Job)


@dataclass(slots=True)
class Pace:
    """How fast jobs are: done at the `looks`-th question, or `lasts` after the upload on the sandbox clock.

    Whichever comes first; None switches one of them off. A question does at most `rows` rows of work, so that a large
    job takes several, and none of them longer than a few seconds.
    """

    looks: int | None = 2
    lasts: timedelta | None = timedelta(minutes=1)
    rows: int = 100_000


class Jobs:
    """Every job, its daily allowances and its speed. `unsupported` names, in lower case, objects Bulk does not take."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._number = 0
        self.pace = Pace()
        self.queries = Usage(clock, 10_000)
        self.batches = Usage(clock, 15_000)
        self.unsupported = {
            "casestatus", "contractstatus", "orderstatus", "taskstatus", "taskpriority", "partnerrole",
            "solutionstatus", "acceptedeventrelation", "declinedeventrelation", "undecidedeventrelation",
            "recordtypelocalization", "knowledgearticleversion", "recentlyviewed",
        }  # fmt: skip

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()

    def new_id(self) -> str:
        """The id of the next job."""
        self._number += 1
        return number_id("750", self._number)

    def add(self, job: Job) -> None:
        """Keep a new job."""
        self._jobs[job.id] = job

    def all(self, kind: type[J]) -> list[J]:
        """Every job of a kind, the newest first."""
        self._forget()
        return [job for job in reversed(self._jobs.values()) if isinstance(job, kind)]

    def find(self, kind: type[J], job_id: str) -> J:
        """A job by its id; refused as an address that is not known."""
        self._forget()
        job = self._jobs.get(long_id(job_id) or "")
        if not isinstance(job, kind):
            raise not_found()
        return job

    def look(self, job: Job) -> None:
        """A question about a job, which moves it on when it is time."""
        if job.state not in {UPLOADED, WORKING}:
            return
        job.looks += 1
        asked = self.pace.looks is not None and job.looks >= self.pace.looks
        waited = self.pace.lasts is not None and self.now - (job.uploaded or job.created) >= self.pace.lasts
        if job.state == UPLOADED:
            job.turn(WORKING, self.now)
        if (asked or waited) and job.work(self.pace.rows):
            job.turn(COMPLETE if job.error is None else FAILED, self.now)

    def fail(self, message: str) -> None:
        """Every job under way fails, as after the service has tried too often; what it has done stays done."""
        for job in self._jobs.values():
            if job.state in {UPLOADED, WORKING}:
                job.error = message
                job.turn(FAILED, self.now)

    def drop(self, job: Job) -> None:
        """Delete a job that has ended, or has not begun."""
        if job.state == WORKING:
            message = "Job can only be deleted when it is in a terminal state or has not been processed yet"
            raise Refusal(400, "API_ERROR", message)
        del self._jobs[job.id]

    def _forget(self) -> None:
        limit = self.now - KEPT
        for job_id, job in list(self._jobs.items()):
            if job.created > limit:
                return
            if job.state in ENDED:
                del self._jobs[job_id]
