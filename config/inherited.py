"""Inheritance: a file of rules or of a programme over the one it inherits from, by names or by paths beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.reading import ConfigError, Model, choice, read_toml, validate

OWN = ("name", "title", "inherits", "example")  # what a file never inherits
_CALLED = {
    "rules": ("are no such rules", "programmes", "a programme is"),
    "programmes": ("is no such programme", "rules", "rules are"),
}


def read_inherited(model: type[Model], path: Path, folder: Path) -> Model:
    """A file over what it inherits, validated; `folder` holds those that come with the product.

    Raises:
        ConfigError: a mistake in it or in what it inherits, or files that inherit from each other.
    """
    return validate(model, _inherited(model, path, folder, ()), file=path)


def beside(path: Path, name: str) -> str | Path:
    """A file named in another one is looked for beside it."""
    return path.parent / name if name.endswith(".toml") else name


def find(name_or_path: str | Path, folder: Path, said_in: str = "") -> Path:
    """The file of that name or path.

    Raises:
        ConfigError: nothing that comes with the product is called that.
    """
    text = str(name_or_path)
    if text.endswith(".toml"):
        return Path(text)
    known = names(folder)
    if text not in known:
        no, other, called = _CALLED[folder.name]
        besides = f", but {called} called that" if text in names(folder.parent / other) else ""
        raise ConfigError(f"{said_in}{text}: there {no}{besides}; {choice(text, known)}, or a file that ends in .toml")
    return folder / f"{text}.toml"


def names(folder: Path) -> tuple[str, ...]:
    """What there is in a folder, by name."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def folder(kind: str) -> Path:
    """Where the files of a kind are that come with the product: rules, programmes."""
    return Path(__file__).parent / kind


def _inherited(model: type[Model], path: Path, folder: Path, heirs: tuple[Path, ...]) -> dict[str, Any]:
    """The tables of a file over those it inherits, which must be valid by themselves."""
    data = read_toml(path)
    parent = data.get("inherits")
    if not isinstance(parent, str):
        return data
    above = find(beside(path, parent), folder, f"{path}: inherits: ")
    if above in (path, *heirs):
        raise ConfigError(f"{path}: inherits: {parent} inherits from this file in turn")
    inherited = _inherited(model, above, folder, (path, *heirs))
    validate(model, inherited, file=above)
    return _over({key: value for key, value in inherited.items() if key not in OWN}, data)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """One set of tables over another; a dated number is replaced whole, with its reference."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        joined = isinstance(old, dict) and isinstance(value, dict) and "since" not in old and "since" not in value
        merged[key] = _over(merged[key], value) if joined else value
    return merged
