"""The Salesforce package: what is generated is current, everything is what the vendor's WSDL allows, and it deploys."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import simple_salesforce
from click.testing import CliRunner
from lxml import etree

from cli.main import cli
from cli.package import CARD, FOLDER, generated
from config.locale import Texts
from config.rulefile import load_programme
from connectors import connect, settings_model
from connectors.protocol import FieldAction
from sandbox.app import World, create_app
from sandbox.remote import Remote
from sandbox.server import Server
from sync.fields import field_set

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
XSD = "http://www.w3.org/2001/XMLSchema"
COMPONENTS = sorted(FOLDER.glob("*/main/**/*-meta.xml"))
MAIN = FOLDER / "force-app/main/default"
LABELS = MAIN / "labels/CustomLabels.labels-meta.xml"
FRENCH = FOLDER / "french/main/default/translations/fr.translation-meta.xml"


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The vendor's types, with an element of its own for each kind of component."""
    wsdl = etree.parse(Path(simple_salesforce.__file__).parent / "metadata.wsdl")
    found = wsdl.find(f".//{{{XSD}}}schema")
    for root in sorted({etree.parse(path).getroot().tag.partition("}")[2] for path in COMPONENTS}):
        etree.SubElement(found, f"{{{XSD}}}element", name=root, type=f"tns:{root}", nsmap={"tns": NAMESPACE})
    return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


def named(path: Path) -> Iterator[str]:
    yield from re.findall(r"BonusMalus_\w+?__c", path.read_text("utf-8"))


def test_what_is_generated_is_what_the_programme_and_the_catalogues_say_today():
    stale = [str(path) for path, text in generated() if (FOLDER / path).read_text("utf-8") != text]
    assert not stale, "python -m cli.package"


def valid(path: Path, schema: etree.XMLSchema) -> None:
    """Fails where the vendor's WSDL does not allow what stands there."""
    root = etree.parse(path).getroot()
    target = root.find(f"{{{NAMESPACE}}}targetConfigs")
    if target is not None:  # the source has XML where the API takes it encoded
        target.text = base64.b64encode(etree.tostring(target)).decode()
        del target[:]
    schema.assertValid(etree.fromstring(etree.tostring(root)))


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.name.removesuffix("-meta.xml"))
def test_every_component_is_what_the_vendors_wsdl_allows(path, schema):
    valid(path, schema)


def test_an_org_that_speaks_french_gets_french_masters_and_english_as_the_translation(schema, tmp_path):
    folder = tmp_path / "package"
    said = CliRunner().invoke(cli, ["package", "salesforce", str(folder), "--language", "fr"])
    assert said.exit_code == 0, said.output
    components = sorted(folder.glob("*/main/**/*-meta.xml"))
    assert len(components) == len(COMPONENTS)
    for path in components:
        valid(path, schema)
    read = {path.name: path.read_text("utf-8") for path in components}
    assert "<label>Bonus-malus : palier</label>" in read["BonusMalus_Tier__c.field-meta.xml"]
    assert "<label>Bonus-malus: tier</label>" in read["BonusMalus_Tier__c.fieldTranslation-meta.xml"]
    assert "<label>Contacts avec bonus-malus</label>" in read["BonusMalus_Contacts.reportType-meta.xml"]
    assert "<value>Palier</value>" in read["CustomLabels.labels-meta.xml"]
    assert "en_US</language>" not in read["CustomLabels.labels-meta.xml"]
    assert "<label>Tier</label>" in read["en_US.translation-meta.xml"]
    assert not [path for path in folder.rglob("*") if "Contact-fr" in path.name or path.name.startswith("fr.")]
    assert '"english"' in (folder / "sfdx-project.json").read_text("utf-8")
    world = World()
    with Server(create_app(world)) as server:
        for kind in ("objects/Contact/fields", "permissionsets"):
            paths = sorted((folder / "force-app/main/default" / kind).glob("*"))
            assert deploy(server.url, paths) == ["true"] * len(paths)
    assert world.org.schema.objects["Contact"].fields["BonusMalus_Tier__c"].label == "Bonus-malus : palier"


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_the_project_folder_is_what_stands_here_and_replaces_nothing(crm, tmp_path):
    folder = tmp_path / "project"
    assert CliRunner().invoke(cli, ["package", crm, str(folder)]).exit_code == 0
    here = CARD if crm == "hubspot" else FOLDER
    for path in folder.rglob("*.*"):
        assert path.is_dir() or path.read_bytes() == (here / path.relative_to(folder)).read_bytes()
    assert CliRunner().invoke(cli, ["package", crm, str(folder)]).exit_code == 2


def test_a_wrong_component_would_be_found(schema):
    wrong = etree.fromstring(
        f'<ListView xmlns="{NAMESPACE}"><filterScope>Nobody</filterScope><label>x</label></ListView>'
    )
    assert not schema.validate(wrong)


def test_views_report_and_component_name_only_fields_that_the_package_has():
    known = {path.name.partition(".")[0] for path in MAIN.glob("objects/Contact/fields/*")} | {"BonusMalus_Contacts__c"}
    files = [*MAIN.glob("objects/Contact/listViews/*"), *MAIN.glob("report*/**/*.xml"), *MAIN.glob("lwc/**/*.js")]
    assert len(files) >= 7
    strangers = {f"{path.name}: {name}" for path in files for name in named(path) if name not in known}
    assert not strangers


def test_list_views_ask_for_values_that_the_programme_writes():
    texts = Texts("en")
    for name, field in (("Worsening", "trend"), ("Contested", "status")):
        view = etree.parse(MAIN / f"objects/Contact/listViews/BonusMalus_{name}.listView-meta.xml").getroot()
        value = view.findtext(f"{{{NAMESPACE}}}filters/{{{NAMESPACE}}}value")
        assert value in dict(texts.options(field))


def test_every_custom_label_exists_in_both_languages_and_is_used():
    labels = {each.text for each in etree.parse(LABELS).getroot().iter(f"{{{NAMESPACE}}}fullName")}
    french = list(etree.parse(FRENCH).getroot().iter(f"{{{NAMESPACE}}}customLabels"))
    assert {each.findtext(f"{{{NAMESPACE}}}name") for each in french} == labels
    assert all((each.findtext(f"{{{NAMESPACE}}}label") or "").strip() for each in french)
    used = set(re.findall(r"@salesforce/label/c\.(\w+)", (MAIN / "lwc/bonusMalus/bonusMalus.js").read_text("utf-8")))
    assert used == labels


def envelope(call: str, session: str, components: list[etree._Element]) -> bytes:
    """A Metadata API call with these components."""
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    root = etree.Element(f"{{{soap}}}Envelope", nsmap={"soap": soap, "xsi": xsi, "m": NAMESPACE})
    header = etree.SubElement(etree.SubElement(root, f"{{{soap}}}Header"), f"{{{NAMESPACE}}}SessionHeader")
    etree.SubElement(header, f"{{{NAMESPACE}}}sessionId").text = session
    body = etree.SubElement(etree.SubElement(root, f"{{{soap}}}Body"), f"{{{NAMESPACE}}}{call}")
    for component in components:
        made = etree.SubElement(body, f"{{{NAMESPACE}}}metadata")
        made.set(f"{{{xsi}}}type", "m:" + component.tag.partition("}")[2])
        made.extend(list(component))
    return etree.tostring(root)


def component(path: Path) -> etree._Element:
    """A component of the source, with its full name as the API wants it."""
    root = etree.parse(path).getroot()
    name = root.find(f"{{{NAMESPACE}}}fullName")
    if name is None:
        name = etree.Element(f"{{{NAMESPACE}}}fullName")
        root.insert(0, name)
    stem = path.name.partition(".")[0]
    name.text = f"Contact.{stem}" if root.tag.endswith("CustomField") else stem
    return root


def deploy(url: str, paths: list[Path]) -> list[str]:
    """The answers' success flags."""
    token = requests.post(
        f"{url}/services/oauth2/token",
        data={"grant_type": "client_credentials", "client_id": "admin-client", "client_secret": "admin-secret"},
        timeout=60,
    ).json()["access_token"]
    said: list[str] = []
    for start in range(0, len(paths), 10):
        body = envelope("createMetadata", token, [component(path) for path in paths[start : start + 10]])
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        answer = requests.post(f"{url}/services/Soap/m/66.0", data=body, headers=headers, timeout=60)
        said += re.findall(r"<(?:\w+:)?success>(\w+)<", answer.text)
        assert "<faultstring" not in answer.text, answer.text
    return said


def test_fields_and_permission_sets_deploy_and_are_what_fields_apply_would_make():
    world = World()
    fields = sorted(MAIN.glob("objects/Contact/fields/*"))
    sets = sorted(MAIN.glob("permissionsets/*"))
    with Server(create_app(world)) as server:
        said = deploy(server.url, fields) + deploy(server.url, sets)
        assert said == ["true"] * (len(fields) + len(sets))
        assert {held.label for held in world.org.permission_sets.values()} == {"Bonus-Malus Read", "Bonus-Malus Sync"}
        read = next(held for held in world.org.permission_sets.values() if held.name == "BonusMalus_Read")
        assert not any(grant.editable for grant in read.fields.values())
        settings = settings_model("salesforce")(
            url=server.url, client_id="sandbox-client", client_secret="sandbox-secret"
        )
        remote = Remote(server.url)
        connector = connect("salesforce", settings, time=remote)
        programme = load_programme("customers", at=world.clock.now().date())
        wanted = field_set(programme, "Contact", Texts("en"))
        assert {change.action for change in connector.plan_fields(wanted)} == {FieldAction.GRANT}
        connector.apply_fields(wanted)
        assert {change.action for change in connector.plan_fields(wanted)} == {FieldAction.KEEP}
        connector.close()
        remote.close()
