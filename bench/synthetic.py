"""Invented histories for the benchmarks, as Parquet: ten years of activities of customers who come, buy, err and go.

    python bench/synthetic.py FOLDER [--subjects 1000000] [--events 20000000]
                              [--kind plain|sorted|text|zipf|fault|shuffled]

Writes `events.parquet` (row groups of a million, in the order of days unless shuffled) and `subjects.parquet`. `sorted`
is plain as `ledger export` lays it out: each signal in row groups of its own, and by day.
The mix: 48 % orders, 2 % refunds, 1.5 % invoices late, 0.5 % unpaid, 2 % claims, 3 % referrals, 3 % reviews, 40 % that
no rule knows (calls, e-mails, meetings), as an activity log has. `fault`: every event is an incident, two in five are
orders too. Amounts are cents.
"""

import argparse
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from sync.parquet import write_events

FIRST, LAST = date(2016, 11, 23), date(2026, 11, 22)
ROW_GROUP = 1_000_000
MIX = {
    ("order_paid", "none"): 48.0, ("refund", "none"): 2.0, ("invoice_late", "partial"): 1.5,
    ("invoice_unpaid", "full"): 0.5, ("claim_at_fault", "full"): 0.7, ("claim_at_fault", "partial"): 0.5,
    ("claim_justified", "none"): 0.8, ("referral_won", "none"): 3.0, ("review_positive", "none"): 3.0,
    ("call", "none"): 15.0, ("email", "none"): 15.0, ("meeting", "none"): 10.0,
}  # fmt: skip
FAULT = {
    ("order_paid", "full"): 20.0, ("order_paid", "partial"): 20.0, ("claim_at_fault", "full"): 30.0,
    ("claim_at_fault", "partial"): 30.0,
}  # fmt: skip
KINDS = ("plain", "sorted", "text", "zipf", "fault", "shuffled")


def write(folder: Path, subjects: int, events: int, kind: str, seed: int = 7) -> None:
    """The two files of one kind."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    ids = chance.permutation(subjects).astype(np.int64) * 7 + 10_000_019
    pq.write_table(pa.table({"subject": _ids(ids, kind)}), folder / "subjects.parquet", row_group_size=ROW_GROUP)
    weights = None
    if kind == "zipf":
        weights = np.cumsum(1 / np.arange(1, subjects + 1) ** 1.1)
        weights /= weights[-1]
    first, last = (day.toordinal() - date(1970, 1, 1).toordinal() for day in (FIRST, LAST))
    mix = FAULT if kind == "fault" else MIX
    names = sorted({name for name, _ in mix})
    liabilities = ["full", "none", "partial"]
    shares = np.cumsum(list(mix.values())) / sum(mix.values())
    name_of = np.array([names.index(name) for name, _ in mix], np.int8)
    liability_of = np.array([liabilities.index(liability) for _, liability in mix], np.int8)
    schema = pa.schema(
        {
            "subject": pa.string() if kind == "text" else pa.int64(),
            "on": pa.date32(),
            "signal": pa.dictionary(pa.int8(), pa.string()),
            "liability": pa.dictionary(pa.int8(), pa.string()),
            "amount": pa.int64(),
        }
    )
    days = np.linspace(first, last + 1, -(-events // ROW_GROUP) + 1)
    with pq.ParquetWriter(folder / "events.parquet", schema, compression="zstd") as file:
        for number, begin in enumerate(range(0, events, ROW_GROUP)):
            rows = min(ROW_GROUP, events - begin)
            who = (
                chance.integers(0, subjects, rows) if weights is None else np.searchsorted(weights, chance.random(rows))
            )
            if kind == "shuffled":
                on = chance.integers(first, last + 1, rows)
            else:
                on = np.sort(
                    chance.integers(int(days[number]), max(int(days[number]) + 1, int(days[number + 1])), rows)
                )
            what = np.searchsorted(shares, chance.random(rows)).clip(max=len(mix) - 1)
            amount = chance.integers(500, 50_000, rows)
            money = np.isin(name_of[what], [names.index(n) for n in ("order_paid", "refund") if n in names])
            file.write_table(
                pa.table(
                    [
                        _ids(ids[who], kind),
                        pa.array(on.astype(np.int32)).view(pa.date32()),
                        _texts(name_of[what], names),
                        _texts(liability_of[what], liabilities),
                        pa.array(amount, mask=~money),
                    ],
                    schema=schema,
                ),
                row_group_size=ROW_GROUP,
            )
    if kind == "sorted":
        write_events(pq.read_table(folder / "events.parquet"), folder / "events.parquet")


def _ids(ids: NDArray[np.int64], kind: str) -> pa.Array:
    """Integers, or texts of fourteen characters."""
    if kind != "text":
        return pa.array(ids)
    return pa.array(np.char.add("cus_", np.char.zfill(ids.astype("U10"), 10)).tolist(), pa.string())


def _texts(places: NDArray[np.int8], texts: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(texts))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--subjects", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--kind", choices=KINDS, default="plain")
    given = parser.parse_args()
    write(given.folder, given.subjects, given.events, given.kind)
