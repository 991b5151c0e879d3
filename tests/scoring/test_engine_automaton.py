"""The automaton against the step it was compiled from: every state, and every way through a period."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import pytest

pytest.importorskip("numpy")

import numpy as np

from config.scalefile import FOLDER, load_scale_rules
from scoring import kernel_automaton, kernel_cache
from scoring.automaton import Automaton, Column, compile_rules
from scoring.coefficient import State, step
from scoring.kernel_automaton import automaton_of
from scoring.kernel_cache import keep, kept
from scoring.line import Code
from scoring.rules import Factors, Rules
from scoring.signal import Liability

LETTERS = {Column.FULL: Liability.FULL, Column.PARTIAL: Liability.PARTIAL}
WAYS = [way for length in range(4) for way in product(LETTERS, repeat=length)]
ENDS = {
    Column.CLEAN: {},
    Column.SHORT: {"first_short": True},
    Column.INTERRUPTED: {"interrupted": True},
}
OPTIONS = {
    "as shipped": {},
    "once": {"truncation": "once", "cap": 160},
    "renewable": {"protection": "renewable", "use": "tournees"},
    "held": {"excused": "held"},
    "held, ceiling at once": {"excused": "held", "ceiling_after": 1},
    "lapsing": {"lapse_after": 2, "protected_after": 1},
    "nothing for partial": {"normal": Factors(950, 1250, 1000), "floor": 90, "cap": 150},
}


def numbers(state: State) -> tuple[int, ...]:
    return (state.coefficient, int(state.clean_periods > 0))


def follow(found: Automaton, row: int, symbols: Sequence[Column]) -> int:
    for symbol in symbols:
        row = int(found.table[row, symbol])
    return row


@pytest.mark.parametrize("name", OPTIONS)
def test_every_period_from_every_state_leads_where_the_step_leads(law: Rules, name: str):
    rules = replace(law, **OPTIONS[name])
    found = compile_rules(rules)
    pairs = {State(rules.origin): found.starts[State(rules.origin)]}
    waiting, first = list(pairs), True
    seen: set[int] = set()
    while waiting:
        state = waiting.pop()
        row = pairs[state]
        assert (int(found.table[row, Column.COEFFICIENT]), int(found.table[row, Column.HAS_CLEAN])) == numbers(state)
        ends = dict(ENDS) if first else {end: how for end, how in ENDS.items() if end is not Column.SHORT}
        first = False
        for way in WAYS:
            incidents = [LETTERS[letter] for letter in way]
            for end, how in ends.items():
                after, _ = step(state, incidents, rules, **how)
                reached = follow(found, row, [*way, end])
                assert int(found.table[reached, Column.COEFFICIENT]) == after.coefficient, (state, way, end)
                assert int(found.table[reached, Column.HAS_CLEAN]) == int(after.clean_periods > 0), (state, way, end)
                if reached not in seen:
                    seen.add(reached)
                    pairs[after] = reached
                    waiting.append(after)
        absorbed = any(line.code is Code.PROTECTED for line in step(state, [Liability.FULL], rules)[1])
        assert bool(found.table[row, Column.PROTECTS]) == absorbed
        held, _ = step(state, [Liability.NONE], rules)
        reached = int(found.table[row, Column.HELD])
        assert int(found.table[reached, Column.COEFFICIENT]) == held.coefficient
        assert int(found.table[reached, Column.HAS_CLEAN]) == int(held.clean_periods > 0)
        if reached not in seen:
            seen.add(reached)
            pairs[held] = reached
            waiting.append(held)


def test_the_law_with_renewable_protection_has_909_states(law: Rules):
    assert len(compile_rules(replace(law, protection="renewable")).table) == 909


def test_an_opening_adds_the_states_that_lead_from_it(law: Rules):
    opening = State(77, clean_periods=9)
    found = compile_rules(law, [opening])
    assert found.table[found.starts[opening], Column.COEFFICIENT] == 77


def test_years_at_the_floor_by_dates_are_no_finite_table(law: Rules):
    with pytest.raises(ValueError, match="floor_years"):
        compile_rules(replace(law, floor_years="dates"))


def test_a_kept_automaton_is_the_one_that_is_made_of_the_same_rules_and_openings(law: Rules, monkeypatch, tmp_path):
    monkeypatch.setattr(kernel_cache, "_PLACE", tmp_path)
    openings = (State(50, periods_at_floor=2), State(135), State(50, periods_at_floor=2))
    scale = load_scale_rules(FOLDER / "be-1992.toml")
    asked = [(replace(law, **options), given) for options in OPTIONS.values() for given in ((), openings)]
    for rules, given in [*asked, (scale, ()), *asked, (scale, ())]:
        made = compile_rules(rules, given)
        for _ in range(2):
            found = automaton_of(rules, given)
            assert np.array_equal(found.table, made.table)
            assert found.starts == made.starts
    assert 1 < len(list(tmp_path.iterdir())) <= 16, "rules that are tried out do not pile up"


def test_an_automaton_is_made_anew_where_what_is_kept_is_of_other_rules_or_broken(law: Rules, monkeypatch, tmp_path):
    monkeypatch.setattr(kernel_cache, "_PLACE", tmp_path)
    made = compile_rules(law)
    automaton_of(law, ())
    (file,) = tmp_path.iterdir()
    keep(file.name, b"\0" * 1000)
    assert np.array_equal(automaton_of(law, ()).table, made.table)
    file.write_bytes(file.read_bytes()[:-1])
    assert np.array_equal(automaton_of(law, ()).table, made.table)
    monkeypatch.setattr(kernel_automaton, "_made_by", lambda: b"another version")
    monkeypatch.setattr(kernel_automaton, "kept", lambda name: kept(file.name))
    assert np.array_equal(automaton_of(law, ()).table, made.table)
