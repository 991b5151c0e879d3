"""Whatever a person reads exists in English and in French: package, card, guides; catalogues have their own test.

What Salesforce's metadata can translate is translated. What has one label for everybody (list views, reports,
permission sets, descriptions in Setup) says it twice, `English / français` (ADR 0013).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import simple_salesforce
from lxml import etree

from cli.package import FOLDER

ROOT = Path(__file__).parents[2]
MAIN = FOLDER / "force-app/main/default"
FRENCH = FOLDER / "french/main/default"
CARD = ROOT / "connectors/hubspot/card"
NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
# What the permission sets are called in every language: guides and the component name them.
NAMES = {"Bonus-Malus", "Bonus-Malus Read", "Bonus-Malus Sync"}
TWICE = re.compile(r"\S.* / \S.*")
GUIDES = ["rep", "customer-rules"]


def root(path: Path) -> etree._Element:
    return etree.parse(path).getroot()


def texts(element: etree._Element, *names: str) -> list[str]:
    return [found.text or "" for name in names for found in element.iter(NAMESPACE + name)]


def one(element: etree._Element, name: str) -> str:
    return (element.findtext(NAMESPACE + name) or "").strip()


def single() -> Iterator[tuple[str, str]]:
    """Where a text stands that the metadata cannot translate, and the text."""
    for folder, names in (
        ("objects/Contact/listViews", ["label"]),
        ("reports", ["name", "description"]),
        ("permissionsets", ["label", "description"]),
        ("lwc", ["masterLabel", "description"]),
    ):
        for path in sorted((MAIN / folder).rglob("*.xml")):
            for name in names:
                for text in texts(root(path), name):
                    yield f"{path.name}: {name}", text
    for path in sorted(CARD.rglob("*-hsmeta.json")):
        config = json.loads(path.read_text("utf-8"))["config"]
        yield from ((f"{path.name}: {name}", config[name]) for name in ("name", "description"))


@pytest.mark.parametrize(("where", "text"), list(single()))
def test_a_text_that_cannot_be_translated_says_it_in_both_languages(where, text):
    assert text in NAMES or TWICE.fullmatch(text), where


def test_a_list_view_and_a_report_have_names_that_salesforce_can_keep():
    views = [one(root(path), "label") for path in MAIN.glob("objects/Contact/listViews/*")]
    reports = [one(root(path), "name") for path in MAIN.glob("reports/*/*")]
    assert len(views) + len(reports) == 4
    assert max(map(len, views + reports)) <= 40


def test_every_field_has_label_help_and_picklist_values_in_french():
    fields = sorted(MAIN.glob("objects/Contact/fields/*"))
    assert len(fields) == 15
    for path in fields:
        name = path.name.partition(".")[0]
        english, french = root(path), root(FRENCH / f"objectTranslations/Contact-fr/{name}.fieldTranslation-meta.xml")
        assert one(english, "label").strip()
        assert one(english, "inlineHelpText").strip()
        assert one(french, "label").strip(), name
        assert one(french, "help").strip(), name
        values = [one(each, "label") for each in english.iter(NAMESPACE + "value")]
        pairs = list(french.iter(NAMESPACE + "picklistValues"))
        said = {one(each, "masterLabel"): one(each, "translation") for each in pairs}
        assert list(said) == values, name
        assert all(said.values()), name


def test_every_report_type_is_translated_with_its_sections():
    types = sorted(MAIN.glob("reportTypes/*"))
    assert types
    said = {one(each, "name"): each for each in root(FRENCH / "translations/fr.translation-meta.xml")}
    for path in types:
        english, french = root(path), said[path.name.partition(".")[0]]
        assert one(french, "label"), path.name
        assert one(french, "description"), path.name
        sections = {one(each, "name"): one(each, "label") for each in french.iter(NAMESPACE + "sections")}
        assert list(sections) == texts(english, "masterLabel")
        assert all(sections.values())


def test_the_vendors_wsdl_still_has_no_translation_for_what_says_it_twice():
    wsdl = etree.parse(Path(simple_salesforce.__file__).parent / "metadata.wsdl")
    types = {each.get("name"): each for each in wsdl.iter(XSD + "complexType") if each.get("name")}

    def parts(name: str) -> set[str]:
        return {str(each.get("name")) for each in types[name].iter(XSD + "element")}

    assert "reportTypes" in parts("Translations")
    assert not parts("Translations") & {"reports", "listViews", "permissionSets"}, "translate it, and mend ADR 0013"
    assert not parts("CustomObjectTranslation") & {"listViews"}


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_for_those_who_are_no_administrators_says_the_same_in_both_languages(guide):
    shapes = []
    for language in ("en", "fr"):
        text = (ROOT / f"docs/{guide}.{language}.md").read_text("utf-8")
        shapes.append([re.match(r"#+ |- |\d+\. |\||!\[|", line)[0] for line in text.splitlines() if line.strip()])
    headings = [[each for each in shape if each.strip()] for shape in shapes]
    assert headings[0] == headings[1]
    assert headings[0]
