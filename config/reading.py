"""Reading what people write: TOML in, validated values out, every mistake one line that can be acted on.

The line says the file, the key (or the line, where it is not TOML at all), what is wrong, what is allowed and the
nearest name: ``customers.toml: points.order_payd: unknown key; known here: order_paid, refund; nearest: order_paid``.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

Model = TypeVar("Model", bound=BaseModel)

Location = tuple[int | str, ...]

_LOOKS = {
    "^[A-Z]{3}$": "three capital letters, such as EUR",
    "^[FP]*$": "F (full liability) and P (partial), or nothing",
    "^F*$": "one F for each claim, or nothing",
    r"^[a-z][a-z0-9_-]*$": "small letters, digits, - and _, beginning with a letter",
}
_KINDS = ("int", "str", "float")  # as pydantic calls the members of a union


class ConfigError(Exception):
    """Something a person wrote cannot be used; its one line says where, what is wrong and what is allowed."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file, numbers exact (`Decimal`, never float).

    Raises:
        ConfigError: no such file, not UTF-8, or not TOML (then with its line).
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file{_nearby(path)}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        what, line = _syntax(str(error))
        raise ConfigError(f"{path}{line}: not TOML: {what}") from error


def validate(model: type[Model], data: Mapping[str, Any], *, file: str | Path) -> Model:
    """The data as an instance of `model`; `file` is only named in the error.

    Raises:
        ConfigError: the first mistake in one line, and how many more there are.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = sorted(error.errors(include_url=False), key=_turn)
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise ConfigError(f"{file}: {sentence(model, found[0])}{more}") from None


def _turn(error: ErrorDetails) -> int:
    """A misspelt key is also a missing one: its spelling is the mistake to name. No table was meant to be a word."""
    if error["type"] == "extra_forbidden":
        return 0
    return 2 if error["type"] in ("literal_error", "enum") and isinstance(error["input"], Mapping) else 1


def sentence(model: type[BaseModel], error: ErrorDetails) -> str:
    """One pydantic error as key, what is wrong, what is allowed and the nearest name. Never a secret's text."""
    where = key_path(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            name = str(error["loc"][-1])
            what = f"unknown key; {choice(name, _known(model, error['loc'][:-1]), 'known here')}"
        case "missing":
            what = "is missing"
        case "literal_error" | "enum":
            given = str(error["input"])
            allowed = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
            what = f"{given!r} is not possible; {choice(given, allowed)}"
        case "model_type" | "model_attributes_type" | "dict_type":
            what = "should be a table of keys"
        case "string_type":
            what = "should be text in quotes"
        case "too_short":
            least = error.get("ctx", {}).get("min_length", 1)
            what = f"should have {least} {'entry' if least == 1 else 'entries'} at least"
        case "string_pattern_mismatch":
            pattern = error.get("ctx", {}).get("pattern", "")
            what = f"should be {_LOOKS.get(pattern, 'text of another form')} (pattern {pattern})"
        case _:
            # Text that was refused is not repeated: it may be a secret put under the wrong key.
            given = f", not {error['input']}" if isinstance(error["input"], int | Decimal | date) else ""
            what = error["msg"].removeprefix("Value error, ").removeprefix("Input ") + given
    return f"{where}: {what}" if where else what


def choice(given: str, allowed: Iterable[str], word: str = "allowed") -> str:
    """What is allowed, and the nearest of it to what was given: ``allowed: once, each; nearest: each``."""
    names = list(allowed)
    near = difflib.get_close_matches(given, names, n=1)
    return f"{word}: {', '.join(names) or 'nothing'}" + (f"; nearest: {near[0]}" if near else "")


def key_path(location: Location) -> str:
    """A key as people write it: ``tiers[2].name``, list items counted from 1."""
    text = ""
    for part in (each for place, each in enumerate(location, 1) if not _is_kind(each, last=place == len(location))):
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _is_kind(part: int | str, *, last: bool) -> bool:
    """The members of a union are places of pydantic's own ("str-enum[…]", a model's class): nobody wrote them."""
    if isinstance(part, int):
        return False
    return "[" in part or part.startswith(("_", "constrained-", "function-")) or (last and part in _KINDS)


def _known(model: type[BaseModel], location: Location) -> Sequence[str]:
    """The keys that the table at this place may have."""
    kind: Any = model
    for part in location:
        if _is_model(kind):
            kind = next((f.annotation for n, f in kind.model_fields.items() if part in (n, f.alias)), None)
        elif get_origin(kind) is not None and get_args(kind):
            kind = get_args(kind)[-1 if isinstance(part, str) else 0]
        kind = _table_of(kind)
    return [field.alias or name for name, field in kind.model_fields.items()] if _is_model(kind) else []


def _table_of(kind: Any) -> Any:
    """`kind` itself, or the first table of a union such as ``Table | None``."""
    if get_origin(kind) in (list, tuple, dict, None) or isinstance(kind, type):
        return kind
    return next((member for member in get_args(kind) if _is_model(member)), kind)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _syntax(message: str) -> tuple[str, str]:
    """A TOML parser's message, and its line as ``:12`` where it knows one."""
    found = re.search(r"^(.*) \(at (?:line (\d+), column \d+|end of document)\)$", message)
    if not found:
        return message, ""
    return found[1], f":{found[2]}" if found[2] else ": end of file"


def _nearby(path: Path) -> str:
    """The nearest file name in the same folder, as a hint."""
    names = [other.name for other in path.parent.glob(f"*{path.suffix}")] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"; nearest: {near[0]}" if near else ""
