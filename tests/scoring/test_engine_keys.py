"""The integers that stand for subjects: the same for the same text wherever it lies, others for other texts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow")
pytest.importorskip("numba")

from scoring.engine_columns import keys  # noqa: E402 - after what it needs


@settings(deadline=None)  # the first one may compile
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
