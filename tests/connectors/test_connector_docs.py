"""The page about connectors names what there is."""

from pathlib import Path

import pytest

from connectors import available, settings_model
from connectors.errors import CrmError
from connectors.protocol import OutcomeKind

PAGE = (Path(__file__).parents[2] / "docs" / "connectors.md").read_text(encoding="utf-8")

TITLES = {"files": "Exports", "hubspot": "HubSpot", "salesforce": "Salesforce"}


@pytest.mark.parametrize("crm", available())
def test_every_setting_is_explained_and_no_other(crm: str):
    section = PAGE.partition(f"## {TITLES[crm]}\n")[2].partition("\n## ")[0]
    table = section.partition("### Settings")[2].partition("###")[0]
    named = {word.strip(" `") for line in table.splitlines()[4:] if line for word in line.split("|")[1].split(",")}
    assert named == set(settings_model(crm).model_fields)


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_every_outcome_is_explained(kind: OutcomeKind):
    assert f"`{kind}`" in PAGE


def leaves(error: type[CrmError]) -> list[type[CrmError]]:
    own = [one for one in error.__subclasses__() if one.__module__ == "connectors.errors"]
    return [leaf for one in own for leaf in leaves(one)] or [error]


@pytest.mark.parametrize("error", leaves(CrmError))
def test_every_error_says_what_to_do(error: type[CrmError]):
    assert f"`{error.__name__}`" in PAGE


def test_au02_the_page_leads_to_what_the_vendors_still_hand_out():
    assert "External Client App" in PAGE
    assert "Service Key" in PAGE
    assert "Connected App" not in PAGE


def test_sr10_hw11_the_page_says_what_moves_no_stamp_and_what_a_write_sets_off():
    assert "Formula and roll-up fields do not move the stamp" in PAGE
    assert "workflows" in PAGE
