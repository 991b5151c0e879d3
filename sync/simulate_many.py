"""The same over many: both sides in columns, by the engine; whom the columns do not tell whole is left out."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from queue import Queue
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scoring.engine import Part, score_parts
from scoring.price import ONE, is_priced
from scoring.review import YEAR, add_months
from scoring.rules import Programme
from scoring.standing import standing
from sync import many
from sync.ledger import Ledger, arrow, columns, database, results, scored
from sync.ledger.population import living
from sync.simulation import ROWS, Change, Ordered, Side, Simulation, weight

NOTHING = pa.scalar(Decimal(0), columns.EVENTS.field("amount").type)
EXACT = 10_000  # a price factor in whole ten-thousandths, as `scoring.price` has it
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Everybody:
    """Whom a simulation is about: the subjects whom the columns tell whole, in the order of their numbers."""

    ledger: Ledger
    programme: int
    subjects: pa.Table

    @classmethod
    def of(cls, ledger: Ledger, name: str, correction_years: int) -> "Everybody":
        """All living ones but those about whom people decided or who were corrected late."""
        with ledger.begin() as tx:
            apart = pa.array(sorted(scored.by_hand(tx, correction_years)), pa.int64())
            everybody = pa.array(living(tx, name), pa.int64())
            programme = database.programme(tx, name).id
        return cls(ledger, programme, pa.table({"subject": everybody.filter(pc.invert(pc.is_in(everybody, apart)))}))

    def under(self, rules: Programme, day: date, met: "Met | None" = None) -> pa.Table:
        """Their standings under one set of rules, in their order; `met` watches what is read."""
        unread = standing((), rules, day)  # stands for those that the engine leaves to the plain reading
        with ExitStack() as stack:
            readers: arrow.Readers = Queue()
            threads = 1 if self.ledger.private else many.THREADS
            for _ in range(threads):
                readers.put(stack.enter_context(arrow.reader(self.ledger)))
            executor = stack.enter_context(ThreadPoolExecutor(threads)) if threads > 1 else None
            source = columns.Source.of(self.ledger, self.programme, rules.takes_back.values())
            ask = readers.get()
            source.learn(ask)
            readers.put(ask)

            def tables() -> Iterator[pa.Table]:
                parts = source.parts(readers)
                if met is not None:
                    parts = [met.watch(n, part, self.subjects["subject"]) for n, part in enumerate(parts)]
                return score_parts(parts, self.subjects, rules, day, unread=unread, executor=executor)

            return pa.concat_tables(many.complete(source, tables))


@dataclass(slots=True)
class Met:
    """What a reading of the signals met beside standings: names of signals, sums of what was ordered in a year."""

    exposure: tuple[str, ...]
    day: date
    names: set[str] = field(default_factory=set)
    sums: dict[int, pa.Table] = field(default_factory=dict)  # by piece: one may be read more than once

    def watch(self, number: int, part: Part, subjects: Any) -> Part:
        """The same piece; what is read of these subjects is met on the way."""
        orders, since, until = pa.array(self.exposure), pa.scalar(add_months(self.day, -YEAR)), pa.scalar(self.day)

        def read() -> pa.Table:
            table = part.read()
            mine = table.filter(pc.is_in(table["subject"], subjects)).cast(columns.EVENTS)
            self.names.update(pc.unique(mine["signal"]).to_pylist())
            late = pc.and_(pc.greater(mine["on"], since), pc.less_equal(mine["on"], until))
            worth = pc.greater(mine["amount"], NOTHING)
            paid = mine.filter(pc.and_(pc.and_(late, worth), pc.is_in(mine["signal"], orders)))
            self.sums[number] = paid.group_by(["subject", "currency"]).aggregate([("amount", "sum")])
            return table

        return Part(part.rows, part.schema, read)


def simulate_many(ledger: Ledger, name: str, present: Programme, other: Programme, found: Simulation) -> Met:
    """Count everybody whom the engine can tell; `found.counted` says who they are."""
    everybody = Everybody.of(ledger, name, min(present.rules.correction_years, other.rules.correction_years))
    met = Met(present.exposure, found.day)
    sides = everybody.under(present, found.day, met), everybody.under(other, found.day)
    told = pc.invert(pc.or_(sides[0]["plain"], sides[1]["plain"]))
    before, after = (scored.plain_columns(side.filter(told)) for side in sides)
    found.counted = frozenset(before["subject"].to_pylist())
    factors = [_factors(before, present), _factors(after, other)]
    _count(found.before, before, present, factors[0])
    _count(found.after, after, other, factors[1])
    pairs = pa.table({"before": before["tier"], "after": after["tier"]}).group_by(["before", "after"])
    for row in pairs.aggregate([([], "count_all")]).to_pylist():
        found.moves[row["before"], row["after"]] += row["count_all"]
    found.other_coefficient += pc.sum(pc.not_equal(before["coefficient"], after["coefficient"])).as_py() or 0
    _value(found, met, before["subject"].to_numpy(), factors)
    _name(ledger, found, before, after)
    return met


def _count(side: Side, table: pa.Table, rules: Programme, factors: Ints) -> None:
    side.coefficients.update(_counts(table["coefficient"]))
    side.tiers.update(_counts(table["tier"]))
    side.factors += Decimal(int(factors.sum())) / EXACT
    side.attention += pc.sum(pc.greater(table["coefficient"], rules.attention)).as_py() or 0


def _factors(side: pa.Table, rules: Programme) -> Ints:
    """Each price factor: coefficient x (1 - discount) within its bounds, in ten-thousandths (`price.adjustment`)."""
    left = {tier.name: 100 - tier.discount for tier in rules.tiers}
    names = pc.unique(side["tier"])
    discounts = np.array([left[name] for name in names.to_pylist()], np.int64)
    worth = side["coefficient"].to_numpy().astype(np.int64) if is_priced(rules) else ONE
    exact = worth * discounts[pc.index_in(side["tier"], names).to_numpy()]
    found: Ints = np.clip(exact, rules.price_floor * 100, rules.price_cap * 100)
    return found


def _counts(column: Any) -> Counter[Any]:
    return Counter({each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist()})


def _value(found: Simulation, met: Met, subjects: Ints, factors: list[Ints]) -> None:
    """What was ordered, and what the price factors of either side would make of it."""
    if not met.sums or not len(subjects):
        return
    sums = pa.concat_tables(met.sums.values()).group_by(["subject", "currency"]).aggregate([("amount_sum", "sum")])
    sums = sums.filter(pc.is_in(sums["subject"], pa.array(subjects)))
    places = np.searchsorted(subjects, sums["subject"].to_numpy())
    before, after = (each[places].tolist() for each in factors)
    amounts, currencies = sums["amount_sum_sum"].to_pylist(), sums["currency"].to_pylist()
    for currency, amount, was, would in zip(currencies, amounts, before, after, strict=True):
        total = found.ordered.setdefault(currency or "", Ordered())
        total.value += amount
        total.before += amount * was / EXACT
        total.after += amount * would / EXACT


def _name(ledger: Ledger, found: Simulation, before: pa.Table, after: pa.Table) -> None:
    """Those who would move most."""
    tier = np.asarray(pc.not_equal(before["tier"], after["tier"]))
    by = np.abs(before["coefficient"].to_numpy().astype(np.int64) - after["coefficient"].to_numpy())
    subjects = before["subject"].to_numpy()
    places = np.lexsort((subjects, -by, ~tier))[:ROWS]
    chosen = pa.array([place for place in places.tolist() if tier[place] or by[place]], pa.int64())
    with ledger.begin() as tx:
        records = results.first_records(tx, subjects[chosen].tolist())
    sides = [[(row["coefficient"], row["tier"], row["points"]) for row in side.take(chosen).to_pylist()]
             for side in (before, after)]  # fmt: skip
    named = zip(subjects[chosen].tolist(), *sides, strict=True)
    changes = [Change(records[subject], was, would, subject) for subject, was, would in named]
    found.changes = sorted([*found.changes, *changes], key=weight)[:ROWS]
