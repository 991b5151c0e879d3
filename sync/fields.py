"""The fields we write: which, of what type, in the language of the org or portal (product: what is written)."""

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


def field_set(programme: Programme, object_: str, texts: Texts) -> FieldSet:
    """The programme's fields on the subjects' object, labelled in one language."""
    tiers = [tier.name for tier in programme.tiers]
    on_scale = isinstance(programme.rules, ScaleRules)
    options = {name: texts.options(name, tiers) for name, kind in KINDS.items() if kind is FieldKind.PICKLIST}
    fields = tuple(
        FieldSpec(name, kind, texts.label(name), texts.help(name, on_scale=on_scale), options=options.get(name, ()))
        for name, kind in KINDS.items()
    )
    return FieldSet(object=object_, prefix="bonus malus", label="Bonus-Malus", fields=fields)
