"""The rows that the compiled loops leave to the plain reading, as signals and subjects again."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa

from scoring import kernel_columns
from scoring.engine_columns import BadTable, Part, Table, column
from scoring.engine_result import Labels, Result, blank, put, table
from scoring.opening import Opening
from scoring.rates import Rates
from scoring.rules import Programme
from scoring.signal import Liability, Signal, Source
from scoring.subject import Subject

if TYPE_CHECKING:
    from scoring.standing import Standing

Row: TypeAlias = Mapping[str, Any]
PlainReading: TypeAlias = Callable[[Row, Sequence[Row]], "Standing"]  # a subject's row and the rows of its events

EVENTS = (
    ("subject", pa.string()),
    ("on", pa.date32()),
    ("signal", pa.dictionary(pa.int16(), pa.string())),
    ("liability", pa.dictionary(pa.int8(), pa.string())),
    ("amount", pa.decimal128(38, 6)),
    ("source", pa.int64()),
    ("original", pa.int64()),
    ("currency", pa.string()),
    ("recorded", pa.timestamp("us", "UTC")),
    ("key", pa.string()),
    ("by_hand", pa.bool_()),
)


def events_table(histories: Mapping[str, Sequence[Signal]], zone: str = "UTC") -> Any:
    """The signals of each subject as a table of events; whatever was recorded, in that time zone.

    A signal that corrects another, or an amount with more than six decimals, marks its row for the plain reading.
    """
    columns: dict[str, list[Any]] = {name: [] for name, _ in EVENTS}
    for subject, signals in histories.items():
        ranks, records = _ranks(signals)
        for signal in signals:
            found = records.get((signal.source.connection, signal.original), [-1])
            scaled = None if signal.amount is None else signal.amount.quantize(Decimal("0.000001"))
            odd = signal.before is not None or signal.withdrawn or scaled != signal.amount or len(found) > 1
            row = (
                subject,
                signal.on,
                signal.name,
                str(signal.liability),
                scaled,
                ranks[signal.source],
                found[0] if signal.original else None,
                signal.currency,
                signal.recorded,
                signal.key or None,
                odd,
            )
            for values, value in zip(columns.values(), row, strict=True):
                values.append(value)
    kinds = dict(EVENTS) | {"recorded": pa.timestamp("us", zone)}
    return pa.table({name: pa.array(columns[name], kind) for name, kind in kinds.items()})


def plain_standing(
    subject: Row, events: Iterable[Row], programme: Programme, day: date, rates: Rates | None
) -> "Standing":
    """The plain reading of one subject's rows."""
    from scoring.standing import standing  # noqa: PLC0415 - and all that it reads with: most scorings need none of it

    rows = list(events)
    if not any("source" in row for row in rows):
        rows.sort(key=lambda row: (row["signal"], -1 if row.get("amount") is None else row["amount"]))
        rows = [{**row, "source": number} for number, row in enumerate(rows)]
    return standing([_signal(row) for row in rows], programme, day, _subject(subject), rates=rates)


@dataclass(frozen=True, slots=True)
class Target:
    """Where standings go: the places in a result, in the order of the subjects."""

    result: Result
    places: Sequence[int]
    labels: Labels
    tiers: Sequence[str]


def read_plainly(parts: Sequence[Part], subjects: Table, reading: PlainReading, target: Target) -> dict[int, str]:
    """Write the standings of some subjects to their places; returns their statuses by place."""
    import pyarrow.compute as pc  # noqa: PLC0415 - see engine_columns

    wanted = column(subjects, "subject")
    events: defaultdict[Any, list[Row]] = defaultdict(list)
    for part in parts:
        piece = part.read()
        own = column(piece, "subject")
        try:
            rows = piece.filter(pc.is_in(own, wanted.cast(own.type))).to_pylist()
        except OverflowError as error:  # years that Python has no days for
            raise BadTable(f"on: {error}") from error
        for row in rows:
            events[row["subject"]].append(row)
    statuses: dict[int, str] = {}
    for place, subject in zip(target.places, subjects.to_pylist(), strict=True):
        shown = reading(subject, events.get(subject["subject"], []))
        put(target.result, place, shown, target.labels, target.tiers)
        statuses[place] = str(shown.status)
    return statuses


def all_plain(
    parts: Sequence[Part], subjects: Table, programme: Programme, reading: PlainReading, *, outlook: bool
) -> Table:
    """The standings of everybody by the plain reading: the compiled loops do not know a rule of this programme."""
    rows = subjects.num_rows
    result, labels, tiers = blank(rows, outlook=outlook), Labels(("",)), [tier.name for tier in programme.tiers]
    result[:, kernel_columns.STATUS] = kernel_columns.PLAIN
    statuses = read_plainly(parts, subjects, reading, Target(result, range(rows), labels, tiers))
    return table(column(subjects, "subject"), result, statuses, labels, tiers)


def _signal(row: Row) -> Signal:
    amount, recorded, original = row.get("amount"), row.get("recorded"), row.get("original")
    return Signal(
        row["signal"],
        row["on"],
        _source(row["source"]),
        Liability(row.get("liability") or "none"),
        amount=None if amount is None else Decimal(amount),
        currency=row.get("currency"),
        original="" if original is None else _source(original).id,
        key=row.get("key") or "",
        recorded=recorded if isinstance(recorded, datetime) else None,
    )


def _source(number: int) -> Source:
    """Ids compare by length, then as text (HR06): as numbers, from 0 on; all below come first, in one order."""
    return Source("", "" if number < 0 else "event", str(number))


def _subject(row: Row) -> Subject:
    opening = None
    if row.get("opening"):
        opening = Opening(
            row["opening"],
            row.get("clean_periods") or 0,
            row.get("periods_at_floor") or 0,
            row.get("protection_used") or False,
        )
    return Subject(opened=row.get("exposure"), opening=opening, review=row.get("review"))


def _ranks(signals: Sequence[Signal]) -> tuple[Mapping[Source, int], Mapping[tuple[str, str], list[int]]]:
    """The place of each source in the order of sources, and the places of each record."""
    sources = {signal.source for signal in signals}
    ordered = sorted(sources, key=lambda source: (source.connection, source.object, len(source.id), source.id))
    ranks = {source: place for place, source in enumerate(ordered)}
    records: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for source, place in ranks.items():
        records[source.connection, source.id].append(place)
    return ranks, records
