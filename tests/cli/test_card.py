"""A record on a terminal, as a rep of either language reads it."""

import pytest

from cli.card import card
from cli.screen import console
from config.locale import Texts


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Silver  (Previous tier: Basic)"), ("fr", "Argent  (Palier précédent : Base)")],
)
def test_the_tier_before_is_named_with_the_colon_of_the_language(capsys, language, said):
    values = {"coefficient": "0.9", "tier": "Silver", "previous_tier": "Basic"}
    console().print(card("somebody", values, Texts(language)))
    assert said in capsys.readouterr().out
