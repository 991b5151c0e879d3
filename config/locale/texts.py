"""Texts: the lines of a standing in words, and the names of our fields, in one language.

Dates and numbers are written by Babel. Texts hold dates, never "in 30 days": they are true on the day they are read.
"""

import re
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from babel import Locale, dates, numbers
from babel.units import format_unit

from config.reading import ConfigError, choice, read_toml
from scoring.line import Line
from scoring.standing import Standing

SHOWN_REVIEWS = 8
WAY_BACK = 255  # characters, as a text field has in every CRM
PROGRAMME = "programme"  # the same word in every language

_OPTIONAL = re.compile(r"\[([^\]]*)\]")


def languages() -> tuple[str, ...]:
    """The languages there is a catalogue for."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.toml")))


class Texts:
    """The catalogue of one language."""

    def __init__(self, language: str) -> None:
        if language not in languages():
            raise ConfigError(f"language: there is no {language!r}; {choice(language, languages())}")
        self.language = language
        self._catalogue = read_toml(Path(__file__).parent / f"{language}.toml")
        self._locale = Locale(language)
        self._day = dates.parse_pattern("d MMM y")
        self._coefficient = numbers.parse_pattern("0.00")
        self._writer = _Writer(self._specs())

    def line(self, line: Line) -> str:
        """One line in words, without a full stop and without its reference."""
        entry = self._catalogue["lines"][line.code]
        return self._write(entry, self._with_phrases(line.values))

    def reasons(self, standing: Standing) -> str:
        """The reasons as sentences: ``Invoice 1042 paid 44 days late, 3 Jun 2025: …. 12 orders paid: …``."""
        return " ".join(f"{self.line(reason)}." for reason in standing.reasons)

    def way_back(self, standing: Standing) -> str:
        """The way back as one sentence: ``Review of 12 Mar 2027 without incident: 0.90; Gold needs 250 points …``.

        What its field has no room for is left out from the end: names of levels and tiers may be long.
        """
        separator = " ; " if self.language == "fr" else "; "
        said = [self.line(line) for line in standing.way_back]
        while len(text := separator.join(said)) >= WAY_BACK:
            said.pop()
        return f"{text}." if text else ""

    def history(self, standing: Standing) -> str:
        """The last eight reviews, the newest first: ``2026-03-12 0.95; 2025-03-12 0.85``."""
        newest = standing.reviews[: -SHOWN_REVIEWS - 1 : -1]
        return "; ".join(f"{review.on} {self.coefficient(review.coefficient)}" for review in newest)

    def coefficient(self, hundredths: int) -> str:
        """A coefficient as people read it: 0.95, 0,95."""
        return self._coefficient.apply(Decimal(hundredths).scaleb(-2), self._locale)

    def date(self, day: date) -> str:
        """A day as people read it: 3 Jun 2025, 3 juin 2025, 1er mai 2025."""
        text = self._day.apply(day, self._locale)
        return f"1er{text[1:]}" if self.language == "fr" and day.day == 1 else text

    def tier(self, name: str) -> str:
        """A tier's name; a company's own tiers are called what the programme calls them."""
        return str(self._catalogue["tiers"].get(name, name))

    def reference(self, text: str) -> str:
        """The article or rule behind a number; a company's own articles are called what its rules call them.

        Where in the programme a number stands is the affair of who writes programmes. A house rule nobody has
        translated is one still: its words alone are left out.
        """
        known: Mapping[str, str] = self._catalogue.get("references", {})
        kind = text.partition(": ")[0]
        return kind if kind == PROGRAMME else known.get(text, known.get(kind, text))

    def signal(self, name: str) -> str:
        """What a kind of signal is called: ``Invoice paid late``."""
        return self._write(self._forms(name)["what"], {})

    def label(self, field: str) -> str:
        """The label of one of our fields."""
        return str(self._catalogue["fields"][field]["label"])

    def help(self, field: str, *, on_scale: bool = False) -> str:
        """The help text of one of our fields, or what it is on a scale instead."""
        texts = self._catalogue["fields"][field]
        return str(texts.get("help_on_scale", texts["help"]) if on_scale else texts["help"])

    def options(self, field: str, tiers: Sequence[str] = ()) -> tuple[tuple[str, str], ...]:
        """The (internal value, label) pairs of a picklist; for the two tier fields those of the tiers given."""
        if field in ("tier", "previous_tier"):
            return tuple((name, self.tier(name)) for name in tiers)
        return tuple(self._catalogue["options"][field].items())

    def screen(self, words: str, **values: Any) -> str:
        """What stands around the texts on a screen: ``How it came to be, 22 Nov 2026``."""
        return self._write(self._catalogue["screen"][words], values)

    def write(self, value: Any, how: str) -> str:
        """A value as texts have it: `coefficient` (hundredths), `date`, `number`, `signed`, `tier`."""
        return self._writer.format_field(value, how)

    def _with_phrases(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values, and the phrases that a signal's name and values make."""
        known = dict(values)
        if "signal" in values:
            forms = self._forms(str(values["signal"]))
            known["what"] = self._write(forms["what"], values)
            if "count" in values:
                known["sum"] = self._write(forms, values)
        if "counted" in values:
            known["counted_phrase"] = self._write(self._forms(str(values["counted"])), values)
        return known

    def _forms(self, signal: str) -> Mapping[str, str]:
        """The phrases for a signal; a company's own signals are called by their names."""
        name = signal.replace("_", " ").replace("{", "").replace("}", "")
        many = f"{name}: {{count}}"
        own = {"what": f"{name.capitalize()}[ {{reference}}]", "one": many, "other": many}
        forms: Mapping[str, str] = self._catalogue["signals"].get(signal, own)
        return forms

    def _write(self, entry: str | Mapping[str, str], values: Mapping[str, Any]) -> str:
        """A template, or the plural form that `count` asks for, with its placeholders filled in."""
        template = entry if isinstance(entry, str) else entry[self._locale.plural_form(values["count"])]
        return self._writer.vformat(_OPTIONAL.sub(lambda found: self._keep(found[1], values), template), (), values)

    def _keep(self, part: str, values: Mapping[str, Any]) -> str:
        """An optional part of a template, if all that it names is known."""
        return part if placeholders(part) <= values.keys() else ""

    def _specs(self) -> dict[str, Callable[[Any], str]]:
        """How a placeholder is written, by the word behind its colon."""
        exact, factor, number, signed = (
            numbers.parse_pattern(pattern) for pattern in ("0.00##########", "0.00#", "#,##0", "+#,##0;-#,##0")
        )
        return {
            "": str,
            "coefficient": self.coefficient,
            "date": self.date,
            "days": lambda days: format_unit(days, "duration-day", length="long", locale=self._locale),
            "exact": lambda value: exact.apply(value, self._locale),
            "factor": lambda thousandths: factor.apply(Decimal(thousandths).scaleb(-3), self._locale),
            "number": lambda value: number.apply(value, self._locale),
            "signed": lambda value: signed.apply(value, self._locale),
            "tier": self.tier,
        }


def placeholders(template: str) -> set[str]:
    """The names of a template's placeholders."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


class _Writer(string.Formatter):
    """Fills in placeholders; values are only ever written, never formatted by what they contain."""

    def __init__(self, specs: Mapping[str, Callable[[Any], str]]) -> None:
        self._specs = specs

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._specs[format_spec](value)
