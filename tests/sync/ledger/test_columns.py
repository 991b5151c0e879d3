"""Signals in columns are the same signals as page by page, in and out, on both databases."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from queue import Queue
from signal import SIGINT, SIGTERM

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from sqlalchemy import inspect, select, update

from config.rulefile import load_programme
from scoring.engine import Part, score, score_parts
from scoring.signal import Liability, Signal, Source
from scoring.signals import Judged
from scoring.standing import standing
from sync.ledger import Ledger, LedgerError, arrow, columns, facts, fill, past, results, schema, zones
from sync.ledger import child as its_child
from sync.ledger.export import export, part_of
from sync.ledger.facts import store_signals
from sync.parquet import parts_of
from tests.limits import disk_of
from tests.sync.ledger.conftest import NOW, Filling

DAY = date(2026, 5, 1)
RULES = load_programme("customers", at=DAY)


def signal(record, contact="c1", **more):
    values = {"name": "order_paid", "on": DAY, "amount": Decimal("12.50"), "currency": "EUR", "reference": record}
    return Judged(Signal(source=Source("a", "orders", record), **{**values, **more}), contact)


SOME = (
    signal("o1"),
    signal("o2", amount=Decimal(100), contact="c2"),
    signal("r1", name="refund", amount=Decimal("0.00"), original="o1", reference='12", "x'),
    signal("r2", name="refund", original="elsewhere", currency=None),
    signal("i1", name="invoice_late", amount=None, liability=Liability.PARTIAL, days=44, key="k", reference="é\n2"),
    signal("o3", amount=Decimal("0.123456789")),
)


def in_columns(judged, **over) -> pa.RecordBatch:
    """What a fill in columns gives for these signals; amounts as a CRM writes them, with idle zeros."""
    rows = [
        {
            "contact": each.contact,
            "object": each.signal.source.object,
            "record": each.signal.source.id,
            "name": each.signal.name,
            "on_day": each.signal.on,
            "liability": each.signal.liability.value,
            "amount": None if each.signal.amount is None else str(each.signal.amount),
            "currency": each.signal.currency,
            "reference": each.signal.reference,
            "days": each.signal.days,
            "original": each.signal.original,
            "key": each.signal.key,
            **over,
        }
        for each in judged
    ]
    return pa.RecordBatch.from_pylist(rows, schema=fill.SIGNALS)


def kept(filling):
    with filling.ledger.begin() as tx:
        rows = tx.execute(select(schema.signals).order_by(schema.signals.c.record)).all()
    return [row._asdict() | {"id": None} for row in rows]


@pytest.fixture
def filled(filling) -> Filling:
    filling.contacts("c1", "c2")
    fill.store_signals(filling.ledger, {filling.entry: [in_columns(SOME[:2]), in_columns(SOME[2:])]})
    return filling


def test_a_fill_in_columns_enters_what_the_pages_enter(filled):
    in_bulk = kept(filled)
    with filled.ledger.begin() as tx:
        tx.execute(schema.signals.delete())
        store_signals(tx, filled.entry, "orders", {each.signal.source.id: [each] for each in SOME})
    assert in_bulk == kept(filled)


def test_a_page_read_again_after_a_fill_in_columns_changes_nothing(filled):
    with filled.ledger.begin() as tx:
        changes = store_signals(tx, filled.entry, "orders", {each.signal.source.id: [each] for each in SOME})
    assert (changes.same, changes.made, changes.changed, changes.withdrawn) == (len(SOME), 0, 0, 0)


@pytest.mark.parametrize("rules", ["customers@1", None])
def test_a_fill_in_columns_makes_its_subjects_due_whether_they_were_scored_or_not(filling, rules):
    filling.contacts("c1", "c2")
    with filling.ledger.begin() as tx:
        tx.execute(update(schema.current).values(rules=rules, due=NOW.date() + timedelta(days=9)))
        everybody = tx.execute(select(schema.current.c.subject)).scalars().all()
    fill.store_signals(filling.ledger, {filling.entry: [in_columns(SOME)]})
    with filling.ledger.begin() as tx:
        assert everybody
        due = results.due_subjects(tx, filling.entry.programme, NOW.date(), "customers@1", limit=99)
        assert sorted(due) == sorted(everybody)
        assert tx.execute(select(schema.woken.c.subject)).scalars().all() == (sorted(everybody) if rules else [])


def test_a_fill_in_columns_leaves_every_index_and_foreign_key_in_place(filled):
    with filled.ledger.begin() as tx:
        known = inspect(tx)
        assert {each["name"] for each in known.get_indexes("signals")} == {i.name for i in schema.signals.indexes}
        assert len(known.get_foreign_keys("signals")) == 2


def test_a_second_fill_of_a_connection_is_refused(filled):
    with pytest.raises(LedgerError, match="has signals already; a sync reads what changed since"):
        fill.store_signals(filled.ledger, {filled.entry: [in_columns(SOME)]})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"liability": "half"}, "'half' is no liability"),
        ({"amount": "1e3"}, "'1e3' is no amount"),
        ({"amount": "-1"}, "'-1' is no amount"),
        ({"record": None}, "record"),
    ],
)
def test_a_row_that_no_mapping_makes_is_refused_and_nothing_is_kept(filling, wrong, message):
    row = in_columns(SOME[:1]).to_pylist()[0] | wrong
    nullable = pa.schema([field.with_nullable(True) for field in fill.SIGNALS])
    batches = [in_columns(SOME), pa.RecordBatch.from_pylist([row], schema=nullable)]
    with pytest.raises(ValueError, match=message):
        fill.store_signals(filling.ledger, {filling.entry: batches})
    assert kept(filling) == []


def test_a_fill_of_nothing_is_nothing(filling):
    assert fill.store_signals(filling.ledger, {filling.entry: []}) == 0


def test_a_child_whose_parent_died_keeps_nothing(sqlite_place):
    Ledger.open(sqlite_place).close()
    stream = pa.BufferOutputStream()
    stamp = {"run": 1, "recorded": "x", "initial": 1, "withdrawn": 0, "connection": 1, "on_day": "2026-05-01"}
    batch = pa.RecordBatch.from_pylist([in_columns(SOME[:1]).to_pylist()[0] | stamp])
    pa.ipc.new_stream(stream, batch.schema).write_batch(batch)  # never closed: the end is missing
    plan = '{"table": "signals", "before": [], "after": []}'
    child = [sys.executable, "-m", "sync.ledger.child", sqlite_place, "load", plan]
    ended = subprocess.run(child, input=stream.getvalue().to_pybytes(), capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, b"the process that was filling it died")
    with closing(sqlite3.connect(sqlite_place)) as kept:
        assert kept.execute("SELECT count(*) FROM signals").fetchone() == (0,)
        assert kept.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'signals_%'").fetchone() == (3,)


def test_a_child_starts_without_what_it_does_not_need(sqlite_place):
    Ledger.open(sqlite_place).close()
    child = [sys.executable, "-X", "importtime", "-P", its_child.__file__, sqlite_place, "read"]
    ended = subprocess.run(child, input=b'"SELECT 1 AS one"\n', capture_output=True, check=True)
    assert pa.ipc.open_stream(ended.stdout).read_all().to_pylist() == [{"one": 1}]
    brought = {line.rpartition("|")[2].strip().partition(".")[0] for line in ended.stderr.decode().splitlines()}
    assert "pyarrow" in brought
    assert not brought & {"numpy", "pandas", "sqlalchemy", "sync"}


def test_what_is_in_force_comes_out_as_the_engine_reads_it(filled):
    later = facts.Entry(
        filled.entry.run, NOW + timedelta(hours=1), filled.entry.programme, filled.entry.connection, False
    )
    with filled.ledger.begin() as tx:
        edited = signal("o2", amount=Decimal(90), contact="c2")
        store_signals(tx, later, "orders", {"o2": [edited], "i1": []})
    found = pa.Table.from_batches(list(columns.events(filled.ledger, filled.entry.programme)))
    assert found.schema == columns.EVENTS
    rows = {(row["signal"], row["amount"]): row for row in found.to_pylist()}
    with filled.ledger.begin() as tx:
        known = [each for signals in past.signals_of(tx, [1, 2]).values() for each in signals if not each.withdrawn]
    assert len(rows) == len(known) == 5
    order = rows["order_paid", Decimal("12.5")]
    assert (order["subject"], order["on"], order["liability"], order["currency"]) == (1, DAY, "none", "EUR")
    assert (order["recorded"], order["original"]) == (None, None)
    assert rows["refund", Decimal(0)]["original"] == order["source"]
    assert rows["refund", Decimal("12.5")]["original"] == -1
    assert rows["order_paid", Decimal(90)]["recorded"] == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert rows["order_paid", None]["by_hand"]


def test_of_some_subjects_come_the_entries_that_hold_and_no_others(filled):
    later = facts.Entry(
        filled.entry.run, NOW + timedelta(hours=1), filled.entry.programme, filled.entry.connection, False
    )
    with filled.ledger.begin() as tx:
        edited, moved = signal("o2", amount=Decimal(90), contact="c2"), signal("o1", contact="c2")
        store_signals(tx, later, "orders", {"o2": [edited], "i1": [], "o1": [moved]})
        store_signals(tx, later, "orders", {"i1": [SOME[4]]})  # withdrawn, and back
    everything = pa.Table.from_batches(list(columns.events(filled.ledger, filled.entry.programme)))
    with arrow.reader(filled.ledger) as ask:
        readers = Queue()
        readers.put(ask)
        source = columns.Source.of(filled.ledger, filled.entry.programme, ())
        found = pa.concat_tables([source.of_some(readers, [1]), source.of_some(readers, [2])])

    def seen(table):
        return sorted(map(repr, table.drop_columns(["source", "original"]).to_pylist()))

    assert seen(found) == seen(everything)
    assert len(found) == len(SOME)


def test_a_series_of_ids_that_began_with_the_newest_entries_is_known_before_everybody_is_read(filling, monkeypatch):
    monkeypatch.setattr(columns, "SAMPLE", 4)
    filling.contacts("c1")
    ids = [f"{'old' if number < 98 else 'new'}-{number:010d}" for number in range(100)]
    fill.store_signals(filling.ledger, {filling.entry: [in_columns(map(signal, ids))]})
    source = columns.Source.of(filling.ledger, filling.entry.programme, ())
    with arrow.reader(filling.ledger) as ask:
        readers = Queue()
        readers.put(ask)
        source.learn(ask)
        assert sum(part.read().num_rows for part in source.parts(readers)) == len(ids)
    assert not source.order.missed


def test_a_copy_gives_the_same_columns(filled):
    copy = filled.ledger.copy()
    ours, theirs = (
        pa.Table.from_batches(list(columns.events(ledger, filled.entry.programme))).sort_by("source")
        for ledger in (filled.ledger, copy)
    )
    assert ours.equals(theirs)


def test_an_empty_ledger_gives_no_events(filling):
    assert sum(batch.num_rows for batch in columns.events(filling.ledger, filling.entry.programme)) == 0


def test_an_export_has_each_subject_whole_in_one_part(filled, tmp_path):
    count = export(filled.ledger, filled.entry.programme, tmp_path / "signals", parts=2)
    found = ds.dataset(tmp_path / "signals", partitioning="hive").to_table().to_pylist()
    assert count == len(found) == len(SOME)
    assert {(row["subject"], row["part"]) for row in found} == {(1, 1), (2, 0)}


def test_the_engine_scores_an_export_as_it_scores_the_ledger(filled, tmp_path):
    export(filled.ledger, filled.entry.programme, tmp_path / "signals", parts=2)
    subjects = pa.table({"subject": pa.array([1, 2], pa.int64())})
    (exported,) = score_parts(parts_of(sorted((tmp_path / "signals").rglob("*.parquet"))), subjects, RULES, DAY)
    events = pa.Table.from_batches(list(columns.events(filled.ledger, filled.entry.programme)))
    assert exported.equals(score(events, subjects, RULES, DAY))


PARIS, NEW_YORK = "Europe/Paris", "America/New_York"


@pytest.fixture
def around_the_last_day(filling) -> Filling:
    """One who ordered every year, with a claim of the first, and each learnt of it at another instant.

    Where that was in time is in New York at two o'clock UTC the day that it was in Paris.
    """
    filling.contacts("c1", "c2", "c3", "c4")
    years = range(2022, 2027)
    orders = [signal(f"o{who}{year}", f"c{who}", on=date(year, 3, 12)) for who in range(1, 5) for year in years]
    fill.store_signals(filling.ledger, {filling.entry: [in_columns(orders)]})
    instants = {  # the first review is of March 2023, and can be corrected until 12 March 2025
        "c1": datetime(2025, 3, 12, 22, 30, tzinfo=UTC),
        "c2": datetime(2025, 3, 12, 23, 30, tzinfo=UTC),  # the thirteenth in Paris
        "c3": datetime(2025, 3, 13, 2, 0, tzinfo=UTC),  # the twelfth in New York
        "c4": datetime(2025, 3, 13, 4, 30, tzinfo=UTC),
    }
    with filling.ledger.begin() as tx:
        zones.enter(tx, filling.entry.programme, PARIS, NOW - timedelta(days=999))
        zones.enter(tx, filling.entry.programme, NEW_YORK, datetime(2025, 3, 13, 1, tzinfo=UTC))
        for contact, instant in instants.items():
            claim = signal(f"k{contact}", contact, name="claim_at_fault", liability=Liability.FULL, amount=None)
            judged = replace(claim, signal=replace(claim.signal, on=date(2022, 6, 1)))
            at = replace(filling.entry, at=instant, initial=False)
            store_signals(tx, at, "cases", {judged.signal.source.id: [judged]})
    return filling


def read_plainly(filling) -> list[int]:
    with filling.ledger.begin() as tx:
        found = past.signals_of(tx, [1, 2, 3, 4])
    return [standing(found[subject], RULES, DAY).coefficient for subject in (1, 2, 3, 4)]


def test_the_day_of_recording_is_that_of_the_zone_in_force_then_in_files_as_in_the_ledger(
    around_the_last_day, tmp_path
):
    filling = around_the_last_day
    late, counted = 80, 95
    assert read_plainly(filling) == [counted, late, counted, late]
    subjects = pa.table({"subject": pa.array([1, 2, 3, 4], pa.int64())})
    export(filling.ledger, filling.entry.programme, tmp_path / "signals", parts=2)
    files = sorted((tmp_path / "signals").rglob("*.parquet"))
    assert [file.name for file in files] == ["signals-2.parquet", "signals.parquet"] * 2
    kinds = {file.name: pq.read_schema(file).field("recorded").type for file in files}
    assert {name: kind.tz for name, kind in kinds.items()} == {"signals.parquet": NEW_YORK, "signals-2.parquet": PARIS}
    (exported,) = score_parts(parts_of(files), subjects, RULES, DAY)
    assert exported["coefficient"].to_pylist() == read_plainly(filling)
    assert any(exported["plain"].to_pylist())
    pieces = list(columns.events(filling.ledger, filling.entry.programme))
    tables = [pa.Table.from_batches([piece]) for piece in pieces]
    assert sum(table.num_rows for table in tables) == 24
    parts = [Part(table.num_rows, table.schema, lambda table=table: table) for table in tables]
    (streamed,) = score_parts(parts, subjects, RULES, DAY)
    assert streamed.equals(exported)


def test_an_export_of_a_programme_that_never_moved_is_one_file_for_each_part_in_its_time_zone(filled, tmp_path):
    with filled.ledger.begin() as tx:
        zones.enter(tx, filled.entry.programme, PARIS, NOW)
    export(filled.ledger, filled.entry.programme, tmp_path / "signals", parts=2)
    files = sorted((tmp_path / "signals").rglob("*.parquet"))
    assert [file.name for file in files] == ["signals.parquet"] * 2
    assert {pq.read_schema(file).field("recorded").type.tz for file in files} == {PARIS}


def test_a_part_is_the_number_modulo_the_parts_below_zero_too():
    numbers = [-33, -32, -1, 0, 1, 31, 32]
    assert part_of(pa.array(numbers), 32).to_pylist() == [number % 32 for number in numbers]


def test_an_export_into_a_folder_in_use_is_refused(filled, tmp_path):
    (tmp_path / "something").write_text("")
    with pytest.raises(LedgerError, match="is not empty: name a new folder"):
        export(filled.ledger, filled.entry.programme, tmp_path)


def test_an_export_to_a_disk_that_fills_leaves_nothing(filled, tmp_path):
    with filled.ledger.begin():
        pass  # open already: it is the folder's disk that is full
    with disk_of(100), pytest.raises(LedgerError, match="make room or name another folder"):
        export(filled.ledger, filled.entry.programme, tmp_path / "signals")
    assert not (tmp_path / "signals").exists()


def test_op11_a_child_that_is_asked_to_end_answers_and_ends_with_its_parent(sqlite_place):
    with closing(Ledger.open(sqlite_place)) as ledger, arrow.child(ledger, "read") as process:
        ask = partial(arrow._ask, process)
        assert [batch.num_rows for batch in ask("SELECT 1 AS one")] == [1]
        process.send_signal(SIGTERM)
        process.send_signal(SIGINT)
        assert [batch.num_rows for batch in ask("SELECT 1 AS one")] == [1]
        process.stdin.close()
    assert process.returncode == 0


def die(process):
    """Half a query is on its way to it, and something here goes wrong too."""
    process.stdin.write(b"half a query")
    process.kill()
    process.wait()
    raise ValueError("ours")


def test_what_goes_wrong_beside_a_child_is_not_hidden_by_its_end(sqlite_place):
    with closing(Ledger.open(sqlite_place)) as ledger, pytest.raises(ValueError, match="ours"):  # noqa: SIM117 - inside
        with arrow.child(ledger, "read") as process:
            die(process)
