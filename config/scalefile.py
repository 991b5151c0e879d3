"""Scales from TOML: levels, a rule or a table of moves, the source of both, worked examples inside.

::

    name = "xk-19"
    scheme = "scale"
    source = "…"
    start = "11"

    [levels]  # the best first
    names = ["1", "2", …]
    values = [45, 50, …]

    [steps]
    better = 1
    first = 3
    further = 3

Where a programme runs on it, `[periods]` says what the source leaves open; what is not said is as the law has it. A
scale may inherit from another one (`inherits = "be-1992"`, with `scheme = "scale"` said again).
A file marked `partial` says what is `missing`; if that is the moves, it can be read and shown but not computed.
"""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.inherited import read_inherited
from config.reading import ConfigError, choice, read_toml
from config.ruletables import Table
from scoring.scale import CleanLimit, Level, Moves, Place, Scale, Unit, back_to, by_steps, step
from scoring.scale_rules import ScaleRules

FOLDER = Path(__file__).parent / "rules"

Name = Annotated[str, Field(min_length=1, max_length=20)]
Steps = Annotated[int, Field(ge=1, le=1000)]


class LevelTable(Table):
    """Names and values from the best level to the worst; without values a level's place counts, the best is 0."""

    names: list[Name] = Field(min_length=2)
    values: list[Annotated[Decimal, Field(ge=0, le=1_000_000)]] | None = None

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if self.values is not None and len(self.values) != len(self.names):
            raise ValueError(f"{len(self.names)} names, but {len(self.values)} values")
        return self


class StepTable(Table):
    """Levels down after a claim-free year; up for the first claim and each further one, or back to one level."""

    better: Steps
    first: Steps | None = None
    further: Steps | None = None
    back_to: Name | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.first is None) != (self.further is None) or (self.first is None) == (self.back_to is None):
            raise ValueError("either first and further, or back_to")
        return self


class LimitTable(Table):
    """After so many claim-free years nobody stands above that level."""

    years: Annotated[int, Field(ge=1, le=100)]
    not_above: Name


class PeriodTable(Table):
    """How the years of a programme are counted; defaults as in `ScaleRules`."""

    partial: Literal["claim", "held", "excused"] = "claim"
    excused: Literal["clean", "held"] = "clean"
    same_day: Literal["full first", "partial first"] = "full first"
    lag_months: Annotated[int, Field(strict=True, ge=0, le=11)] = 0
    first_min_months: Annotated[int, Field(strict=True, ge=0, le=12)] = 9
    interruption_months: Annotated[int, Field(strict=True, ge=0, le=1000)] = 3
    correction_years: Annotated[int, Field(strict=True, ge=0, le=100)] = 2
    statement_periods: Annotated[int, Field(strict=True, ge=1, le=100)] = 5
    statement_days: Annotated[int, Field(strict=True, ge=1, le=365)] = 15


class ScaleExample(Table):
    """A worked example: a level, the claims of each year, the level after each."""

    source: str
    start: Name
    years: list[Annotated[str, Field(pattern="^F*$")]]
    expect: list[Name]


class ScaleFile(Table):
    """A file of scheme `scale`."""

    name: str = Field(min_length=1)
    title: str = ""
    scheme: Literal["scale"]
    inherits: str | None = None
    source: str = Field(min_length=1)
    note: str = ""
    unit: Unit = "percent"
    start: Name | None = None
    partial: bool = False
    missing: str = ""
    levels: LevelTable
    steps: StepTable | None = None
    next: dict[Name, list[Name]] | None = None
    clean_limit: LimitTable | None = None
    periods: PeriodTable = PeriodTable()
    example: list[ScaleExample] = Field(default_factory=list)

    @property
    def has_moves(self) -> bool:
        """Whether it says where claims lead."""
        return self.steps is not None or self.next is not None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.partial != bool(self.missing):
            raise ValueError("partial = true needs missing = what is missing, and only then")
        if self.steps is not None and self.next is not None:
            raise ValueError("moves are either steps or next, not both")
        if not self.has_moves and not self.partial:
            raise ValueError("there are no moves: write steps or next, or partial = true with what is missing")
        if self.levels.values is None and self.unit != "level":
            raise ValueError('levels without values need unit = "level"')
        return self


def is_scale(path: Path) -> bool:
    """Whether a file of rules is of scheme `scale`."""
    return read_toml(path).get("scheme") == "scale"


def scale_names() -> tuple[str, ...]:
    """The scales that come with the product, partial ones included."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml") if is_scale(path)))


def find_scale(name_or_path: str | Path) -> Path | None:
    """The file of that name or path if it is a scale; None if it is something else or nothing."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = FOLDER / f"{name_or_path}.toml"
    return path if path.is_file() and is_scale(path) else None


def read_scale(path: Path) -> ScaleFile:
    """A scale's file as its tables, examples included.

    Raises:
        ConfigError: a mistake in it.
    """
    return read_inherited(ScaleFile, path, FOLDER)


def load_scale(path: Path) -> Scale:
    """The scale in a file.

    Raises:
        ConfigError: a mistake in it, or it is partial and its moves are what is missing.
    """
    tables = read_scale(path)
    if not tables.has_moves:
        raise ConfigError(f"{path}: {tables.name} is partial and cannot be computed; missing: {tables.missing}")
    names = tables.levels.names
    values = tables.levels.values or [Decimal(number) for number in range(len(names))]
    limit = tables.clean_limit
    start = None if tables.start is None else _index(tables.start, names, path, "start")
    if tables.unit == "amount" and start is not None and not values[start]:
        raise ConfigError(
            f"{path}: start: {tables.start} is worth 0, and amounts are compared with that of the start level; start "
            'on a level that costs something, or write unit = "level"'
        )
    try:
        return Scale(
            name=tables.name,
            levels=tuple(Level(name, value) for name, value in zip(names, values, strict=True)),
            moves=_moves(tables, path),
            start=start,
            unit=tables.unit,
            clean_limit=None
            if limit is None
            else CleanLimit(limit.years, _index(limit.not_above, names, path, "clean_limit.not_above")),
        )
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error


def load_scale_rules(path: Path) -> ScaleRules:
    """The scale in a file, as the rules of a programme.

    Raises:
        ConfigError: as for `load_scale`; it names no level for newcomers, or a level is worth nothing.
    """
    scale, tables = load_scale(path), read_scale(path)
    if scale.start is None:
        names = ", ".join(level.name for level in scale.levels)
        raise ConfigError(
            f"{path}: start: is missing; a programme needs the level of newcomers: inherit from {scale.name} and say "
            f"start = one of {names}"
        )
    source = f"{tables.source} (partial; missing: {tables.missing})" if tables.partial else tables.source
    rules = ScaleRules(scale.name, scale, scale.start, source=source, **tables.periods.model_dump())
    if rules.has_premiums and rules.floor <= 0:
        raise ConfigError(f"{path}: levels.values: {scale.levels[0].name} is worth less than 0.01; a price needs more")
    return rules


def failing_scale(path: Path) -> list[str]:
    """The examples of a scale's file that it does not fulfil."""
    scale = load_scale(path)
    wrong = []
    for example in read_scale(path).example:
        place = Place(_index(example.start, [level.name for level in scale.levels], path, "example.start"))
        got = []
        for year in example.years:
            place = step(place, len(year), scale).after
            got.append(scale.levels[place.level].name)
        if got != example.expect:
            wrong.append(f"{scale.name}: {example.source}: {', '.join(got)}, not {', '.join(example.expect)}")
    return wrong


def _moves(tables: ScaleFile, path: Path) -> Moves:
    names = tables.levels.names
    steps = tables.steps
    if steps is not None and steps.first is not None and steps.further is not None:
        return by_steps(len(names), better=steps.better, first=steps.first, further=steps.further)
    if steps is not None and steps.back_to is not None:
        target = _index(steps.back_to, names, path, "steps.back_to")
        return back_to(len(names), better=steps.better, target=target)
    rows = tables.next or {}
    for name in rows:
        _index(name, names, path, "next")
    lacking = [name for name in names if name not in rows]
    if lacking:
        raise ConfigError(f"{path}: next: no row for level {lacking[0]}")
    return tuple(tuple(_index(target, names, path, f"next.{name}") for target in rows[name]) for name in names)


def _index(name: str, names: Sequence[str], path: Path, key: str) -> int:
    if name not in names:
        raise ConfigError(f"{path}: {key}: there is no level {name!r}; {choice(name, names)}")
    return names.index(name)
