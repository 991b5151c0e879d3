"""The fields we write: which, of what type, in the language of the org or portal (product: what is written)."""

from config import prefix
from config.locale import Texts
from connectors.protocol import FieldKind, FieldSet, FieldSpec
from scoring.rules import Programme
from scoring.scale_rules import ScaleRules

KINDS = {
    "coefficient": FieldKind.DECIMAL,
    "expected": FieldKind.DECIMAL,
    "tier": FieldKind.PICKLIST,
    "previous_tier": FieldKind.PICKLIST,
    "points": FieldKind.INTEGER,
    "price_adjustment": FieldKind.INTEGER,
    "trend": FieldKind.PICKLIST,
    "reasons": FieldKind.LONG_TEXT,
    "way_back": FieldKind.TEXT,
    "next_review": FieldKind.DATE,
    "changed_on": FieldKind.DATE,
    "status": FieldKind.PICKLIST,
    "history": FieldKind.TEXT,
    "rules": FieldKind.TEXT,
    "computed_at": FieldKind.DATETIME,
}


def field_set(programme: Programme, object_: str, texts: Texts, words: str = prefix.DEFAULT) -> FieldSet:
    """The programme's fields on the subjects' object, named after `words`, labelled in one language."""
    tiers = [tier.name for tier in programme.tiers]
    on_scale = isinstance(programme.rules, ScaleRules)
    options = {name: texts.options(name, tiers) for name, kind in KINDS.items() if kind is FieldKind.PICKLIST}
    fields = tuple(
        FieldSpec(
            name,
            kind,
            prefix.called(texts.label(name), words),
            texts.help(name, on_scale=on_scale),
            options=options.get(name, ()),
        )
        for name, kind in KINDS.items()
    )
    return FieldSet(object=object_, prefix=words, label=prefix.title(words), fields=fields)


def collide(one: str, other: str) -> bool:
    """Whether fields named after these words would be the same in some CRM.

    Salesforce knows neither spaces nor case (`BonusMalus_Tier__c`), HubSpot no end of the words: `bonus malus previous`
    has a `tier` where `bonus malus` has a `previous_tier`.
    """
    squeezed = one.replace(" ", "") == other.replace(" ", "")
    return squeezed or not _names(one).isdisjoint(_names(other))


def _names(words: str) -> set[str]:
    return {"_".join((*words.split(), name)) for name in KINDS}
