"""Finding and opening connectors."""

import subprocess
import sys
from typing import Any

import pytest

from connectors import available, connect, settings_model
from connectors.loopback import origin


def test_a_crm_is_a_folder():
    assert available() == ("files", "hubspot", "salesforce")


def test_an_unknown_crm_is_answered_with_the_nearest_name():
    with pytest.raises(ValueError, match="did you mean hubspot"):
        settings_model("hubspott")


def test_settings_of_another_crm_are_refused(time: Any):
    settings = settings_model("hubspot")(token="t")
    with pytest.raises(TypeError, match="salesforce"):
        connect("salesforce", settings, time=time)


def test_reading_settings_imports_no_sdk():
    code = (
        "import sys, connectors; connectors.settings_model('hubspot'); connectors.settings_model('salesforce'); "
        "sys.exit(any(name in sys.modules for name in ('hubspot', 'simple_salesforce', 'zeep', 'requests')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "url", ["http://crm.example.org", "ftp://127.0.0.1", "https://host/path", "https://me@host", "host"]
)
def test_only_a_whole_safe_address_is_taken(url: str):
    with pytest.raises(ValueError, match=r"http|address|nothing behind"):
        origin(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9", "https://api.hubapi.com"]
)
def test_http_is_for_this_machine_only(url: str):
    assert origin(url + "/") == url


@pytest.mark.parametrize(
    "domain", ["login", "test", "acme", "acme.lightning.force.com", "acme.my.evil.example", "a b.my"]
)
def test_au05_the_domain_must_be_a_my_domain(domain: str):
    with pytest.raises(ValueError, match="My Domain"):
        settings_model("salesforce")(domain=domain, client_id="id", client_secret="s")


@pytest.mark.parametrize(
    ("given", "stem"),
    [
        ({"domain": "acme.my"}, "acme.my"),
        ({"domain": "https://Acme.my.salesforce.com/"}, "acme.my"),
        ({"domain": "acme--uat.sandbox.my"}, "acme--uat.sandbox.my"),
        ({"url": "https://acme.my.salesforce.com"}, "acme.my"),
    ],
)
def test_au05_a_my_domain_is_taken_in_each_form_people_paste(given: dict[str, str], stem: str | None):
    settings = settings_model("salesforce")(client_id="id", client_secret="s", **given)
    assert (settings.stem, settings.loopback) == (stem, None)


@pytest.mark.parametrize("given", [{}, {"domain": "acme.my", "url": "https://acme.my.salesforce.com"}])
def test_an_org_has_exactly_one_place(given: dict[str, str]):
    with pytest.raises(ValueError, match="either"):
        settings_model("salesforce")(client_id="id", client_secret="s", **given)


def test_a_portal_is_at_hubspot_or_on_this_machine():
    with pytest.raises(ValueError, match=r"api\.hubapi\.com"):
        settings_model("hubspot")(token="t", url="https://api.hubapi.example")
