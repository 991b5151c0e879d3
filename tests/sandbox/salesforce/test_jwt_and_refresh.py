"""JWT bearer through the unmodified library, and refresh tokens by plain HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from sandbox.clock import Clock
from sandbox.salesforce.org import Org

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://test.salesforce.com"


def pem(key: rsa.RSAPrivateKey) -> str:
    kind, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, kind, none).decode()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def trusting(org: Org, key: rsa.RSAPrivateKey) -> Org:
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
    org.sessions.trust("sandbox-client", certificate.public_bytes(serialization.Encoding.PEM).decode())
    return org


def assertion(org: Org, key: rsa.RSAPrivateKey, algorithm: str = "RS256", **other: Any) -> str:
    now = org.clock.now()
    claims = {
        "iss": "sandbox-client",
        "sub": org.integration_user.username,
        "aud": AUDIENCE,
        "exp": int((now + timedelta(minutes=3)).timestamp()),
    } | other
    return jwt.encode(claims, pem(key) if algorithm == "RS256" else "secret" * 8, algorithm=algorithm)


def token(url: str, **form: str) -> requests.Response:
    return requests.post(f"{url}/services/oauth2/token", data=form, timeout=60)


def test_a_signed_assertion_signs_its_user_in(url: str, trusting: Org, key: rsa.RSAPrivateKey) -> None:
    answer = token(url, grant_type=GRANT, assertion=assertion(trusting, key)).json()
    who = requests.get(
        f"{url}/services/oauth2/userinfo", headers={"Authorization": f"Bearer {answer['access_token']}"}, timeout=60
    ).json()
    assert who["user_id"] == trusting.integration_user.id
    assert "refresh_token" not in answer


def test_the_orgs_own_address_is_a_good_audience(url: str, trusting: Org, key: rsa.RSAPrivateKey) -> None:
    assert token(url, grant_type=GRANT, assertion=assertion(trusting, key, aud=url)).status_code == 200


@pytest.mark.parametrize(
    ("other", "error", "description"),
    [
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "nobody@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"aud": "https://login.salesforce.com"}, "invalid_grant", "audience is invalid"),
        ({"aud": [AUDIENCE]}, "invalid_grant", "audience is invalid"),
        ({"exp": 1_000_000}, "invalid_grant", "invalid assertion"),
        ({"exp": 99_999_999_999}, "invalid_grant", "invalid assertion"),
        ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
        ({"exp": None}, "invalid_grant", "invalid assertion"),
    ],
)
def test_what_is_wrong_with_an_assertion_is_said_in_the_vendors_words(
    url: str, trusting: Org, key: rsa.RSAPrivateKey, other: dict[str, Any], error: str, description: str
) -> None:
    refused = token(url, grant_type=GRANT, assertion=assertion(trusting, key, **other))
    assert (refused.status_code, refused.json()) == (400, {"error": error, "error_description": description})


def test_au06_a_clock_that_is_five_minutes_slow_is_too_slow(url: str, trusting: Org, key: rsa.RSAPrivateKey) -> None:
    made = assertion(trusting, key)
    trusting.clock.advance(timedelta(minutes=3, seconds=59))
    assert token(url, grant_type=GRANT, assertion=made).status_code == 200
    trusting.clock.advance(timedelta(seconds=1))
    assert token(url, grant_type=GRANT, assertion=made).status_code == 400


def test_another_key_or_another_algorithm_is_no_signature(url: str, trusting: Org, key: rsa.RSAPrivateKey) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for forged in (assertion(trusting, stranger), assertion(trusting, key, "HS256"), "no.such.thing", ""):
        assert token(url, grant_type=GRANT, assertion=forged).json()["error"] == "invalid_grant"


def test_a_certificate_that_is_none_is_refused(org: Org) -> None:
    with pytest.raises(ValueError):
        org.sessions.trust("sandbox-client", "none")
    with pytest.raises(ValueError, match="no client nobody"):
        org.sessions.trust("nobody", "none")


def test_the_unmodified_library_signs_in_by_jwt(
    trusting: Org, key: rsa.RSAPrivateKey, session: requests.Session, url: str
) -> None:
    # The library's assertions go by the machine's clock: so has the org's to, for this once.
    trusting.sessions._clock = Clock(datetime.now(UTC))
    trusting.instance_url = url
    sf = Salesforce(
        username=trusting.integration_user.username, consumer_key="sandbox-client", privatekey=pem(key),
        domain="sandbox.my", session=session, version="62.0",
    )  # fmt: skip
    assert sf.oauth2("userinfo")["user_id"] == trusting.integration_user.id
    with pytest.raises(SalesforceAuthenticationFailed, match="audience is invalid"):
        Salesforce(username="x", consumer_key="sandbox-client", privatekey=pem(key), domain="login", session=session)


def refresh(url: str, refresh_token: str, **other: str) -> requests.Response:
    form = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "refresh_token": refresh_token}
    return token(url, grant_type="refresh_token", **(form | other))


def test_a_refresh_token_gives_access_tokens_again_and_again(url: str, org: Org) -> None:
    kept = org.sessions.authorize("sandbox-client")
    answers = [refresh(url, kept).json() for _ in range(2)]
    assert len({answer["access_token"] for answer in answers}) == 2
    assert all("refresh_token" not in answer for answer in answers)
    assert refresh(url, "other").json()["error_description"] == "expired access/refresh token"
    assert refresh(url, kept, client_secret="wrong").json()["error"] == "invalid_client"


def test_sr34_a_rotated_refresh_token_is_good_for_one_use(url: str, org: Org) -> None:
    org.sessions.rotates = True
    first = org.sessions.authorize("sandbox-client")
    second = refresh(url, first).json()["refresh_token"]
    assert refresh(url, first).status_code == 400
    assert refresh(url, second).status_code == 200
