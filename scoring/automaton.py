"""A scheme as a finite automaton: states, symbols, and a table that leads from one state to the next.

A period is read as letters (incidents in their order) and closed by one of four ends. What `scheme.step` does to a
period, the table does letter by letter, so a compiled loop needs no rule, no division and no branch. The states at the
start of a period come from `step` itself; only the states inside a period are built here, and the tests hold every path
of the table against `step`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scoring.coefficient import State, step
from scoring.line import Code
from scoring.rules import AnyRules, Rules
from scoring.scale_rules import ScaleRules, ScaleState, review
from scoring.scheme import AnyState, start
from scoring.signal import Liability


class Column(IntEnum):
    """The columns of the table: six symbols that lead to a state, then what is known of the state itself."""

    FULL = 0
    PARTIAL = 1
    CLEAN = 2  # the period ends, nothing special
    HELD = 3  # it ends with an excused incident, where the rules let that hold the coefficient
    SHORT = 4  # it ends as a first period too short to give a reduction
    INTERRUPTED = 5
    COEFFICIENT = 6  # hundredths
    PROTECTS = 7  # 1: the next incident is absorbed
    HAS_CLEAN = 8  # 1: the last period counted as clean


@dataclass(frozen=True, slots=True)
class Automaton:
    """`table[state, column]`, int32; `starts` leads from the state that a first period starts in to its row."""

    table: NDArray[np.int32]
    starts: Mapping[AnyState, int]


@dataclass(frozen=True, slots=True)
class _Inside:
    """Inside a period after its first counted incident.

    `value` in hundredths, not yet truncated where the rules truncate once a period. `at_floor` are the periods at the
    floor before this one, -1 once the floor was left or protection used.
    """

    value: int | Fraction
    at_floor: int
    protection_used: bool
    interrupted_periods: int


@dataclass(frozen=True, slots=True)
class _Claims:
    """Inside a period on a scale, after so many claims: no more than its moves tell apart."""

    before: ScaleState
    number: int


_Node: TypeAlias = State | _Inside | ScaleState | _Claims


@dataclass(frozen=True, slots=True)
class _Asked:
    """Rules and openings as a key: rules hold mappings, so they have no hash of their own."""

    rules: AnyRules
    openings: tuple[AnyState, ...]

    def __hash__(self) -> int:
        return hash((self.rules.name, self.openings))


def compile_rules(rules: AnyRules, openings: Iterable[AnyState] = ()) -> Automaton:
    """The automaton of all states that can be reached from the rules' origin and from each opening.

    Raises:
        ValueError: the years at the floor are measured by dates, which no finite table knows.
    """
    if isinstance(rules, Rules) and rules.floor_years != "reviews":
        raise ValueError("floor_years = dates: the years at the floor depend on days, not on periods alone")
    return _compiled(_Asked(rules, tuple(openings)))


def rows_of(rules: AnyRules, openings: Iterable[AnyState] = ()) -> Mapping[AnyState, int]:
    """The row of the state that a first period starts in: those of the origin and of the openings come first."""
    rows: dict[AnyState, int] = {}
    return {opening: rows.setdefault(_cut(opening, rules), len(rows)) for opening in (start(rules), *openings)}


@lru_cache(maxsize=8)
def _compiled(asked: _Asked) -> Automaton:
    rules = asked.rules
    numbers: dict[_Node, int] = {}
    rows: list[list[int]] = []
    waiting: list[_Node] = []

    def number(node: _Node) -> int:
        if node not in numbers:
            numbers[node] = len(numbers)
            waiting.append(node)
        return numbers[node]

    starts = rows_of(rules, asked.openings)
    for opening in starts:
        number(_cut(opening, rules))
    first = len(numbers)
    done = 0
    while done < len(waiting):
        node = waiting[done]
        done += 1
        row = _row(node, rules, first=len(rows) < first)
        rows.append([*map(number, row[0]), *row[1]])
    table = np.array(rows, dtype=np.int32)
    table.setflags(write=False)  # whoever asks again gets the same one
    return Automaton(table, starts)


_Row: TypeAlias = tuple[list[_Node], list[int]]


def _row(node: _Node, rules: AnyRules, *, first: bool) -> _Row:
    if isinstance(rules, Rules):
        if isinstance(node, State):
            return _from_start(node, rules, first=first)
        if isinstance(node, _Inside):
            return _from_inside(node, rules)
    elif isinstance(node, ScaleState):
        return _from_level(node, rules)
    elif isinstance(node, _Claims):
        return _from_claims(node, rules)
    raise TypeError("rules and state are of two schemes")


def _from_level(state: ScaleState, rules: ScaleRules) -> _Row:
    """The row of a place on a scale; whoever has no claim moves only in a period that counts."""
    clean = _bounded_on_scale(review(state, (), rules)[0])
    claim = _Claims(state, 1)
    return [claim, claim, clean, state, state, state], [state.coefficient, 0, int(state.clean_periods > 0)]


def _from_claims(node: _Claims, rules: ScaleRules) -> _Row:
    """The row of a period with claims: one more of them, or the level that they lead to, whatever the period was."""
    one_more = _Claims(node.before, min(node.number + 1, len(rules.scale.moves[node.before.place.level]) - 1))
    after = _bounded_on_scale(review(node.before, [Liability.FULL] * node.number, rules)[0])
    return [one_more, one_more, *[after] * 4], [node.before.coefficient, 0, 0]


def _bounded_on_scale(state: ScaleState) -> ScaleState:
    """As `_bounded`: of the clean periods, the place knows those that the scale asks for."""
    return replace(state, clean_periods=min(state.clean_periods, 1))


def _from_start(state: State, rules: Rules, *, first: bool) -> _Row:
    """The row of a state in which no incident has counted yet; only a first period can be too short."""
    absorbed = state.coefficient == rules.floor and any(
        line.code is Code.PROTECTED for line in step(state, (Liability.FULL,), rules)[1]
    )
    used = state.protection_used or (absorbed and rules.protection == "once")
    at_floor = state.periods_at_floor if state.coefficient == rules.floor and not absorbed else -1
    inside = _Inside(state.coefficient, at_floor, used, _lapsing(state, rules))
    letters: list[_Node] = [inside, inside] if absorbed else _raised(inside, rules)
    clean, _ = step(state, (), rules)
    held = step(state, (Liability.NONE,), rules)[0] if rules.excused == "held" else clean
    short = step(state, (), rules, first_short=True)[0] if first else clean
    interrupted, _ = step(state, (), rules, interrupted=True)
    ends: list[_Node] = [_bounded(after, rules) for after in (clean, held, short, interrupted)]
    return [*letters, *ends], [state.coefficient, int(absorbed), int(state.clean_periods > 0)]


def _from_inside(node: _Inside, rules: Rules) -> _Row:
    """The row of a state inside a period: more incidents, or one of the ends."""
    coefficient = floor(node.value)
    stayed = node.at_floor >= 0 and coefficient == rules.floor
    periods = node.interrupted_periods + 1
    lapses = rules.lapse_after is not None and periods >= rules.lapse_after and coefficient < rules.origin
    after = State(coefficient, protection_used=node.protection_used)
    clean = replace(after, periods_at_floor=node.at_floor + 1 if stayed else 0)
    short = replace(after, periods_at_floor=node.at_floor if stayed else 0)
    interrupted = State(
        rules.origin if lapses else coefficient,
        periods_at_floor=node.at_floor if stayed and not (lapses and rules.origin != rules.floor) else 0,
        protection_used=node.protection_used,
        interrupted_periods=periods,
    )
    ends: list[_Node] = [_bounded(state, rules) for state in (clean, clean, short, interrupted)]
    return [*_raised(node, rules), *ends], [coefficient, 0, 0]


def _raised(node: _Inside, rules: Rules) -> list[_Node]:
    """The states after one more full, and after one more partial incident (art. 5)."""
    found: list[_Node] = []
    for factor in (rules.factors.full, rules.factors.partial):
        value: int | Fraction
        if isinstance(node.value, int) and rules.truncation == "each":
            value = node.value * factor // 1000
        else:
            value = Fraction(node.value * factor, 1000)
        value = min(value, rules.cap)  # factors are 1.000 at least: what is capped now is capped at the end
        at_floor = node.at_floor if floor(value) == rules.floor else -1
        found.append(replace(node, value=value, at_floor=at_floor))
    return found


def _cut(state: AnyState, rules: AnyRules) -> AnyState:
    """The state that stands in the table for this one."""
    if isinstance(state, ScaleState):
        return _bounded_on_scale(state)
    if isinstance(rules, Rules):
        return _bounded(state, rules)
    raise TypeError("rules and state are of two schemes")


def _bounded(state: State, rules: Rules) -> State:
    """The state with each count cut where more of it makes no difference; this is what makes the states finite."""
    at_floor = min(state.periods_at_floor, rules.protected_after)
    return State(
        coefficient=state.coefficient,
        clean_periods=min(state.clean_periods, max(1, rules.ceiling_after)),
        periods_at_floor=at_floor if state.coefficient == rules.floor else 0,
        protection_used=state.protection_used and rules.protection == "once",
        interrupted_periods=_lapsing(state, rules),
    )


def _lapsing(state: State, rules: Rules) -> int:
    return 0 if rules.lapse_after is None else min(state.interrupted_periods, rules.lapse_after)
