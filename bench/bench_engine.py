"""The engine against a bare count: how long it takes to score everybody, beside `group_by(subject).len()` in Polars.

    python bench/bench_engine.py [FOLDER] [--subjects 1000000] [--events 20000000] [--rounds 5] [--kinds plain text ...]
                                 [--others] [--whole]

Each figure is taken in a process of its own, one after the other; a round runs every contender once, and ratios pair
the runs of one round: wall clock, and processor seconds beside them, which other work on the machine disturbs less.
Seconds go from the open Parquet files to finished columns, after a first scoring of a few rows (which loads the
compiled loops); `--whole` measures processes from start to end instead. `--others` adds what one would write without
the engine: pandas, Polars, DuckDB, a plain loop; all but the loop compute less than the engine, as they say.
Files are made where they are missing (see synthetic.py).
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DAY = date(2026, 11, 22)
COLUMNS = ["subject", "on", "signal", "liability", "amount"]
BOUNDS = {
    "plain": 1.25, "sorted": 1.25, "text": 0.6, "zipf": 2.0, "fault": 2.5, "shuffled": 1.6,
    "plain-10000000-100000000": 1.4, "sorted-10000000-100000000": 1.4,
}  # fmt: skip
KINDS = ("plain", "sorted", "text", "zipf", "fault", "shuffled")


def warm(folder: Path) -> None:
    """Score three rows, so that the compiled loops are loaded, and those that read files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from config.rulefile import load_programme
    from scoring.engine import score
    from sync.parquet_pages import open_doors

    open_doors()
    integer = pq.read_schema(folder / "events.parquet").field("subject").type == pa.int64()
    events = pa.table(
        {
            "subject": pa.array([1 if integer else "cus"] * 3),
            "on": [DAY] * 3,
            "signal": pa.array(["order_paid", "refund", "claim_at_fault"]).dictionary_encode(),
            "liability": pa.array(["none", "none", "full"]).dictionary_encode(),
            "amount": pa.array([100, 50, None], pa.int64()),
        }
    )
    score(events, events.select(["subject"]).slice(0, 1), load_programme("customers", at=DAY), DAY)


def engine(folder: Path, threads: int = 2, *, spill: bool = False) -> Callable[[], int]:
    """Full scoring with reasons."""
    import pyarrow.parquet as pq

    from config.rulefile import load_programme
    from scoring.engine import score_parts
    from sync.parquet import parts_of

    programme = load_programme("customers", at=DAY)

    def run() -> int:
        subjects = pq.ParquetFile(folder / "subjects.parquet").read()
        files = tempfile.TemporaryFile if spill else None
        with ThreadPoolExecutor(threads) as pool:
            parts = parts_of([folder / "events.parquet"])
            tables = score_parts(parts, subjects, programme, DAY, executor=pool, spill=files)
            return sum(table.num_rows for table in tables)

    return run


def changed(folder: Path) -> Callable[[], int]:
    """Full scoring of one subject in a hundred, given their events."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from config.rulefile import load_programme
    from scoring.engine import score

    programme = load_programme("customers", at=DAY)
    everybody = pq.read_table(folder / "subjects.parquet")
    subjects = everybody.slice(0, everybody.num_rows // 100)
    events = pq.read_table(folder / "events.parquet", columns=COLUMNS)
    events = events.filter(pc.is_in(events.column("subject"), subjects.column("subject").combine_chunks()))
    events = events.combine_chunks()
    return lambda: int(score(events, subjects, programme, DAY).num_rows)


def polars(folder: Path) -> Callable[[], int]:
    """The bound: how many events each subject has."""
    import polars as pl

    file = folder / "events.parquet"
    return lambda: pl.scan_parquet(file).group_by("subject").len().collect(engine="streaming").height


def polars_four(folder: Path) -> Callable[[], int]:
    """Raw material of coefficients: orders and incidents by subject and calendar year; not their order."""
    import polars as pl

    def run() -> int:
        liability = pl.col("liability").cast(pl.String)
        frame = pl.scan_parquet(folder / "events.parquet").group_by("subject", pl.col("on").dt.year())
        orders = (pl.col("signal").cast(pl.String) == "order_paid").sum().alias("orders")
        found = frame.agg(
            orders, (liability == "full").sum().alias("full"), (liability == "partial").sum().alias("partial")
        )
        return found.collect(engine="streaming").height

    return run


def duckdb(folder: Path) -> Callable[[], int]:
    """The same in SQL, with the incidents of each year in their order."""
    import duckdb as db

    query = f"""
        select subject, year("on"), count(*) filter (signal = 'order_paid'),
               list(liability order by "on", liability) filter (liability <> 'none')
        from '{folder / "events.parquet"}' group by all
    """  # noqa: S608 - a path of our own
    return lambda: int(db.connect().sql(query).to_arrow_table().num_rows)


def pandas(folder: Path) -> Callable[[], int]:
    """The same counts with pandas."""
    import pandas as pd

    def run() -> int:
        frame = pd.read_parquet(folder / "events.parquet", columns=COLUMNS[:4])
        frame["year"] = pd.to_datetime(frame["on"]).dt.year
        frame["order"] = frame["signal"] == "order_paid"
        frame["full"] = frame["liability"] == "full"
        frame["partial"] = frame["liability"] == "partial"
        return len(frame.groupby(["subject", "year"])[["order", "full", "partial"]].sum())

    return run


def loop(folder: Path) -> Callable[[], int]:
    """The plain reading of the rules, subject by subject, over the first two thousand subjects only."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from config.rulefile import load_programme
    from scoring.engine_plain import plain_standing

    programme = load_programme("customers", at=DAY)
    subjects = pq.read_table(folder / "subjects.parquet").slice(0, 2000)
    events = pq.read_table(folder / "events.parquet", columns=COLUMNS)
    events = events.filter(pc.is_in(events.column("subject"), subjects.column("subject").combine_chunks()))

    def run() -> int:
        rows: dict[Any, list[Any]] = {}
        for row in events.to_pylist():
            rows.setdefault(row["subject"], []).append(row)
        for row in subjects.to_pylist():
            plain_standing(row, rows.get(row["subject"], []), programme, DAY, None)
        return len(events)

    return run


CONTENDERS: dict[str, Callable[[Path], Callable[[], int]]] = {
    "engine": engine,
    "engine, one thread": lambda folder: engine(folder, 1),
    "engine, bounded": lambda folder: engine(folder, spill=True),
    "engine, 1 % of subjects": changed,
    "Polars count": polars,
    "Polars, counts by year": polars_four,
    "DuckDB, lists by year": duckdb,
    "pandas, counts by year": pandas,
    "a plain loop, 2000 subjects": loop,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """What one run took: seconds on the clock and of the processors, and the most memory in MiB."""

    wall: float
    cpu: float
    peak: float


def alone(contender: str, folder: Path, *, whole: bool) -> None:
    """Run one contender in this process and print what it took."""
    if contender.startswith(("engine", "a plain loop")):
        from alone import without_data_frames

        without_data_frames()
    if contender.startswith("engine") and not whole:
        warm(folder)
    run = CONTENDERS[contender](folder)
    began, busy = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "whole": time.process_time()}))


def measured(contender: str, folder: Path, *, whole: bool) -> Figure:
    """One contender in a process of its own."""
    began = time.perf_counter()
    command = [sys.executable, __file__, str(folder), "--alone", contender, *(["--whole"] if whole else [])]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found = json.loads(done.stdout.splitlines()[-1])
    if whole:
        return Figure(time.perf_counter() - began, found["whole"], found["peak"])
    return Figure(found["wall"], found["cpu"], found["peak"])


def compare(kind: str, folder: Path, contenders: list[str], rounds: int, *, whole: bool) -> None:
    """Print the medians, and the ratios to the Polars count of the same round."""
    figures: dict[str, list[Figure]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name in contenders:
            figures[name].append(measured(name, folder, whole=whole))
    bound = figures["Polars count"]
    print(f"\n{folder.name}{', whole processes' if whole else ''}, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for name, found in figures.items():
        walls = sorted(ours.wall / theirs.wall for ours, theirs in zip(found, bound, strict=True))
        cpu = statistics.median(ours.cpu / theirs.cpu for ours, theirs in zip(found, bound, strict=True))
        asked = (1.7 if whole else BOUNDS.get(folder.name, BOUNDS[kind])) if name == "engine" else None
        print(
            f"  {name:28} {statistics.median(each.wall for each in found):7.2f} s"
            f" (cpu {statistics.median(each.cpu for each in found):6.2f} s) {max(each.peak for each in found):6.0f} MiB"
            f"  x {statistics.median(walls):.2f} [{walls[0]:.2f}-{walls[-1]:.2f}], cpu x {cpu:.2f}"
            f"{f', asked {asked}' if asked else ''}",
            flush=True,
        )


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "var" / "bench")
    parser.add_argument("--subjects", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--alone", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        alone(given.alone, given.folder, whole=given.whole)
        return
    for kind in given.kinds:
        folder = given.folder / f"{kind}-{given.subjects}-{given.events}"
        if not (folder / "events.parquet").exists():
            sys.path.insert(0, str(Path(__file__).parent))
            from synthetic import write

            write(folder, given.subjects, given.events, kind)
        contenders = ["engine", "Polars count"]
        if kind in ("plain", "sorted") and not given.whole:
            contenders += ["engine, one thread", "engine, bounded", "engine, 1 % of subjects"]
        if given.others:
            contenders += [name for name in CONTENDERS if not name.startswith("engine") and name not in contenders]
        compare(kind, folder, contenders, given.rounds, whole=given.whole)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
