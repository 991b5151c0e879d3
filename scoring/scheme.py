"""Schemes: how a review moves somebody, by reduction-majoration or on a scale. The fold knows no more than this."""

from collections.abc import Sequence
from typing import TypeAlias

from scoring import coefficient, scale_rules
from scoring.coefficient import State
from scoring.line import Line, Param
from scoring.opening import Opening, on_scale
from scoring.rules import AnyRules, Rules
from scoring.scale_rules import ScaleState
from scoring.signal import Liability

AnyState: TypeAlias = State | ScaleState


def start(rules: AnyRules, opening: Opening | None = None) -> AnyState:
    """Where the first period begins: at the origin, or with what was carried over."""
    if isinstance(rules, Rules):
        return State(rules.origin) if opening is None else opening.state
    return rules.state(rules.start) if opening is None else on_scale(opening, rules)


def step(
    state: AnyState,
    incidents: Sequence[Liability],
    rules: AnyRules,
    *,
    interrupted: bool = False,
    first_short: bool = False,
    early: int = 0,
) -> tuple[AnyState, tuple[Line, ...]]:
    """The state after a review, and the lines that lead from the old one to it (see `coefficient.step`)."""
    if isinstance(rules, Rules) and isinstance(state, State):
        return coefficient.step(state, incidents, rules, interrupted=interrupted, first_short=first_short, early=early)
    if isinstance(rules, Rules) or isinstance(state, State):
        raise TypeError("rules and state are of two schemes")
    return scale_rules.review(state, incidents, rules, interrupted=interrupted, first_short=first_short)


def place(state: AnyState, rules: AnyRules) -> dict[str, Param]:
    """What lines say of a state: its coefficient, and on a scale its level."""
    values: dict[str, Param] = {"coefficient": state.coefficient}
    if isinstance(state, ScaleState) and not isinstance(rules, Rules):
        values["level"] = rules.scale.levels[state.place.level].name
    return values
