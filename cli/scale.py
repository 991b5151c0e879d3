"""What the commands share about scales: a level by name, years of claims, and `calc` for a scale."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from rich.text import Text

from cli.exits import Exit
from cli.screen import console, print_json, table
from config.reading import ConfigError, choice
from config.scalefile import load_scale, read_scale
from scoring.scale import Level, Move, Place, Scale, step

HUNDRED = Decimal(100)


def calc_scale(path: Path, start: str | None, history: str, *, as_json: bool) -> int:
    """The level after each year of a history, from a level; JSON has the levels' names beside the coefficients."""
    tables, scale = read_scale(path), load_scale(path)
    moves = _fold(_claims(history), Place(level_of(start, scale)), scale)
    reached = [scale.levels[move.after.level] for move in moves]
    if as_json:
        levels = [level.name for level in reached]
        print_json({"coefficients": [worth(level, scale) for level in reached], "levels": levels})
        return Exit.DONE
    columns = ("year", "what happened", "level", "coefficient")
    made = table(scale.name, columns, (), right=("coefficient",))
    for number, (move, level) in enumerate(zip(moves, reached, strict=True), 1):
        made.add_row(str(number), Text(_sentence(move, scale)), level.name, worth(level, scale))
    out = console()
    out.print(made)
    out.print(f"source: {tables.source}", markup=False)
    return Exit.DONE


def show_scale(path: Path, *, as_json: bool) -> int:
    """Every level with its value and where each number of claims leads; what is missing where the file is partial."""
    tables = read_scale(path)
    scale = load_scale(path) if tables.has_moves else None
    most = len(scale.moves[0]) if scale else 0
    columns = ["level", tables.unit, *(_claims_word(claims, last=claims == most - 1) for claims in range(most))]
    values = tables.levels.values or range(len(tables.levels.names))
    rows = [
        [name, str(value), *(_next(scale, number) if scale else ())]
        for number, (name, value) in enumerate(zip(tables.levels.names, values, strict=True))
    ]
    facts = {"source": tables.source, "start": tables.start or "not said", "note": tables.note}
    if tables.clean_limit:
        facts["limit"] = f"after {tables.clean_limit.years} claim-free years not above {tables.clean_limit.not_above}"
    if tables.partial:
        facts["missing"] = tables.missing
    if as_json:
        print_json({"name": tables.name, "title": tables.title, **facts, "columns": columns, "rows": rows})
        return Exit.DONE
    out = console()
    out.print(table(f"{tables.name}: {tables.title}", columns, rows, right=columns[1:]))
    for key, fact in facts.items():
        if fact:
            out.print(f"{key}: {fact}", markup=False)
    return Exit.DONE


def level_of(name: str | None, scale: Scale) -> int:
    """The level of that name; a newcomer's where none is said.

    Raises:
        ConfigError: there is no such level, or the scale names none for newcomers.
    """
    names = [level.name for level in scale.levels]
    if name is None:
        if scale.start is None:
            raise ConfigError(f"--start: {scale.name} names no level for newcomers; allowed: {', '.join(names)}")
        return scale.start
    number = scale.level(name)
    if number is None:
        raise ConfigError(f"--start: {scale.name} has no level {name!r}; {choice(name, names)}")
    return number


def worth(level: Level, scale: Scale) -> str:
    """What a premium is multiplied by (0.85 for 85 %), or the amount; the level's name where no premium is known."""
    if scale.unit == "level":
        return level.name
    if scale.unit == "amount":
        return str(level.value)
    factor = level.value / HUNDRED
    return str(factor.quantize(Decimal("0.01")) if factor == round(factor, 2) else factor)


def _claims(history: str) -> list[int]:
    periods = [period.strip().upper() for period in history.split(",")]
    for number, period in enumerate(periods, 1):
        if wrong := period.strip("F"):
            raise ConfigError(
                f"--history: period {number}: {wrong!r} is not possible; "
                "allowed on a scale: F (one claim), nothing (claim-free), commas between periods"
            )
    return [len(period) for period in periods]


def _fold(claims: Sequence[int], place: Place, scale: Scale) -> list[Move]:
    moves = []
    for number in claims:
        moves.append(step(place, number, scale))
        place = moves[-1].after
    return moves


def _sentence(move: Move, scale: Scale) -> str:
    before, after = (scale.levels[place.level].name for place in (move.before, move.after))
    what = _claims_word(move.claims) if move.claims else "claim-free"
    limit = f", not above {after} after {move.after.clean} claim-free years" if move.limited else ""
    return f"{what}: level {before} → {after}{limit}"


def _next(scale: Scale, level: int) -> list[str]:
    return [scale.levels[target].name for target in scale.moves[level]]


def _claims_word(claims: int, *, last: bool = False) -> str:
    return f"{claims}{'+' if last else ''} claim{'' if claims == 1 else 's'}"
