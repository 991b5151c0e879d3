"""Where settings lie elsewhere, whatever is to be typed next names them."""

import pytest

from tests.cli.conftest import Command
from tests.cli.test_doctor import small_site

ELSEWHERE = "bonus-malus --settings elsewhere.toml"


@pytest.fixture
def elsewhere(tmp_path, command: Command):
    with small_site(tmp_path) as site:
        asks = site.settings.read_text("utf-8").replace('first_fill = "go"', 'first_fill = "ask"')
        (tmp_path / "elsewhere.toml").write_text(asks, "utf-8")
        site.settings.unlink()
        yield lambda *words: command("--settings", "elsewhere.toml", *words)


def messages(said):
    return {each["message"] for each in said.json["connections"].values()}


def cures(said):
    return " ".join(each["cure"] for each in said.json)


def test_what_asks_holds_and_is_missing_names_the_settings_in_its_cure(elsewhere):
    assert f"run `{ELSEWHERE} fields apply`" in cures(elsewhere("doctor", "--json"))
    elsewhere("fields", "apply")
    last = elsewhere("sync", "--dry-run").out.splitlines()[-1]
    assert last.startswith(f"to do just this: {ELSEWHERE} sync --read ")
    (asked,) = messages(elsewhere("sync", "--json"))
    assert f"`{ELSEWHERE} sync --dry-run`, then say `{ELSEWHERE} sync --first-fill`" in asked
    elsewhere("sync", "--first-fill")
    assert f"`{ELSEWHERE} runs` lists them" in elsewhere("undo", "99").err
    assert f"until you say {ELSEWHERE} resume" in elsewhere("undo", "2").out
    (held,) = messages(elsewhere("sync", "--json"))
    assert f"`{ELSEWHERE} resume` ends it" in held
    assert f"UTC: {ELSEWHERE} resume" in elsewhere("runs").out
    assert f"`{ELSEWHERE} runs` lists them" in elsewhere("runs", "show", "99").err
    assert f"when you are ready: {ELSEWHERE} resume" in cures(elsewhere("doctor", "--json"))
