"""The integers that stand for subjects: the same for the same text wherever it lies, others for other texts."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow")
pytest.importorskip("numba")

from config.rulefile import load_programme  # noqa: E402 - after what it needs
from scoring.engine import score  # noqa: E402
from scoring.engine_columns import keys  # noqa: E402
from scoring.engine_keys import Keys  # noqa: E402

DAY = date(2026, 11, 22)
PROGRAMME = load_programme("customers", at=DAY)


@given(st.lists(st.text(alphabet="ab\0é", max_size=24), min_size=1, max_size=12), st.integers(0, 9))
def test_texts_have_one_key_wherever_they_lie_and_whatever_comes_after(texts: list[str], before: int):
    found: dict[str, set[tuple[int, int]]] = {text: set() for text in texts}
    for column in (
        pa.array(["x" * before, *texts, "y" * 16]).slice(1, len(texts)),
        pa.array(texts, pa.large_string()),
        pa.array(texts[::-1]).take(pa.array(range(len(texts) - 1, -1, -1))),
        pa.array(texts).dictionary_encode(),
    ):
        low, high = keys(column)
        for text, *key in zip(texts, low.tolist(), high.tolist(), strict=True):
            found[text].add(tuple(key))
    assert all(len(each) == 1 for each in found.values())
    assert len(set().union(*found.values())) == len(found)


ALIKE = [f"cus_00{number:08}" for number in range(0, 9_000, 7)]  # they differ in their last eight letters only
STRANGERS = ["cux_0000000007", "cus_000000007", "0000000007", "cus_00000000070", "cus_0000000008", "7", ""]


@pytest.mark.parametrize("also", [[], ["cus_1000000014"], ["seven"], ["cus_00000014 and more"]])
def test_an_event_counts_for_its_own_subject_alone_however_much_their_ids_are_alike(also: list[str]):
    subjects = [*ALIKE, *also]
    keys_ = Keys.of(pa.array(subjects), map)
    assert keys_.two == bool(also)
    counts = {name: 1 + place % 3 for place, name in enumerate([*subjects, *STRANGERS])}
    events = pa.table(
        {
            "subject": [name for name, count in counts.items() for _ in range(count)],
            "on": [DAY] * sum(counts.values()),
            "signal": ["claim_at_fault"] * sum(counts.values()),
            "liability": ["full"] * sum(counts.values()),
        }
    )
    exposed = pa.array([DAY - timedelta(60)] * len(subjects))
    found = score(events, pa.table({"subject": subjects, "exposure": exposed}), PROGRAMME, DAY)
    once = {1: 125, 2: 156, 3: 195}
    assert found.column("expected").to_pylist() == [once[counts[name]] for name in subjects]
