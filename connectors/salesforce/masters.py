"""Which language a package's own texts are in: Salesforce takes no translation into the language of the org itself."""

from collections.abc import Mapping
from typing import Any

from lxml import etree

from connectors.salesforce.source import NAMESPACE

_TAG = f"{{{NAMESPACE}}}"
_LANGUAGE = "fr"
# The two texts of a report type, under the same names on both sides.
_SAID = ("description", "label")


def swapped(labels: str, translations: str, report_types: Mapping[str, str]) -> tuple[str, ...]:
    """Custom labels, translations and report types with masters and translations changed over, in that order."""
    masters, other = _read(labels), _read(translations)
    types = {name: _read(text) for name, text in report_types.items()}
    words = {_text(each, "fullName"): each for each in masters}
    for each in other.iterfind(f"{_TAG}customLabels"):
        label = words[_text(each, "name")]
        _exchange(label.find(f"{_TAG}value"), each.find(f"{_TAG}label"))
        label.find(f"{_TAG}language").text = _LANGUAGE
    for each in other.iterfind(f"{_TAG}reportTypes"):
        made = types[_text(each, "name")]
        for name in _SAID:
            _exchange(made.find(f"{_TAG}{name}"), each.find(f"{_TAG}{name}"))
        for section, said in zip(made.iterfind(f"{_TAG}sections"), each.iterfind(f"{_TAG}sections"), strict=True):
            # A section is found by its master label, whatever its language.
            _exchange(section.find(f"{_TAG}masterLabel"), said.find(f"{_TAG}label"))
            said.find(f"{_TAG}name").text = _text(section, "masterLabel")
    return tuple(_written(each) for each in (masters, other, *types.values()))


def _exchange(one: Any, another: Any) -> None:
    one.text, another.text = another.text, one.text


def _text(element: Any, name: str) -> str:
    return str(element.findtext(f"{_TAG}{name}"))


def _read(text: str) -> Any:
    return etree.fromstring(text.encode())


def _written(element: Any) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{etree.tostring(element, encoding="unicode")}\n'
