"""With faults on every tenth call, both CRMs end as they do without; all fifty seeds are `make soup`."""

import pytest

from bench.soup import Play, differences, play


@pytest.fixture(scope="module")
def calm() -> Play:
    return play(None, customers=60)


def test_the_story_writes_what_it_can_be_judged_by(calm: Play):
    assert calm.struck == 0
    coefficients = [value for values in calm.values.values() for name, value in values.items() if "oefficient" in name]
    assert len(coefficients) > 50
    assert len(set(coefficients)) > 3


@pytest.mark.parametrize("seed", [6, 8])
def test_the_crms_end_alike_whatever_faults_are_drawn(calm: Play, seed: int):
    wild = play(seed, customers=60)
    assert wild.struck > 10
    assert differences(calm, wild) == []
