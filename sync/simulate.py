"""Other rules over everybody in the ledger, without writing anything: who would stand where, and what it would cost."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from scoring.line import Code
from scoring.review import YEAR, add_months
from scoring.rules import Programme
from scoring.signal import Signal
from scoring.standing import Standing, standing
from scoring.subject import Subject
from sync.decide import decisions_of
from sync.ledger import Ledger, database, past, results
from sync.ledger.population import living, pages
from sync.money import rates_for
from sync.score import is_worth
from sync.simulation import ROWS, Change, Ordered, Side, Simulation, weight

PAGE = 500  # subjects in memory at once

ONE = Decimal(1)


def simulate(ledger: Ledger, name: str, present: Programme, other: Programme, day: date) -> Simulation:
    """Everybody alive in the programme `name` under the present and the other rules, as of the end of `day`.

    Where they are many and the engine is installed and knows both sets of rules, it tells whom it can; the others are
    read plainly, a page of subjects at a time.
    """
    tiers = dict.fromkeys([*(tier.name for tier in present.tiers), *(tier.name for tier in other.tiers)])
    found = Simulation(day, Side(present.label), Side(other.label), tuple(tiers))
    seen = _by_the_engine(ledger, name, found, present, other)
    with ledger.begin() as tx:
        rates = rates_for(tx, database.programme(tx, name).id, present, other)
    for tx, page in pages(ledger, name, size=PAGE):
        subjects = [subject for subject in page if subject not in found.counted]
        moved: dict[int, tuple[Standing, Standing]] = {}
        decided = decisions_of(tx, subjects)
        for subject, signals in past.signals_of(tx, subjects).items():
            people = Subject(decisions=decided[subject])
            before, after = (standing(signals, rules, day, people, rates=rates) for rules in (present, other))
            in_force = [signal for signal in signals if not signal.withdrawn]
            seen.update(signal.name for signal in in_force)
            _count(found, before, after, _ordered(in_force, present, day))
            if (before.coefficient, before.tier) != (after.coefficient, after.tier):
                moved[subject] = (before, after)
        found.changes = sorted([*found.changes, *_named(tx, moved)], key=weight)[:ROWS]
    wanted = {*other.exposure, *other.incidents, *other.points} - {rule.name for rule in other.derived}
    found.unseen = tuple(sorted(signal for signal in wanted - seen if other.signals[signal]))
    return found


def _by_the_engine(ledger: Ledger, name: str, found: Simulation, present: Programme, other: Programme) -> set[str]:
    """Count whom the engine can tell, if that is worth its start; the signals that it met."""

    def people(most: int) -> int:
        with ledger.begin() as tx:
            return len(living(tx, name, limit=most))

    if not is_worth(people):
        return set()
    # Imported here, because it is an extra, and slow to load.
    from sync import many  # noqa: PLC0415 - see above
    from sync.simulate_many import simulate_many  # noqa: PLC0415 - as above

    if not (many.ready(present, found.day) and many.ready(other, found.day)):
        return set()
    return simulate_many(ledger, name, present, other, found).names


def _count(found: Simulation, before: Standing, after: Standing, ordered: dict[str, Decimal]) -> None:
    factors = price_factor(before), price_factor(after)
    found.before.add(before, factors[0])
    found.after.add(after, factors[1])
    found.moves[before.tier, after.tier] += 1
    found.other_coefficient += before.coefficient != after.coefficient
    for currency, value in ordered.items():
        total = found.ordered.setdefault(currency, Ordered())
        total.value += value
        total.before += value * factors[0]
        total.after += value * factors[1]


def price_factor(shown: Standing) -> Decimal:
    """Coefficient x (1 - discount) within its bounds, exact, as the lines of the standing have it."""
    factor = ONE
    for line in shown.lines:
        if line.code in (Code.PRICE, Code.PRICE_UNKNOWN, Code.PRICE_BOUNDED):
            factor = Decimal(line.values["exact"])  # type: ignore[arg-type] # all three hold a Decimal there
    return factor


def _ordered(signals: list[Signal], programme: Programme, day: date) -> dict[str, Decimal]:
    """What this subject ordered in the twelve months up to the day, by currency; "" where none is said."""
    since = add_months(day, -YEAR)
    found: dict[str, Decimal] = {}
    for signal in signals:
        if signal.name in programme.exposure and since < signal.on <= day and signal.amount:
            currency = signal.currency or ""
            found[currency] = found.get(currency, Decimal(0)) + signal.amount
    return found


def _named(tx: Connection, moved: dict[int, tuple[Standing, Standing]]) -> list[Change]:
    records = results.first_records(tx, list(moved))
    return [
        Change(records[subject], _numbers(before), _numbers(after), subject)
        for subject, (before, after) in moved.items()
    ]


def _numbers(shown: Standing) -> tuple[int, str, int]:
    return shown.coefficient, shown.tier, shown.points
