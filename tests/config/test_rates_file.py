import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from config.rates import load_rates
from config.reading import ConfigError

PUBLISHED = """Date,USD,JPY,BGN,CYP,
2026-11-20,1.0512,162.10,1.9558,N/A,
2026-11-19,1.0544,,1.9558,N/A,
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rates.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_as_the_central_bank_publishes_it_can_be_used_as_it_stands(tmp_path: Path):
    rates = load_rates(written(tmp_path, PUBLISHED))
    assert rates.convert(Decimal(100), "EUR", "USD", date(2026, 11, 19)) == Decimal("105.44")
    assert rates.convert(Decimal(100), "EUR", "USD", date(2026, 11, 21)) == Decimal("105.12")
    assert rates.convert(Decimal(100), "EUR", "JPY", date(2026, 11, 19)) is None
    assert rates.convert(Decimal(100), "EUR", "CYP", date(2026, 11, 21)) is None


def test_another_base_can_be_named(tmp_path: Path):
    rates = load_rates(written(tmp_path, "Date,EUR\n2026-11-20,0.95\n"), base="USD")
    assert rates.convert(Decimal(95), "EUR", "USD", date(2026, 11, 20)) == 100


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path):
    assert load_rates(written(tmp_path, "\ufeff" + PUBLISHED)).quoted.keys() == {"USD", "JPY", "BGN"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Day,USD\n2026-11-20,1.05\n", "rates.csv:2: there is no column Date"),
        ("Date,USD\n20 November,1.05\n", "rates.csv:2: '20 November' is no day; write it as 2026-11-20"),
        ("Date,USD\n2026-11-20,a lot\n", "rates.csv:2: USD: 'a lot' is no rate"),
        ("Date,USD\n2026-11-20,0\n", "rates.csv:2: USD: 0 is no rate"),
        ("Date,USD\n2026-11-20,-1\n", "rates.csv:2: USD: -1 is no rate"),
        ("Date,USD\n2026-11-20,NaN\n", "rates.csv:2: USD: NaN is no rate"),
        ("Date,USD\n2026-11-20,1e999999\n", "rates.csv:2: USD: 1e999999 is no rate"),
        ("Date,USD\n2026-11-20,1e-999999\n", "rates.csv:2: USD: 1e-999999 is no rate"),
        (f"Date,USD\n2026-11-20,1.{'1' * 40}\n", "is no rate"),
        ("Date,USD\n2026-11-20,1.05\n2026-11-20,1.06\n", "rates.csv:3: USD has two rates on 2026-11-20"),
        ("Date,USD\n2026-11-20,1.05,9,9\n", "rates.csv:2: more cells than columns"),
        ("Date,USD,USD\n2026-11-20,1.05,9\n", "rates.csv:1: two columns are called 'USD'; take one of them out"),
        ("Date\n2026-11-20\n", "no rates; a line of names such as Date,USD,GBP comes first"),
        ("", "no rates"),
    ],
)
def test_each_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, words: str):
    with pytest.raises(ConfigError) as caught:
        load_rates(written(tmp_path, text))
    assert words in str(caught.value)


def test_a_file_that_no_reader_of_csv_takes_is_said_so(tmp_path: Path):
    limit = csv.field_size_limit(100)
    try:
        with pytest.raises(ConfigError, match="not CSV"):
            load_rates(written(tmp_path, f"Date,USD\n2026-11-20,{'1' * 101}\n"))
    finally:
        csv.field_size_limit(limit)


def test_a_file_that_is_not_there_or_no_text_is_said_so(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_rates(tmp_path / "none.csv")
    (tmp_path / "rates.csv").write_bytes(b"Date,USD\n\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_rates(tmp_path / "rates.csv")
