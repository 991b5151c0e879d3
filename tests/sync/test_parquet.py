"""Of files, the engine reads what can matter; what it leaves out changes nothing."""

import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.rulefile import load_programme
from scoring.engine import BadTable, score, score_parts
from scoring.kernel_plan import compile_programme
from scoring.rules import Programme
from sync.parquet import parts_of, write_events

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 22)
NAMES = ["call", "claim_at_fault", "email", "order_paid", "refund", "review_positive", "zeal"]
LIABILITIES = {"claim_at_fault": "full"}


@pytest.fixture(scope="module")
def customers() -> Programme:
    return load_programme("customers", at=DAY)


def events(number: int, *, days: int = 4_000, ahead: int = 0) -> Any:
    """Random events of fifty subjects in the last so many days, and up to some days ahead."""
    chance = random.Random(number)  # noqa: S311 - a test that repeats itself
    names = chance.choices(NAMES, k=number)
    return pa.table(
        {
            "subject": [chance.randrange(50) for _ in names],
            "on": [DAY + timedelta(chance.randrange(-days, ahead + 1)) for _ in names],
            "signal": pa.array(names).dictionary_encode(),
            "liability": pa.array([LIABILITIES.get(name) for name in names], pa.string()),
            "amount": pa.array(
                [chance.randrange(10_000) if name in ("order_paid", "refund") else None for name in names]
            ),
        }
    )


def signals_read(path: Path, programme: Programme) -> tuple[set[str], set[str]]:
    """The signals of the row groups that a scoring reads, and those it reads with their amounts."""
    read, valued = set(), set()
    plan = compile_programme(programme, DAY)
    for wanted in filter(None, (part.wanted(plan) for part in parts_of([path]))):
        table = wanted.read()
        names = set(table.column("signal").to_pylist())
        read |= names
        valued |= names if "amount" in table.schema.names else set()
    return read, valued


@pytest.mark.parametrize("ahead", [0, 300])
@pytest.mark.parametrize("ordered", [True, False])
def test_files_give_what_tables_give(customers: Programme, tmp_path: Path, *, ordered: bool, ahead: int):
    given, subjects = events(3_000, ahead=ahead), pa.table({"subject": list(range(55))})
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path, some in zip(paths, (given.slice(0, 1_000), given.slice(1_000)), strict=True):
        if ordered:
            write_events(some, path)
        else:
            pq.write_table(some, path, row_group_size=100)
    (found,) = score_parts(parts_of(paths), subjects, customers, DAY)
    assert found.equals(score(given, subjects, customers, DAY))


def test_what_no_rule_knows_is_not_read_and_amounts_only_of_what_has_some(customers: Programme, tmp_path: Path):
    write_events(events(2_000), tmp_path / "events.parquet")
    read, valued = signals_read(tmp_path / "events.parquet", customers)
    assert read == {"claim_at_fault", "order_paid", "refund", "review_positive"}
    assert valued == {"order_paid", "refund"}


def test_a_text_that_is_the_same_in_all_rows_is_not_read_but_known(customers: Programme, tmp_path: Path, monkeypatch):
    asked: list[list[str]] = []
    read_row_group = pq.ParquetFile.read_row_group

    def noted(self: Any, number: int, columns: list[str], **options: Any) -> Any:
        asked.append(columns)
        return read_row_group(self, number, columns=columns, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", noted)
    given = events(300).append_column("key", pa.array([None] * 300, pa.string()))
    write_events(given, tmp_path / "events.parquet")
    tables = [part.read() for part in parts_of([tmp_path / "events.parquet"])]
    assert not any("signal" in columns for columns in asked)
    assert sum("liability" not in columns for columns in asked) == 1, "of claims all are full, of others none is said"
    assert sorted(name for table in tables for name in table.column("signal").to_pylist()) == sorted(
        given.column("signal").to_pylist()
    )
    assert {name for table in tables for name in table.column("liability").to_pylist()} == {"full", None}


def test_points_that_were_forgotten_long_ago_are_not_read_and_those_to_come_are(customers: Programme, tmp_path: Path):
    old, coming = tmp_path / "old.parquet", tmp_path / "coming.parquet"
    long_ago = events(500).set_column(1, "on", pa.array([date(2001, 1, 1)] * 500))
    write_events(long_ago, old)
    write_events(events(500, days=-1, ahead=30), coming)
    assert "review_positive" not in signals_read(old, customers)[0]
    assert "order_paid" in signals_read(old, customers)[0]
    assert "review_positive" in signals_read(coming, customers)[0]


def test_a_file_that_says_nothing_of_its_row_groups_is_read_whole(customers: Programme, tmp_path: Path):
    given = events(500)
    pq.write_table(given, tmp_path / "events.parquet", write_statistics=False)
    assert signals_read(tmp_path / "events.parquet", customers) == (set(NAMES), set(NAMES))
    nameless = given.set_column(2, "signal", pa.array([None, *given.column("signal").to_pylist()[1:]], pa.string()))
    pq.write_table(nameless, tmp_path / "nameless.parquet")
    with pytest.raises(BadTable, match="signal: 1 rows have none"):
        list(score_parts(parts_of([tmp_path / "nameless.parquet"]), pa.table({"subject": [1]}), customers, DAY))


def test_what_is_no_parquet_is_refused_by_its_name(customers: Programme, tmp_path: Path):
    (tmp_path / "events.parquet").write_text("subject;on\n", "utf-8")
    with pytest.raises(BadTable, match=r"events\.parquet"):
        list(score_parts(parts_of([tmp_path / "events.parquet"]), pa.table({"subject": [1]}), customers, DAY))
    with pytest.raises(BadTable, match=r"missing\.parquet"):
        list(score_parts(parts_of([tmp_path / "missing.parquet"]), pa.table({"subject": [1]}), customers, DAY))


def test_what_arrow_refuses_of_a_file_is_one_line_with_its_place_and_the_cure(customers: Programme, tmp_path: Path):
    path, given = tmp_path / "events.parquet", events(500)
    pq.write_table(given, path, row_group_size=300, compression="gzip")
    second = pq.read_metadata(path).row_group(1).column(1)
    whole = path.read_bytes()
    for begin in (second.dictionary_page_offset, second.data_page_offset):
        path.write_bytes(whole[:begin] + b"\xff" * 8 + whole[begin + 8 :])
        with pytest.raises(BadTable, match=r"events\.parquet, row group 2: .*; write the file anew") as said:
            list(score_parts(parts_of([path]), pa.table({"subject": [1]}), customers, DAY))
        assert "\n" not in str(said.value)


def test_texts_that_are_not_in_a_dictionary_or_are_none_are_refused_and_not_looked_for_elsewhere(
    customers: Programme, tmp_path: Path
):
    path = tmp_path / "events.parquet"
    given = events(500)
    pq.write_table(given.set_column(2, "signal", pa.array(["order_paid", "refund"] * 250)), path, compression="none")
    whole, signal = path.read_bytes(), pq.read_metadata(path).row_group(0).column(2)
    fewer = whole.index(b"\x4c\x15\x04", signal.dictionary_page_offset) + 2  # how many texts the dictionary has
    letters = whole.index(b"order_paid", signal.dictionary_page_offset)
    for at, byte in ((fewer, b"\x02"), (letters, b"\xff")):
        path.write_bytes(whole[:at] + byte + whole[at + 1 :])
        with pytest.raises(BadTable, match=r"events\.parquet, row group 1: .*; write the file anew") as said:
            list(score_parts(parts_of([path]), pa.table({"subject": [1]}), customers, DAY))
        assert "\n" not in str(said.value)


def test_a_file_that_says_of_its_row_groups_what_is_no_text_or_no_day_is_read_whole(
    customers: Programme, tmp_path: Path
):
    path, given = tmp_path / "events.parquet", events(500)
    pq.write_table(given, path)
    whole, subjects = path.read_bytes(), pa.table({"subject": list(range(55))})
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    last = max(given.column("on").to_pylist()).toordinal() - date(1970, 1, 1).toordinal()
    (wanted,) = score_parts(parts_of([path]), subjects, customers, DAY)
    for said, instead in ((b"zeal", b"\xff\xff\xff\xff"), (last.to_bytes(4, "little"), b"\xff\xff\xff\x7f")):
        path.write_bytes(whole[:footer] + whole[footer:].replace(said, instead))
        assert path.read_bytes() != whole
        (found,) = score_parts(parts_of([path]), subjects, customers, DAY)
        assert found.equals(wanted)


def test_files_are_scored_without_loading_what_few_scorings_need(tmp_path: Path):
    events = pa.table({"subject": [1, 2], "on": [date(2026, 1, 5)] * 2, "signal": ["order_paid"] * 2})
    pq.write_table(events, tmp_path / "events.parquet")
    pq.write_table(events.select(["subject"]), tmp_path / "subjects.parquet")
    code = f"""
import sys
sys.path.insert(0, "bench")
from alone import without_data_frames
without_data_frames()  # where they are installed, they load it themselves
from datetime import date
import pyarrow.parquet as pq
from config.rulefile import load_programme
from scoring.engine import score_parts
from sync.parquet import parts_of
day = date(2026, 11, 22)
subjects = pq.ParquetFile({str(tmp_path / "subjects.parquet")!r}).read()
rules = load_programme("customers", at=day)
parts = parts_of([{str(tmp_path / "events.parquet")!r}])
print(sum(table.num_rows for table in score_parts(parts, subjects, rules, day)))
print(*({{"pyarrow.compute", "scoring.standing"}} & set(sys.modules)))
"""
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["2"]
