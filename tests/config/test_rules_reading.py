from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from config.reading import ConfigError, read_toml, validate


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["each", "once"] = "each"
    number: int = 0


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    inner: Inner | None = None
    items: list[Inner] = []
    named: dict[str, Inner] = {}
    secret: SecretStr | None = None
    some: Annotated[list[int], Field(min_length=1)] = [1]
    money: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    either: Annotated[int, Field(ge=1)] | Literal["never"] = 1
    word: Literal["full", "none"] | dict[str, Literal["full", "none"]] = "none"
    date: str = ""
    needed: str


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "needed: is missing"),
        (
            {"neded": "x"},
            (
                "neded: unknown key; known here: inner, items, named, secret, some, money, either, word, date, needed; "
                "nearest: needed (and 1 more)"
            ),
        ),
        ({"needed": "x", "inner": {"knd": "each"}}, "inner.knd: unknown key; known here: kind, number; nearest: kind"),
        (
            {"needed": "x", "items": [{}, {"kind": "eech"}]},
            "items[2].kind: 'eech' is not possible; allowed: each, once; nearest: each",
        ),
        ({"needed": "x", "named": {"a": {"nr": 1}}}, "named.a.nr: unknown key; known here: kind, number"),
        ({"needed": "x", "inner": 3}, "inner: should be a table of keys"),
        ({"needed": 3}, "needed: should be text in quotes"),
        ({"needed": "x", "date": 3}, "date: should be text in quotes"),
        (
            {"needed": "x", "word": {"a": "ful"}},
            "word.a: 'ful' is not possible; allowed: full, none; nearest: full (and 1 more)",
        ),
        ({"needed": "x", "some": []}, "some: should have 1 entry at least"),
        ({"needed": "x", "money": "euro"}, "money: should be three capital letters, such as EUR (pattern ^[A-Z]{3}$)"),
        ({"needed": "x", "either": 0}, "either: should be greater than or equal to 1, not 0 (and 1 more)"),
    ],
)
def test_a_mistake_is_one_line_with_key_what_is_allowed_and_the_nearest_name(data: dict[str, object], words: str):
    with pytest.raises(ConfigError) as caught:
        validate(Outer, data, file="f.toml")
    assert str(caught.value) == f"f.toml: {words}"


@pytest.mark.parametrize("data", [{"needed": "x", "inner": {"number": "hunter2"}}, {"needed": "x", "secret": 20061112}])
def test_text_that_was_refused_is_not_repeated_for_it_may_be_a_secret(data: dict[str, object]):
    with pytest.raises(ConfigError) as caught:
        validate(Outer, data, file="f.toml")
    assert "hunter2" not in str(caught.value)
    assert "20061112" not in str(caught.value)


def test_what_is_not_toml_is_named_with_its_line(tmp_path: Path):
    path = tmp_path / "a.toml"
    path.write_text("a = 1\nb = = 2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"a\.toml:2: not TOML"):
        read_toml(path)


def test_a_file_that_is_not_there_offers_the_nearest_one(tmp_path: Path):
    (tmp_path / "settings.toml").touch()
    with pytest.raises(ConfigError, match=r"there is no such file; nearest: settings\.toml"):
        read_toml(tmp_path / "setings.toml")


def test_a_file_that_is_not_utf8_and_a_folder_are_said_in_a_line(tmp_path: Path):
    (tmp_path / "a.toml").write_bytes(b'a = "\xff"\n')
    with pytest.raises(ConfigError, match="is not UTF-8"):
        read_toml(tmp_path / "a.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_toml(tmp_path)
