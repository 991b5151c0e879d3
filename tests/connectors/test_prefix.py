"""A prefix that the settings accept gives names and labels that both vendors accept."""

from datetime import date

import pytest

from config.locale import Texts, languages
from config.prefix import DEFAULT, LONGEST, wrong
from config.rulefile import load_programme
from connectors.hubspot.names import property_name
from connectors.salesforce.names import field_name, permission_set, read_set
from sync.fields import KINDS, collide, field_set

PROGRAMME = load_programme("customers", at=date(2026, 11, 22))
LONG = ["x" * LONGEST, "a b c d e f g h", "score 2", "z9"]


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("prefix", [DEFAULT, *LONG])
def test_every_name_and_label_is_one_that_both_vendors_take(prefix: str, language: str):
    assert wrong(prefix) == ""
    fields = field_set(PROGRAMME, "Contact", Texts(language), prefix)
    for spec in fields.fields:
        assert len(field_name(prefix, spec.name)) <= 40 + len("__c")
        assert "__" not in field_name(prefix, spec.name).removesuffix("__c")
        assert len(property_name(prefix, spec.name)) <= 100
        assert len(spec.label) <= 40  # Salesforce's
        assert spec.label.startswith(prefix.capitalize() if prefix != DEFAULT else "Bonus-malus")
    for name, label in (permission_set(fields), read_set(fields)):
        assert (len(name) <= 80, len(label) <= 80) == (True, True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("loyalty", "loyalty", True),
        ("bonus malus", "bonusmalus", True),  # one name in Salesforce, which knows no case
        ("bonus malus", "bonus malus previous", True),  # bonus_malus_previous_tier
        ("loyalty", "loyalty way", False),  # there is a loyalty_way_back, and no field called back
        ("bonus malus", "loyalty", False),
        ("loyalty", "loyalty b", False),
    ],
)
def test_two_prefixes_collide_where_any_name_would_be_the_same(one: str, other: str, *, same: bool):
    made = [
        {maker(prefix, name).lower() for name in KINDS for maker in (property_name, field_name)}
        for prefix in (one, other)
    ]
    assert collide(one, other) is collide(other, one) is bool(made[0] & made[1])
    assert collide(one, other) is same
