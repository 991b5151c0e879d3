"""The contests that were ever opened, where each stands, and whether it is still about an incident that there is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from scoring.decision import Contest, Decision, Kind, decided
from scoring.derived import DERIVED
from scoring.line import Code, Line
from scoring.rules import Programme
from sync.decide import decisions_of
from sync.ledger import schema
from sync.money import rates_for
from sync.standings import standings_of

_STATES = {Kind.CONTEST_OPEN: "open", Kind.CONTEST_ACCEPT: "accepted", Kind.CONTEST_REJECT: "rejected"}
_ABOUT = {
    Code.CONTEST_UNKNOWN: "nothing that counts",
    Code.CONTEST_LATE: "too late",
    Code.CONTEST_AHEAD: "not yet, from {on}",
}


@dataclass(frozen=True, slots=True)
class Contested:
    """One contest. `about` says why it changes nothing, or nothing yet; empty where it is about one that there is."""

    subject: int
    records: tuple[str, ...]  # connection:id, living ones first
    signal: str
    source: str
    state: str  # open, accepted, rejected
    since: date
    by: str
    why: str
    about: str
    is_derived: bool


def listed(
    tx: Connection, programme: str, rules: Programme, day: date, *, of: Collection[int] | None = None
) -> list[Contested]:
    """All of a programme, or of some subjects, those first that nobody has decided."""
    table = schema.programmes
    known = tx.execute(select(table.c.id).where(table.c.name == programme)).scalar_one_or_none()
    if known is None:
        return []
    subjects = [subject for subject in _subjects(tx, known) if of is None or subject in of]
    decisions = decisions_of(tx, subjects)
    shown = standings_of(tx, subjects, rules, day, rates=rates_for(tx, known, rules)) if subjects else {}
    found = [
        _contested(subject, _records(tx, subject), contest, shown[subject].lines)
        for subject in subjects
        for contest in _standing(decisions[subject], day)
    ]
    order = list(_STATES.values())
    return sorted(found, key=lambda each: (order.index(each.state), each.since, each.records, each.source))


def _standing(decisions: Sequence[Decision], day: date) -> list[Contest]:
    """Every contest as it stands at the end of a day; one that is to be opened later as it will be then."""
    then = decided(decisions, day).contests
    ever = decided(decisions, date.max).contests
    return [then.get(fact, Contest(contest.opened, contest.opened)) for fact, contest in ever.items()]


def without_object(found: Iterable[Contested]) -> list[Contested]:
    """Those of derived incidents that hold nothing any more: what they were about is another incident now, or none."""
    return [each for each in found if each.is_derived and each.about and each.state != "rejected"]


def _contested(subject: int, records: tuple[str, ...], contest: Contest, lines: Iterable[Line]) -> Contested:
    last = contest.last
    assert last.fact is not None  # noqa: S101 - a contest names a signal: `Decision` refuses one that does not
    source, name = last.fact
    told = (line for line in lines if line.code in _ABOUT)
    about = {(line.values["signal"], line.values["source"]): _ABOUT[line.code].format_map(line.values) for line in told}
    return Contested(
        subject,
        records,
        name,
        source.id,
        _STATES[last.kind],
        last.on,
        last.by,
        last.reason,
        about.get((name, source.id), ""),
        source.object == DERIVED,
    )


def _subjects(tx: Connection, programme: int) -> list[int]:
    decisions, contacts = schema.decisions, schema.contacts
    query = select(contacts.c.subject).join(decisions, decisions.c.contact == contacts.c.id).distinct()
    kinds = [kind.value for kind in _STATES]
    wanted = query.where(decisions.c.programme == programme, decisions.c.kind.in_(kinds))
    return sorted(tx.execute(wanted).scalars())


def _records(tx: Connection, subject: int) -> tuple[str, ...]:
    contacts, connections = schema.contacts, schema.connections
    query = select(connections.c.name, contacts.c.record).join(connections, connections.c.id == contacts.c.connection)
    rows = tx.execute(query.where(contacts.c.subject == subject).order_by(contacts.c.gone, contacts.c.id))
    return tuple(f"{row.name}:{row.record}" for row in rows)
