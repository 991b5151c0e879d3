"""The Bonus-Malus section of a record: our fields, wherever they came from, in the order in which they are read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from sandbox.page.gauge import Gauge, gauge
from sandbox.page.view import Field, day, decimals, moment, two_decimals
from sandbox.page.words import WORDS, language_of

_OURS = re.compile(r"bonus_?malus_(?P<name>\w+?)(__c)?", re.IGNORECASE)
_HEADING = re.compile(r"bonus[ -]malus\s*:\s*", re.IGNORECASE)
_REVIEW = re.compile(r"(\d{4}-\d\d-\d\d)\s+(\d+[.,]\d\d)")
# French dates have full stops of their own: 3 févr. 2025.
_MONTHS = ("janv", "févr", "avr", "juil", "sept", "oct", "nov", "déc")
_SENTENCE = re.compile(r"(?<=[.!])" + "".join(rf"(?<!{month}\.)" for month in _MONTHS) + r"\s+(?=[^a-z])")
_ARROWS = {"improving": "\u2197", "stable": "\u2192", "worsening": "\u2198"}
_SHOWN_APART = {
    "coefficient",
    "expected",
    "tier",
    "previoustier",
    "points",
    "priceadjustment",
    "trend",
    "reasons",
    "wayback",
}
_SHOWN_BELOW = {"nextreview", "status", "history", "computedat"}


@dataclass(frozen=True, slots=True)
class Card:
    """The section, part by part; a part that is not on the record is None or empty."""

    language: str
    fields: dict[str, Field]
    gauge: Gauge | None
    gauge_label: str
    arrow: str
    reasons: tuple[str, ...]
    history: tuple[tuple[date, str], ...]
    others: tuple[Field, ...]

    def get(self, name: str) -> Field | None:
        """A field by its neutral name, without underscores: `previoustier`; None when absent or empty."""
        found = self.fields.get(name)
        return found if found is not None and found.value else None


def is_ours(api_name: str) -> bool:
    """Whether a field is one of ours, by its API name."""
    return _OURS.fullmatch(api_name) is not None


def card(fields: Iterable[Field]) -> Card | None:
    """The section for these fields of ours; None where none of them holds anything yet."""
    fields = tuple(fields)
    language = language_of(fields)
    named = {_neutral(field.name): _said(field, language) for field in fields}
    if not any(field.value for field in named.values()):
        return None
    for name in named.keys() & {"coefficient", "expected"}:
        named[name] = replace(named[name], shown=decimals(two_decimals(named[name].value), language))
    coefficient = _number(named.get("coefficient"))
    trend, reasons, history = (named.get(name) for name in ("trend", "reasons", "history"))
    return Card(
        language=language,
        fields=named,
        gauge=None if coefficient is None else gauge(coefficient, _number(named.get("expected"))),
        gauge_label=_aloud(named, WORDS[language]),
        arrow=_ARROWS.get(trend.value, "") if trend else "",
        reasons=_sentences(reasons.value) if reasons else (),
        history=tuple(_reviews(history.value)) if history else (),
        others=tuple(field for name, field in named.items() if field.value and name not in _SHOWN_APART | _SHOWN_BELOW),
    )


def _aloud(named: Mapping[str, Field], words: Mapping[str, str]) -> str:
    """The gauge for those who cannot see it."""
    label = f"{words['coefficient']} {named['coefficient'].shown} {words['scale']}" if "coefficient" in named else ""
    expected = named.get("expected")
    return f"{label}, {expected.shown} {words['expected']}" if expected and expected.value else label


def _said(field: Field, language: str) -> Field:
    """A field under the words that the heading has not said already, its dates in the section's language."""
    label, shown, name = _own_words(field.label), field.shown, _neutral(field.name)
    try:
        if name in {"nextreview", "changedon"} and field.value:
            shown = day(date.fromisoformat(field.value), language)
        elif name == "computedat" and field.value:
            shown = moment(datetime.fromisoformat(field.value), language)
    except ValueError:  # somebody made a text of it
        pass
    return replace(field, label=label, shown=shown)


def _neutral(api_name: str) -> str:
    found = _OURS.fullmatch(api_name)
    return found["name"].replace("_", "").lower() if found else api_name


def _own_words(label: str) -> str:
    """A label without the words that the section's heading has said already."""
    words = _HEADING.sub("", label)
    return words[:1].upper() + words[1:]


def _number(field: Field | None) -> Decimal | None:
    if field is None or not field.value:
        return None
    try:
        return Decimal(field.value)
    except InvalidOperation:
        return None


def _sentences(text: str) -> tuple[str, ...]:
    """One reason a line, as written; a text of one line is parted after its full stops."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return tuple(lines if len(lines) > 1 else _SENTENCE.split(text.strip()) if text.strip() else ())


def _reviews(text: str) -> Iterator[tuple[date, str]]:
    for written, coefficient in _REVIEW.findall(text):
        try:
            yield date.fromisoformat(written), coefficient
        except ValueError:  # no such day: whoever wrote that wrote no review
            continue
