"""The worked examples inside rule and programme files: run, and every one that fails said in a line."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.reading import choice, read_toml
from config.rulefile import (
    load_programme,
    load_rules,
    programme_names,
    read_programme,
    read_rules,
    rule_names,
    rules_file,
)
from config.ruletables import ProgrammeExample, ProgrammeFile, RuleExample, RuleFile
from config.scalefile import failing_scale, find_scale
from scoring.coefficient import LETTERS, State, step
from scoring.rules import Programme, Rules
from scoring.signal import Signal, Source
from scoring.standing import standing


def failing(name_or_path: str | Path, *, at: date) -> list[str]:
    """The examples that do not hold: of a programme and of the rules under it, of rules, or of a scale.

    Raises:
        ConfigError: the file, or the name, cannot be used.
    """
    if (scale := find_scale(name_or_path)) is not None:
        return failing_scale(scale)
    name = str(name_or_path)
    if name in programme_names() or (name.endswith(".toml") and not is_rules(read_toml(Path(name)))):
        return [*failing_programme(name, at=at), *failing_rules_of(name, at=at)]
    return failing_rules(name, at=at)


def failing_rules_of(programme: str | Path, *, at: date) -> list[str]:
    """The examples that a programme's rules do not fulfil."""
    return failing_rules(rules_file(programme), at=at)


def is_rules(tables: Mapping[str, Any]) -> bool:
    """Whether a file holds rules, not a programme: it says what only rules say, or inherits from what is only rules."""
    only_rules = RuleFile.model_fields.keys() - ProgrammeFile.model_fields.keys()
    parent = tables.get("inherits")
    return bool(only_rules & tables.keys()) or (parent in rule_names() and parent not in programme_names())


def failing_rules(name_or_path: str | Path, *, at: date) -> list[str]:
    """The examples of a rule file that the rules in force on a day do not fulfil."""
    if (scale := find_scale(name_or_path)) is not None:
        return failing_scale(scale)
    rules = load_rules(name_or_path, at=at)
    found = [(example, _coefficients(example, rules)) for example in read_rules(name_or_path).example]
    return [
        f"{rules.name}: {example.source}: {_list(got)}, not {_list(example.expect)}"
        for example, got in found
        if got != example.expect
    ]


def failing_programme(name_or_path: str | Path, *, at: date) -> list[str]:
    """The examples of a programme that it does not fulfil with the numbers in force on a day."""
    programme = load_programme(name_or_path, at=at)
    examples = read_programme(name_or_path).example
    return [
        f"{programme.name}: {example.source}: {wrong}" for example in examples for wrong in _wrong(example, programme)
    ]


def _coefficients(example: RuleExample, rules: Rules) -> list[Decimal]:
    rules = replace(rules, use=example.use or rules.use)
    state = State(int(example.start * 100), periods_at_floor=example.years_at_floor)
    found: list[Decimal] = []
    for year in example.years:
        state, _ = step(state, [LETTERS[letter] for letter in year], rules)
        found.append(Decimal(state.coefficient).scaleb(-2))
    return found


def _wrong(example: ProgrammeExample, programme: Programme) -> Iterator[str]:
    """What the standing says otherwise than the example, or what it speaks of that there is not."""
    if strange := [signal.name for signal in example.signals if signal.name not in programme.signals]:
        yield f"there is no signal {strange[0]!r}; {choice(strange[0], programme.signals)}"
        return
    got = standing(list(_signals(example)), programme, example.day)
    for name, wanted in example.expect.model_dump(exclude_none=True).items():
        found = getattr(got, name)
        if name in ("coefficient", "expected"):
            found = Decimal(found).scaleb(-2)
        if found != wanted:
            yield f"{name} is {found}, not {wanted}"


def _signals(example: ProgrammeExample) -> Iterator[Signal]:
    number = 0
    for signal in example.signals:
        for _ in range(signal.times):
            number += 1
            source = Source("example", "example", signal.source or str(number))
            yield Signal(
                signal.name,
                signal.on,
                source,
                signal.liability,
                amount=signal.amount,
                original=signal.original,
                until=signal.until,
            )


def _list(values: Any) -> str:
    return ", ".join(str(value) for value in values)
