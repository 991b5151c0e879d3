"""What is read of a Parquet file past Arrow is what Arrow reads, however it was written; what is broken is not."""

import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.engine_columns import keys
from scoring.engine_store import Scratch
from scoring.kernel_pack import NO_AMOUNT
from scoring.kernel_pages import pages
from sync import zstd
from sync.parquet_pages import arrays_of

DAMAGE = Path(__file__).with_name("damage.py")
COLUMNS = ("subject", "on", "signal", "liability", "amount")
LAST = date(2026, 11, 22)
TEXTS = ("", "a", "cus_00000000012345", "fifteen letters", "sixteen letters!", "Émilie", "x" * 500)
LAYOUTS: dict[str, dict[str, Any]] = {
    "as usual": {},
    "zstd": {"compression": "zstd"},
    "gzip": {"compression": "gzip"},
    "brotli": {"compression": "brotli"},
    "not packed": {"compression": "none"},
    "zstd in small pages": {"compression": "zstd", "data_page_size": 256, "write_batch_size": 32},
    "small pages": {"data_page_size": 256, "write_batch_size": 32},
    "small dictionaries": {"dictionary_pagesize_limit": 512, "data_page_size": 256, "write_batch_size": 32},
    "no statistics": {"write_statistics": False},
    "checksums": {"write_page_checksum": True},
    "old": {"version": "1.0"},
}
ODD: dict[str, dict[str, Any]] = {
    "no dictionaries": {"use_dictionary": False},
    "second version": {"data_page_version": "2.0"},
    "lz4": {"compression": "lz4"},
    "differences": {
        "use_dictionary": False,
        "column_encoding": dict.fromkeys(("subject", "on", "amount"), "DELTA_BINARY_PACKED"),
    },
    "split": {"use_dictionary": False, "column_encoding": {"amount": "BYTE_STREAM_SPLIT"}},
}  # fmt: skip

ODD_OF = [(name, text) for name in ODD for text in (False, True) if not text or name != "differences"]  # of numbers


def table(chance: random.Random, rows: int, *, text: bool = False, wide: bool = False, missing: float = 0.5) -> Any:
    """Random events; `wide`: numbers take all their bits; runs of equal ones come now and then."""
    most = 2**63 - 1 if wide else 10_000
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    while len(columns["on"]) < rows:
        again = chance.choice((1, 1, 1, 20))
        row = (
            chance.choice(TEXTS) + str(chance.randrange(300)) if text else chance.randrange(-most if wide else 0, most),
            LAST - timedelta(chance.randrange(30_000 if wide else 400)),
            chance.choice(("order_paid", "claim_at_fault", "call", "Réclamation")),
            None if chance.random() < missing else chance.choice(("full", "none")),
            None if chance.random() < missing else chance.randrange(-most, most),
        )
        for values, value in zip(columns.values(), row, strict=True):
            values.extend([value] * again)
    kinds = (pa.string() if text else pa.int64(), pa.date32(), pa.string(), pa.string(), pa.int64())
    return pa.table({name: pa.array(columns[name][:rows], kind) for name, kind in zip(COLUMNS, kinds, strict=True)})


def read(path: Path, group: int = 0) -> dict[str, Any]:
    return arrays_of(pa.memory_map(str(path)).read_buffer(), pq.read_metadata(path), group, COLUMNS, Scratch())


def assert_same(found: dict[str, Any], wanted: Any) -> None:
    """Each column that was read is the table's."""
    for name, values in found.items():
        column = wanted.column(name).combine_chunks()
        if name == "subject":
            assert all(np.array_equal(*pair) for pair in zip(values, keys(column), strict=True))
        elif name in ("signal", "liability"):
            places, texts = values
            assert [[*texts, None][place] for place in places.tolist()] == column.to_pylist()
        elif name == "on":
            assert np.array_equal(values, column.view(pa.int32()).to_numpy())
        else:
            assert np.array_equal(values, column.fill_null(NO_AMOUNT).to_numpy())


@pytest.mark.parametrize("missing", [0.0, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_column_is_read_however_most_files_are_written(
    tmp_path: Path, layout: str, *, text: bool, missing: float
):
    chance = random.Random(layout + str(missing))  # noqa: S311 - a test that repeats itself
    for rows in (1, 7, 8, 9, 63, 2501):
        given = table(chance, rows, text=text, missing=missing)
        pq.write_table(given, tmp_path / "events.parquet", row_group_size=2000, **LAYOUTS[layout])
        for group in range(-(-rows // 2000)):
            found = read(tmp_path / "events.parquet", group)
            assert set(found) >= set(COLUMNS) - ({"liability"} if missing == 1 else set())
            assert_same(found, given.slice(2000 * group, 2000))


@pytest.fixture(params=["the loops", "Arrow"])
def unpacks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who unpacks pages of Zstandard."""
    if request.param == "Arrow":
        monkeypatch.setattr(zstd, "unpacker", lambda: None)
    elif zstd.unpacker() is None:
        pytest.skip("this system has no libzstd")


@pytest.mark.usefixtures("unpacks")
@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("layout", ["zstd", "zstd in small pages"])
def test_pages_are_the_same_whoever_unpacks_them(tmp_path: Path, layout: str, *, text: bool):
    given = table(random.Random(7), 2501, text=text)  # noqa: S311 - a test that repeats itself
    pq.write_table(given, tmp_path / "events.parquet", **LAYOUTS[layout])
    found = read(tmp_path / "events.parquet")
    assert set(found) == set(COLUMNS)
    assert_same(found, given)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("layout", "text"), [(name, text) for name in ODD for text in (False, True) if not (text and name == "differences")]
)
def test_what_is_read_of_other_files_is_right_and_the_rest_is_left_to_arrow(
    tmp_path: Path, layout: str, *, text: bool, wide: bool
):
    chance = random.Random(layout)  # noqa: S311 - a test that repeats itself
    given = table(chance, 3001, text=text, wide=wide)
    pq.write_table(given, tmp_path / "events.parquet", **ODD[layout])
    found = read(tmp_path / "events.parquet")
    assert_same(found, given)
    assert ("subject" in found) == (layout in {"no dictionaries", "split"} or (layout == "differences" and not wide))


def test_rows_that_cannot_be_without_a_value_have_no_levels(tmp_path: Path):
    given = table(random.Random(4), 500, missing=0)  # noqa: S311 - a test that repeats itself
    required = pa.schema([field.with_nullable(False) for field in given.schema])
    pq.write_table(given.cast(required), tmp_path / "events.parquet")
    found = read(tmp_path / "events.parquet")
    assert set(found) == set(COLUMNS)
    assert_same(found, given)


def test_what_must_be_there_and_is_not_is_left_to_arrow_to_refuse(tmp_path: Path):
    given = table(random.Random(5), 500)  # noqa: S311 - a test that repeats itself
    for place, name in enumerate(COLUMNS[:3]):
        kind = given.schema.field(name).type
        holes = given.set_column(place, name, pa.array([None, *given.column(name).to_pylist()[1:]], kind))
        pq.write_table(holes, tmp_path / "events.parquet")
        assert set(read(tmp_path / "events.parquet")) == set(COLUMNS) - {name}


def test_other_types_are_left_to_arrow(tmp_path: Path):
    given = table(random.Random(6), 500, missing=0)  # noqa: S311 - a test that repeats itself
    kinds = (pa.int32(), pa.timestamp("ms"), pa.large_string(), pa.binary(), pa.decimal128(21, 2))
    odd = pa.table(
        {field.name: given.column(field.name).cast(kind) for field, kind in zip(given.schema, kinds, strict=True)}
    )
    pq.write_table(odd, tmp_path / "events.parquet")
    assert not read(tmp_path / "events.parquet")
    nested = pa.table({"subject": pa.array([{"on": 1}, {"on": 2}]), "on": pa.array([[1], [2]])})
    pq.write_table(nested, tmp_path / "nested.parquet")
    assert not read(tmp_path / "nested.parquet")


def varint(number: int) -> bytes:
    """A number whose last bit is its sign, as a page's header has it."""
    number, found = 2 * number, []
    while number >= 128:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


@pytest.mark.parametrize(
    ("size", "values", "number"), [(10, 3, 1), (1 << 31, 3, -1), (1 << 40, 3, -1), (10, 1 << 40, -1)]
)
def test_no_room_is_made_for_a_page_that_says_it_is_larger_than_any(size: int, values: int, number: int):
    inner = b"\x15" + varint(values) + b"\x15" + varint(0) + b"\x15" + varint(3) + b"\x15" + varint(3) + b"\0"
    header = b"\x15" + varint(0) + b"\x15" + varint(size) + b"\x15" + varint(4) + b"\x2c" + inner + b"\0"
    data = np.frombuffer(header + bytes(4), np.uint8)
    lines = np.zeros((5, 6), np.int64)
    assert pages(data, 0, len(data), np.zeros(16, np.int64), lines) == number


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("layout", ["not packed", "small dictionaries", "differences"])
def test_a_broken_file_brings_nothing_down(tmp_path: Path, layout: str, *, text: bool):
    chance = random.Random(layout)  # noqa: S311 - a test that repeats itself
    options = {**LAYOUTS, **ODD}[layout]
    options = {**options, "compression": "none"} if not text else {"compression": "none", "data_page_size": 256}
    pq.write_table(table(chance, 1000, text=text), tmp_path / "events.parquet", **options)
    _break(tmp_path / "events.parquet", chance)


@pytest.mark.usefixtures("unpacks")
@pytest.mark.parametrize("text", [False, True])
def test_a_broken_packed_file_brings_nothing_down(tmp_path: Path, *, text: bool):
    chance = random.Random(8)  # noqa: S311 - a test that repeats itself
    options = LAYOUTS["zstd in small pages" if text else "zstd"]
    pq.write_table(table(chance, 1000, text=text), tmp_path / "events.parquet", **options)
    _break(tmp_path / "events.parquet", chance)


@pytest.mark.parametrize(
    ("layout", "text", "more"),
    [
        *((name, False, ()) for name in (*LAYOUTS, "no dictionaries", "differences", "split")),
        *((name, True, ()) for name in (*LAYOUTS, "no dictionaries")),
        *(("zstd in small pages", text, ("--arrow",)) for text in (False, True)),
    ],
)
def test_whatever_byte_is_altered_what_arrow_refuses_is_not_read_and_what_it_reads_is_the_same(
    tmp_path: Path, layout: str, *, text: bool, more: tuple[str, ...]
):
    given = table(random.Random(layout), 60, text=text, missing=0.3)  # noqa: S311 - a test that repeats itself
    pq.write_table(given, tmp_path / "events.parquet", **{**LAYOUTS, **ODD}[layout])
    columns = "subject" if text else ",".join(COLUMNS)  # of texts, the others were altered already
    command = [sys.executable, str(DAMAGE), str(tmp_path / "events.parquet"), "--columns", columns, *more]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # which may end in any way
    assert found.returncode == 0, found.stdout + found.stderr
    assert int(found.stdout.split()[2]) > 100, "some alterations do no harm, and are read"


def _break(file: Path, chance: random.Random) -> None:
    """Read a file of a thousand rows with some of its bytes changed, in many ways."""
    whole, metadata = file.read_bytes(), pq.read_metadata(file)
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(chance.choice((1, 1, 5, 50))):
            broken[chance.randrange(4, len(whole))] = chance.choice((0, 255, chance.randrange(256)))
        for name, values in arrays_of(pa.py_buffer(bytes(broken)), metadata, 0, COLUMNS, Scratch()).items():
            rows = values[0] if isinstance(values, tuple) else values
            assert len(rows) == 1000
            assert name not in {"signal", "liability"} or max(rows) <= len(values[1])
