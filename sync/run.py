"""One sync, top to bottom: read, judge, score, compare, write, remember.

Kill it between any two requests: what was committed stands, the rest is read or written again by the next run, which
ends in the same state. Every page is one transaction with its contacts, their links and its signals; cursors move only
after the last page of a window; updates carry absolute values.
"""

from collections.abc import Mapping

from connectors.errors import CrmError
from sync import brake, carry, hold, lease, money
from sync.fields import field_set
from sync.fit import fit
from sync.job import Job
from sync.ledger import database, facts
from sync.opening import Opened, give_up, opened, state_of
from sync.read import Reading, read
from sync.report import Report
from sync.score import score
from sync.show import Shown, is_first, pending, show
from sync.slow import go_on
from sync.withheld import Withheld

SHOWN_LINES = 10  # of a file, that a note names


def run(job: Job) -> Report:
    """One run over every connection of a programme.

    A CRM that fails is reported (`Report.connections[…].state`) and does not hold up the others, except during a first
    fill: nobody is scored on half of their history.

    Raises:
        LedgerError: the ledger cannot be used, or another run took over.
        ConfigError: the settings do not fit what the CRMs say of themselves.
    """
    with opened(job) as course:
        readings = _read(course)
        _learn(course, readings)
        if course.rows and _complete(course):
            score(course.job, course.entry(), course.programme, course.day, course.report)
            _show(course, readings)
        course.report.state = state_of(course.report)
    return course.report


def _read(course: Opened) -> dict[str, Reading]:
    """Steps 3 and 4, connection by connection; the readings that came to their end."""
    job, done = course.job, dict[str, Reading]()
    for name in course.rows:
        report = course.report.connections[name]
        try:
            reading = _prepare(course, name)
            read(job, reading, course.report)
            # What was just read whole needs no second look.
            if job.slow and not (job.dry or report.full or reading.entry.initial):
                go_on(job, reading, job.slow, course.report)
        except CrmError as error:
            give_up(report, error)
            continue
        with course.job.begin() as tx:
            if reading.entry.initial:
                database.mark_filled(tx, reading.entry.connection, course.now)
        done[name] = reading
    return done


def _prepare(course: Opened, name: str) -> Reading:
    job, source, row = course.job, course.job.sources[name], course.rows[name]
    report = course.report.connections[name]
    entry = course.entry(row.id, initial=row.filled is None)
    texts = job.texts(row.language)
    fields = field_set(course.programme, source.mapping.subject.object, texts, job.prefix)
    mapping = fit(job, source, fields, row.id, report)
    with job.begin() as tx:
        if row.mapping != source.mapping_digest:
            lease.beside(tx, entry.programme)
            database.reset_cursors(tx, row.id, source.mapping_digest)
            facts.withdraw_others(tx, entry, (*mapping.objects, carry.OBJECT))
            if row.mapping is not None:
                report.warnings.append("the mapping is another one: everything is read and judged again")
        report.full = job.full or row.mapping != source.mapping_digest
        withheld = Withheld.of(tx, course.programme_id)
    return Reading(
        name, source, mapping, fields, entry, course.zone, course.horizon, course.now, texts, course.programme, withheld
    )


def _learn(course: Opened, readings: Mapping[str, Reading]) -> None:
    """What the files that the settings name say beside the CRMs: what was carried over, and rates."""
    job, programme, found = course.job, course.programme, set[int]()
    for name, reading in readings.items():
        opens = next((signal for signal in programme.openings if programme.signals[signal]), "")
        place = carry.Place(name, opens, course.horizon)
        with job.begin() as tx:
            lease.alone(tx, course.programme_id)
            found |= carry.carry_over(tx, reading.entry, place, job.openings)
    lost = [row.line for row in job.openings if row.line not in found]
    if lost and len(readings) == len(job.sources):
        lines = ", ".join(map(str, lost[:SHOWN_LINES])) + (", …" if len(lost) > SHOWN_LINES else "")
        course.report.notes.append(f"openings: nobody in the CRMs is meant by line {lines}")
    if job.rates is not None and programme.currency:
        with job.begin() as tx:
            lease.alone(tx, course.programme_id)
            money.learn(tx, course.entry(), job.rates, programme.currency, course.horizon)


def _complete(course: Opened) -> bool:
    """Whether every connection has been read whole at least once."""
    with course.job.begin() as tx:
        filled = database.filled(tx, course.programme_id)
    unfilled = [name for name in course.job.connections or course.job.sources if name not in filled]
    if unfilled:
        course.report.notes.append(f"nobody is scored before {', '.join(unfilled)} has been read whole once")
    return not unfilled


def _show(course: Opened, readings: Mapping[str, Reading]) -> None:
    """Step 7, connection by connection: not where it is on hold, and nothing at all before a person has looked."""
    job, report = course.job, course.report
    with job.begin() as tx:
        held = {name: why for name in readings if (why := hold.why(tx, course.rows[name].id, job.command))}
    for name, why in held.items():
        if job.dry:  # what is to come of `resume` can be seen before it is said
            report.connections[name].warnings.append(f"{why}, and then this would be written")
            continue
        report.connections[name].state = "held"
        report.connections[name].message = why
    free = {name: reading for name, reading in readings.items() if job.dry or name not in held}
    with job.begin() as tx:
        shown = {name: Shown.of(tx, course.rows[name].id) for name in free}
    living = {name: each.living for name, each in shown.items()}
    if job.brake is not None and not job.dry:
        few = sum(each.apart for each in shown.values()) <= job.brake.least  # of all together: nobody will be asked
        changes = {name: pending(job, reading, shown[name], roughly=few) for name, reading in free.items()}
        intent = _intent(course, changes, living)
        report.intent = intent.id
        if why := brake.objection(job.brake, intent, job.command):
            for name in free:
                report.connections[name].state, report.connections[name].message = "asked", why
            return
    for name, reading in free.items():
        try:
            show(job, reading, shown[name], report.connections[name])
        except CrmError as error:
            give_up(report.connections[name], error)
    if job.dry:
        changes = {name: report.connections[name].outcomes["would write"] for name in free}
        report.intent = _intent(course, changes, living).id


def _intent(course: Opened, changes: Mapping[str, int], living: Mapping[str, int]) -> brake.Intent:
    with course.job.begin() as tx:
        ids = {name: course.rows[name].id for name in changes}
        first = tuple(name for name, id_ in ids.items() if changes[name] and is_first(tx, id_))
    return brake.Intent(
        sum(changes.values()),
        sum(living.values()),
        first,
        _basis(course),
        first_changes=sum(changes[name] for name in first),
        first_living=sum(living[name] for name in first),
    )


def _basis(course: Opened) -> str:
    """Rules, mappings, accounts, and every setting that makes a number or a text another one."""
    job = course.job
    accounts = sorted(f"{name} {row.account} {job.sources[name].mapping_digest}" for name, row in course.rows.items())
    return brake.basis(
        course.programme.label, accounts, job.language, job.prefix, course.zone.key, job.history_years, job.openings
    )
