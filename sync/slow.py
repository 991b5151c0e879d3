"""The slow round: what moves no stamp (formulas, links, records restored), shown a slice at a time.

It has a schedule and a budget of its own, beside what changed: a slice at most every so many hours, of about so many
calls. A connector goes through all records of an object, at most once in its `round_days`, and then waits.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.errors import CrmError
from connectors.protocol import ObjectQuery
from sync.job import Job, Slow
from sync.read import Reading, enter, link, queries
from sync.report import ObjectReport, Report

LAST = "sync/slow"  # when a connection's last slice began


def go_on(job: Job, reading: Reading, slow: Slow, report: Report) -> None:
    """The next slice of one connection, if it is due; what it shows is judged and entered like any page.

    A CRM that stops answering here has been read all the same: it is said, and the next slice goes on.

    Raises:
        StoppedError: this run was asked to end.
    """
    kept = reading.source.progress
    last = kept.get(LAST)
    if last is not None and reading.now - datetime.fromisoformat(last) < timedelta(hours=slow.hours):
        return
    here = report.connections[reading.name]
    usage = reading.source.connector.usage
    before = usage().calls
    try:
        _slice(job, reading, slow.calls, queries(reading.mapping, reading.fields), report)
    except CrmError as error:
        here.warnings.append(f"slow round: {error}")
    here.slow_calls = usage().calls - before
    # Only now: whoever is killed in a slice leaves the rest of it to the next run, not to the next slice.
    kept.put(LAST, reading.now.isoformat())
    with job.begin() as tx:
        kept.keep(tx)


def _slice(job: Job, reading: Reading, calls: int, asked: Sequence[ObjectQuery], report: Report) -> None:
    """Objects in turn; what one leaves of its share, because its round is over, is the next one's."""
    connector, here = reading.source.connector, report.connections[reading.name]
    begun = connector.usage().calls
    for at, query in enumerate(asked):
        left = begun + calls - connector.usage().calls
        share = left // (len(asked) - at)
        if share < 1:
            continue
        found = here.slow.setdefault(query.object, ObjectReport())
        pages = connector.refresh(query, calls=share)
        doubtful = enter(job, reading, query.object, pages, report, found=found, changed=False)
        with job.begin() as tx:
            link(tx, reading, doubtful, report)
