"""What must not be seen in an error or a log: secrets, and customers' e-mail addresses (AU03, SW19)."""

import base64
import logging
import re
from collections.abc import Iterable

MASK = "***"
LONGEST = 300  # characters of a vendor's message that we repeat

_EMAIL = re.compile(r"[^\s@'\"<>(),;:=]+@[^\s@'\"<>(),;:]+\.[A-Za-z]{2,}")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=!-]{8,}")
_SPACE = re.compile(r"\s+")


class Redactor:
    """Makes a vendor's text fit to be shown: one line, no secret, no e-mail address, not too long."""

    __slots__ = ("_secrets",)

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def learn(self, secret: str) -> None:
        """Mask this one too: a token we were given at run time."""
        if secret and secret not in self._secrets:
            self._secrets = (*self._secrets, secret)

    def __call__(self, text: str) -> str:
        """The text, fit to be shown."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _BEARER.sub(rf"\1 {MASK}", text)
        text = _EMAIL.sub(MASK, text)
        text = _SPACE.sub(" ", text).strip()
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"

    def __repr__(self) -> str:
        return f"Redactor({len(self._secrets)} secrets)"


def basic(user: str, password: str) -> str:
    """The form in which HTTP Basic sends a secret, to be masked as well."""
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def hush(*loggers: str) -> None:
    """Keep libraries from printing bodies and session ids at debug level, whatever the application's is (AU03)."""
    for name in loggers:
        logger = logging.getLogger(name)
        if logger.level in (logging.NOTSET, logging.DEBUG):
            logger.setLevel(logging.INFO)
