"""JWT bearer assertions: who signed one, whom it is for, until when it holds."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

LONGEST = timedelta(minutes=5)
SKEW = timedelta(minutes=1)


class BadAssertion(Exception):
    """Why an assertion is refused, in the service's words; `error` is OAuth's code."""

    def __init__(self, description: str, error: str = "invalid_grant") -> None:
        super().__init__(description)
        self.error = error


def public_key(pem: str) -> str:
    """The public key of a certificate or of a key file, in PEM. Raises ValueError for what is neither."""
    data = pem.encode()
    key = load_pem_x509_certificate(data).public_key() if "BEGIN CERTIFICATE" in pem else load_pem_public_key(data)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def checked(assertion: str, keys: Mapping[str, str], audiences: Collection[str], now: datetime) -> dict[str, Any]:
    """Its claims. `keys` are by client id, which is the issuer. RS256 alone is taken."""
    try:
        issuer = str(jwt.decode(assertion, options={"verify_signature": False}).get("iss"))
        if issuer not in keys:
            raise BadAssertion("client identifier invalid", "invalid_client_id")
        options: Any = {"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False}
        claims: dict[str, Any] = jwt.decode(assertion, keys[issuer], algorithms=["RS256"], options=options)
        # simple-salesforce sends the number as a text.
        left = timedelta(seconds=float(claims.get("exp", ""))) - timedelta(seconds=now.timestamp())
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
        raise BadAssertion("invalid assertion") from None
    if str(claims.get("aud")) not in audiences:
        raise BadAssertion("audience is invalid")
    if not -SKEW < left <= LONGEST:  # AU06
        raise BadAssertion("invalid assertion")
    return claims
