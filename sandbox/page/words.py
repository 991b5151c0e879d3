"""The section's own words, as the component and the card have them; labels and values come with the fields."""

from collections.abc import Iterable, Mapping

from sandbox.page.view import Field

# A French label has a blank before its colon: «Bonus-malus : palier».
_FRENCH_LABEL = "bonus-malus : "
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "empty_title": "Not scored yet",
        "empty": "The coefficient, the tier and the reasons appear here after the first sync.",
        "review": "Review",
        "coefficient": "Coefficient",
        "scale": "on a scale from 0.50 to 3.50",
        "expected": "expected at the next review",
    },
    "fr": {
        "empty_title": "Pas encore noté",
        "empty": "Le coefficient, le palier et les motifs apparaissent ici après la première synchronisation.",
        "review": "Échéance",
        "coefficient": "Coefficient",
        "scale": "sur une échelle de 0,50 à 3,50",
        "expected": "attendu à la prochaine échéance",
    },
}


def language_of(fields: Iterable[Field]) -> str:
    """The language that our fields are labelled in, which is the org's or the portal's."""
    return "fr" if any(field.label.lower().startswith(_FRENCH_LABEL) for field in fields) else "en"
