"""Documentation is executed: what it says is what happens."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cli.reference import reference
from tests.cli.conftest import command, site  # noqa: F401 - fixtures

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
MARKDOWN = [path for path in ROOT.rglob("*.md") if not {".venv", "node_modules"} & set(path.parts)]


def commands(text: str) -> list[list[str]]:
    blocks = re.findall(r"```\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("bonus-malus ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


def test_the_reference_of_commands_is_their_own_help():
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == reference(), "python -m cli.reference > docs/cli.md"


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(path):
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    missing = [each for each in targets if "://" not in each and not (path.parent / each).exists()]
    assert not missing


def test_the_site_builds_without_a_warning_and_has_a_home(tmp_path):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "index.html").exists()


def test_the_readmes_commands_run_as_they_stand(command, site):  # noqa: F811 - fixtures
    (site.settings.parent / "sandbox.toml").write_text(site.settings.read_text("utf-8"), "utf-8")
    found = [words for words in commands(README) if words[0] != "sandbox"]
    assert len(found) >= 6
    for words in found:
        said = command(*words)
        assert said.code == 0, (words, said.err)


def test_the_readmes_settings_are_valid_and_ask_for_exactly_the_secrets_they_name(command):  # noqa: F811 - a fixture
    (settings,) = re.findall(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    Path("bonus-malus.toml").write_text(settings, "utf-8")
    assert "the environment variable SALESFORCE_CLIENT_ID is not set" in command("sync").err
