"""Salesforce ids: 18 characters here, always (SR35)."""

import re
from collections.abc import Sequence

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
SHORT = 15
LONG = 18


def id18(text: str) -> str:
    """The 18-character form: the last three say which of the first fifteen are capitals, five to a character.

    A text that is no id comes back as it is: what stands in a reference field is the CRM's affair.
    """
    return text + _suffix(text) if len(text) == SHORT and _ID.fullmatch(text) else text


def ids18(found: Sequence[str]) -> Sequence[str]:
    """Many ids in the 18-character form, in which they nearly always come."""
    return found if set(map(len, found)) == {LONG} else list(map(id18, found))


def identify(text: str) -> str | None:
    """The 18-character form of an id, None for what cannot be one (its checksum included)."""
    if not _ID.fullmatch(text):
        return None
    long = id18(text[:SHORT])
    # Capitals in the checksum are lost by some spreadsheets; it is case-insensitive, the first fifteen are not.
    return long if len(text) == SHORT or long[SHORT:] == text[SHORT:].upper() else None


def _suffix(short: str) -> str:
    return "".join(
        _ALPHABET[sum(1 << place for place, letter in enumerate(short[start : start + 5]) if letter.isupper())]
        for start in (0, 5, 10)
    )
