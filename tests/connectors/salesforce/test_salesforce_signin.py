"""Ways into an org: client credentials, a signed assertion, a session id; never the SOAP login."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from connectors import settings_model
from connectors.errors import Fatal, SignInRefused, Unreachable

CLIENT = {"client_secret": None}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key: rsa.RSAPrivateKey) -> str:
    form, secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, secret).decode()


@pytest.fixture
def trusted(salesforce: Any, doorstep: Any, key: rsa.RSAPrivateKey, pem: str) -> dict[str, Any]:
    """Settings of a user whose app holds the certificate of the key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bonus-malus")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    org = doorstep[0].world.org
    org.sessions.trust("sandbox-client", certificate.public_bytes(serialization.Encoding.PEM).decode())
    return CLIENT | {"username": org.integration_user.username, "private_key": pem}


def test_a_signed_assertion_signs_in_and_once_more_when_the_session_ends(salesforce: Any, trusted: Any, asked: Any):
    org = salesforce.again(**trusted)
    assert org.connector.account().id
    org.tell({"do": "sign_out"})
    assert org.connector.account().id
    assert asked("oauth2/token") == 2


def test_au06_a_refused_assertion_names_what_this_machines_clock_says(salesforce: Any, trusted: Any):
    org = salesforce.again(**(trusted | {"username": "nobody@example.org"}))
    with pytest.raises(SignInRefused, match="2026-11-22 08:00:00 UTC"):
        org.connector.account()


def test_a_key_that_is_none_is_said_to_be_none_and_not_repeated(salesforce: Any):
    org = salesforce.again(**(CLIENT | {"username": "a@example.org", "private_key": "not-a-key"}))
    with pytest.raises(Fatal, match="BEGIN PRIVATE KEY") as refused:
        org.connector.account()
    assert "not-a-key" not in str(refused.value)


def test_a_session_id_is_used_as_it_is_and_cannot_be_renewed(salesforce: Any, asked: Any):
    salesforce.connector.account()
    token = salesforce.connector._session._signed.now().token
    org = salesforce.again(client_id=None, client_secret=None, session_id=token)
    assert org.connector.account().id
    assert asked("oauth2/token") == 1
    org.tell({"do": "sign_out"})
    with pytest.raises(SignInRefused, match="new one into session_id"):
        org.connector.account()


def test_a_failing_sign_in_server_is_tried_again_and_then_unreachable(salesforce: Any, faults: Any):
    fault = faults("oauth2/token", 503, "<html>", times=2, kind="text/html")
    assert salesforce.connector.account().id
    fault.times = 1_000_000
    with pytest.raises(Unreachable):
        salesforce.again().connector.account()


def test_a_token_for_another_host_is_not_sent_there():
    from connectors.redaction import Redactor  # noqa: PLC0415 - only here
    from connectors.salesforce.signin import SignIn  # noqa: PLC0415 - only here

    settings = settings_model("salesforce")(domain="acme.my", session_id="s")
    entry = SignIn(settings, None, Redactor(()), time=None)
    assert entry._instance("https://acme.my.salesforce.com") == "acme.my.salesforce.com"
    with pytest.raises(SignInRefused, match="not Salesforce"):
        entry._instance("https://evil.example")


@pytest.mark.parametrize("word", ["password", "security_token"])
def test_au01_there_is_no_soap_login(word: str):
    with pytest.raises(ValueError, match="Extra inputs"):
        settings_model("salesforce")(domain="acme.my", username="a", **{word: "secret"})


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"client_id": "id"},
        {"client_secret": "s"},
        {"client_id": "id", "username": "a"},
        {"username": "a", "private_key": "k"},
        {"client_id": "id", "client_secret": "s", "session_id": "x"},
    ],
)
def test_an_org_has_exactly_one_way_in(given: dict[str, str]):
    with pytest.raises(ValueError, match="exactly one of these ways"):
        settings_model("salesforce")(domain="acme.my", **given)


@pytest.mark.parametrize(
    ("place", "audience"),
    [
        ({"domain": "acme.my"}, "https://login.salesforce.com"),
        ({"domain": "acme--uat.sandbox.my"}, "https://test.salesforce.com"),
        ({"url": "http://127.0.0.1:8765"}, "http://127.0.0.1:8765"),
    ],
)
def test_an_assertion_is_for_the_login_server_of_its_kind_of_org(place: dict[str, str], audience: str):
    settings = settings_model("salesforce")(client_id="id", username="a", private_key="k", **place)
    assert settings.audience == audience
