"""The guides' commands are walked word for word against the sandbox; what they are made of is current."""

import re
import shlex
from pathlib import Path

import pytest

from cli.customer_rules import files
from config.locale import Texts
from tests.cli.conftest import command, site  # noqa: F401 - fixtures

DOCS = Path(__file__).parents[2] / "docs"


def commands(guide: str) -> list[list[str]]:
    blocks = re.findall(r"```\n(.*?)```", (DOCS / guide).read_text("utf-8"), flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("bonus-malus ")]
    return [shlex.split(line)[1:] for line in lines]


@pytest.mark.parametrize("guide", ["install-salesforce.md", "install-hubspot.md"])
def test_a_newcomers_walk_leads_from_nothing_to_scores_on_the_records(guide, command, site):  # noqa: F811 - fixtures
    site.settings.unlink()
    walked = [[word.replace("http://127.0.0.1:8765", site.url) for word in words] for words in commands(guide)]
    assert len(walked) == 5
    for words in walked:
        said = command(*words)
        assert said.code == 0, (words, said.out, said.err)
    if "salesforce" in guide:
        living = [row for row in site.world.org.rows("Contact") if not row["IsDeleted"]]
        assert all(row["BonusMalus_Coefficient__c"] for row in living)
    else:
        assert all(row.get("bonus_malus_coefficient") for row in site.world.portal.rows("contacts"))


def test_the_rules_for_customers_are_made_of_the_numbers_in_force():
    stale = [path.name for path, text in files().items() if path.read_text("utf-8") != text]
    assert not stale, "python -m cli.customer_rules"


def test_the_rules_for_customers_say_the_same_in_both_languages():
    numbers = {path.name: re.findall(r"\d+", text) for path, text in files().items()}
    assert numbers["customer-rules.en.md"] == numbers["customer-rules.fr.md"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_rules_for_customers_call_no_incident_by_the_word_for_what_never_counts(language):
    text = (DOCS / f"customer-rules.{language}.md").read_text("utf-8")
    complaint = Texts(language).signal("complaint").lower()
    (never,) = (line for line in text.splitlines() if complaint in line.lower())
    assert never.startswith(("**What never counts:** ", "**Ce qui ne compte jamais :** "))
    assert text.count("\n- ") == 4  # the incidents, each in a line that the word is not in
