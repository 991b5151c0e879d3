"""The words that the names of our fields begin with: `bonus malus` for `BonusMalus_Tier__c` and `bonus_malus_tier`."""

import re

DEFAULT = "bonus malus"
# What is longest, `Bonus-malus : ajustement de prix (%)`, must stay a label of Salesforce's 40 characters.
LONGEST = 15


def wrong(prefix: str) -> str:
    """Why not every CRM takes these words; empty where they do."""
    if not re.fullmatch(r"[a-z][a-z0-9]*( [a-z0-9]+)*", prefix):
        return f"{prefix!r}: write lower-case words of a to z and 0 to 9, one space between them, such as {DEFAULT!r}"
    if len(prefix) > LONGEST:
        return f"{prefix!r} has {len(prefix)} characters, and the labels of fields leave room for {LONGEST}"
    if prefix.split(maxsplit=1)[0] == "hs":
        return f"{prefix!r}: HubSpot keeps names that begin with hs for its own"
    return ""


def title(prefix: str) -> str:
    """As permission sets and property groups are called."""
    return "Bonus-Malus" if prefix == DEFAULT else prefix.title()


def called(label: str, prefix: str) -> str:
    """A field's label under these words."""
    return label if prefix == DEFAULT else label.replace("Bonus-malus", prefix.capitalize(), 1)
