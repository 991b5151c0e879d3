"""The Lightning component and the HubSpot card: the vendors' own test tools, and a real browser with axe."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.dates import format_skeleton
from playwright.sync_api import Browser, sync_playwright

from config.locale import Texts
from config.rulefile import load_programme
from connectors.protocol import FieldKind
from sandbox.app import World, create_app
from sandbox.company import Company, populate
from sandbox.hubspot.property import Definition
from sandbox.salesforce.schema import make_field
from sandbox.server import Server
from sync.fields import KINDS, field_set
from sync.values import values_of
from tests.config.test_locale import printed_example
from tests.pictures import picture

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PACKAGE = ROOT / "connectors" / "salesforce" / "package"
MODULES = HERE / "node_modules"
BIN = MODULES / ".bin"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SLDS = MODULES / "@salesforce-ux/design-system/assets/styles/salesforce-lightning-design-system.min.css"

pytestmark = [
    pytest.mark.skipif(
        shutil.which("node") is None or not MODULES.is_dir(),
        reason="needs Node 20 and its packages: npm install --prefix tests/package --no-save",
    ),
]
browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)")

PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>Contact</title></head>
<body style="max-width: 27rem"><main style="padding: 1rem">
<h1 class="slds-assistive-text">Contact</h1></main></body></html>"""
NUMBERS, PICKLIST = {FieldKind.DECIMAL, FieldKind.INTEGER}, FieldKind.PICKLIST


def example(language: str) -> dict[str, tuple[object, str | None]]:
    """The printed example's fields as the UI API answers them: value, and what is shown of it."""
    texts = Texts(language)
    computed = datetime(2026, 11, 22, 8, tzinfo=UTC)
    values = values_of(printed_example(), texts, rules="customers@4f2a91c0", computed_at=computed)
    numbers = {spec: float(values[spec]) for spec, kind in KINDS.items() if kind in NUMBERS}
    labels = {**dict(texts.options("trend")), **dict(texts.options("status"))}
    shown = {name: labels.get(value) or texts.tier(value) for name, value in values.items() if KINDS[name] is PICKLIST}
    next_review = printed_example().next_review
    shown |= {"next_review": format_skeleton("yMd", next_review, locale=language), "computed_at": "22/11/2026 09:00"}
    return {name.title(): (numbers.get(name, value), shown.get(name)) for name, value in values.items()}


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env={**os.environ, "CI": "1", "NO_COLOR": "1", **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_the_lightning_component_passes_the_vendors_own_test_runner():
    said = run(BIN / "jest", "--config", HERE / "lwc" / "jest.config.js", cwd=PACKAGE, NODE_PATH=str(MODULES))
    passed = re.search(r"Tests:\s+(\d+) passed", said)
    assert passed
    assert int(passed[1]) >= 10


def test_the_lightning_component_passes_the_vendors_linter():
    run(BIN / "eslint", "--config", HERE / "eslint.config.js", "--max-warnings", "0", PACKAGE / "force-app")


def test_the_hubspot_card_passes_under_the_vendors_testing_library():
    said = run(BIN / "vitest", "run", "--config", HERE / "card" / "vitest.config.mjs")
    passed = re.search(r"Tests\s+(\d+) passed", said)
    assert passed
    assert int(passed[1]) >= 10


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as browsers:
        started = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


@pytest.fixture(scope="module", params=["en", "fr"], ids=["English", "French"])
def compiled(request, tmp_path_factory) -> tuple[str, Path]:
    """The component as a script, with the labels of one language."""
    out = tmp_path_factory.mktemp("component") / "component.js"
    config = HERE / "browser" / "rollup.config.mjs"
    run(BIN / "rollup", "--silent", "--config", config, LANGUAGE=request.param, OUT=str(out))
    return request.param, out


@browser
@pytest.mark.parametrize(
    ("fields", "english", "french"),
    [
        (None, "Expected at the next review", "Attendu à la prochaine échéance"),
        ({"Coefficient": (None, None)}, "Not scored yet", "Pas encore noté"),
        ({}, "the permission set", "l’ensemble d’autorisations"),
    ],
    ids=["scored", "not scored yet", "hidden"],
)
def test_the_lightning_component_renders_in_a_browser_without_error_and_passes_axe(
    chromium, compiled, fields, english, french
):
    language, script = compiled
    given = example(language) if fields is None else fields
    record = {"apiName": "Contact", "fields": {
        f"BonusMalus_{name}__c": {"value": value, "displayValue": shown} for name, (value, shown) in given.items()
    }}  # fmt: skip
    complaints: list[str] = []
    page = chromium.new_page(viewport={"width": 460, "height": 980})
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_content(PAGE.format(language=language))
    page.add_style_tag(content=re.sub(r"@font-face\{[^}]*\}", "", SLDS.read_text("utf-8")))
    page.evaluate("record => { window.record = record; }", record)
    page.add_script_tag(path=script)
    page.get_by_text(english if language == "en" else french).first.wait_for()
    page.add_script_tag(path=MODULES / "axe-core" / "axe.min.js")
    found = page.evaluate("async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes[0].html)")
    if fields is None:
        picture(page.locator("main"), "component" if language == "en" else f"component.{language}")
    page.close()
    assert found == []
    assert complaints == []


@browser
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", [1280, 390], ids=["desktop", "narrow"])
def test_the_sandboxs_pages_pass_axe_without_an_error_in_the_console(chromium, language, width):
    world = World()
    populate(world, Company(seed=3, customers=12))
    with Server(create_app(world)) as server:
        contact = next(world.org.rows("Contact"))["Id"]
        person = next(iter(world.portal.rows("contacts")))["id"]
        _score(world, contact, person, language)
        # Axe is a script, and the pages allow none.
        context = chromium.new_context(bypass_csp=True, viewport={"width": width, "height": 900})
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for path in ("", f"salesforce/Contact/{contact}", f"hubspot/contacts/{person}"):
            page.goto(f"{server.url}/sandbox/{path}")
            page.add_script_tag(path=MODULES / "axe-core" / "axe.min.js")
            found = page.evaluate("async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes[0].html)")
            assert found == [], path
        context.close()
    assert complaints == []


def _score(world: World, contact: str, person: str, language: str) -> None:
    """Values of ours on one record of each CRM, in fields as they are made."""
    programme = load_programme("customers", at=world.clock.now().date())
    ours = {name.lower(): value for name, (value, _) in example(language).items()}
    org, portal = world.org, world.portal
    sobject, kind = org.schema.objects["Contact"], portal.store.kinds["contacts"]
    for spec in field_set(programme, "Contact", Texts(language)).fields:
        if spec.name not in ours:
            continue
        number = spec.kind in (FieldKind.DECIMAL, FieldKind.INTEGER)
        more = {"scale": 2} if number else {"length": 255}
        name = f"BonusMalus_{spec.name.title()}__c"
        kind_of = "number" if number else "string"
        org.add_field(sobject, make_field(name, type="double" if number else "string", label=spec.label, **more))
        form = "number" if number else "text"
        mine = Definition(f"bonus_malus_{spec.name}", spec.label, kind_of, form, "contactinformation")
        portal.store.define(kind, mine)
        org.update("Contact", contact, {f"BonusMalus_{spec.name.title()}__c": ours[spec.name]})
        portal.update("contacts", person, {f"bonus_malus_{spec.name}": str(ours[spec.name])})
