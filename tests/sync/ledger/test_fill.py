"""A fill of a SQLite ledger goes past its log, and is all or nothing all the same."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sync.ledger import Ledger, LedgerError, arrow, fill, schema
from tests.sync.ledger.conftest import Filling

ROWS = 5_000


@pytest.fixture
def place(sqlite_place) -> str:
    return sqlite_place


@pytest.fixture
def ready(filling) -> Filling:
    filling.contacts("c1")
    return filling


def orders(batch: int) -> pa.RecordBatch:
    """Paid orders of one contact."""
    numbers = [f"{batch}-{each}" for each in range(ROWS)]
    same = {"contact": "c1", "object": "orders", "name": "order_paid", "on_day": None, "liability": "none"}
    same |= {"amount": "1", "currency": "EUR", "reference": "", "days": None, "original": "", "key": ""}
    made = {name: pa.repeat(pa.scalar(value, pa.string()), ROWS) for name, value in same.items()}
    made |= {"record": pa.array(numbers), "on_day": pa.array(["2026-05-01"] * ROWS)}
    return pa.record_batch(made).select(fill.SIGNALS.names)


def count(place: str) -> int:
    """Signals that are kept."""
    with closing(Ledger.open(place)) as ledger, ledger.begin() as tx:
        return int(tx.exec_driver_sql("SELECT count(*) FROM signals").scalar_one())


def journal_of(place: str) -> str:
    """How the file is written by whoever opens it next."""
    with closing(sqlite3.connect(place)) as other:
        return str(other.execute("PRAGMA journal_mode").fetchone()[0])


def killed_between(process: Any, batches: list[pa.RecordBatch]) -> None:
    """It has been sent all of these, but not that they are all."""
    with pa.ipc.new_stream(process.stdin, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
        process.kill()
        process.wait()


def test_afterwards_the_log_is_there_again(ready, place):
    fill.store_signals(ready.ledger, {ready.entry: [orders(0).cast(fill.SIGNALS)]})
    assert journal_of(place) == "wal"
    assert not Path(f"{place}-journal").exists()
    assert count(place) == ROWS


def test_beside_somebody_who_has_the_file_open_the_log_is_used(ready, place):
    with closing(sqlite3.connect(place)) as other:
        other.execute("SELECT count(*) FROM signals").fetchone()
        fill.store_signals(ready.ledger, {ready.entry: [orders(0).cast(fill.SIGNALS)]})
        assert other.execute("SELECT count(*) FROM signals").fetchone() == (ROWS,)
    assert journal_of(place) == "wal"


def test_killed_in_the_middle_it_is_put_back_by_whoever_opens_the_file_next(ready, place):
    # With hardly any memory of its own it has written most of it to the file by then.
    drop = [f"DROP INDEX {index.name}" for index in schema.signals.indexes]
    plan = {"table": "signals", "before": ["PRAGMA cache_size = 10", *drop], "after": []}
    rows = orders(0)
    for name, value in {"run": 1, "recorded": "x", "initial": 1, "withdrawn": 0, "connection": 1}.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value), ROWS))
    ready.ledger.close()
    with (
        pytest.raises(LedgerError, match="the process that reads it died"),
        arrow.child(ready.ledger, "load", json.dumps(plan)) as process,
    ):
        killed_between(process, [rows] * 20)
    assert Path(f"{place}-journal").exists()
    assert count(place) == 0
    assert not Path(f"{place}-journal").exists()
    assert journal_of(place) == "wal"
    with closing(sqlite3.connect(place)) as kept:
        assert kept.execute("SELECT count(*) FROM sqlite_master WHERE name LIKE 'signals_%'").fetchone() == (3,)
