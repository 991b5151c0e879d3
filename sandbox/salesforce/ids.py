"""Record ids: 15 case-sensitive characters, and the 18 that survive a spreadsheet."""

import string

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECK = string.ascii_uppercase + "012345"
SHORT, LONG = 15, 18
_CAPITAL = {ord(letter): "1" if letter.isupper() else "0" for letter in BASE62}
# Five letters, of which the first counts 1 and the last 16.
_LETTER = {f"{number:05b}"[::-1]: letter for number, letter in enumerate(_CHECK)}


def long_id(text: str) -> str | None:
    """The 18-character form of a 15- or 18-character id; None when it is neither (SR35).

    The last three characters say which letters are capitals, five at a time.
    """
    if len(text) not in (SHORT, LONG) or not (text.isascii() and text.isalnum()):
        return None
    body = text[:SHORT]
    capitals = body.translate(_CAPITAL)
    checksum = _LETTER[capitals[:5]] + _LETTER[capitals[5:10]] + _LETTER[capitals[10:]]
    if len(text) == LONG and text[SHORT:].upper() != checksum:
        return None
    return body + checksum


def number_id(prefix: str, number: int) -> str:
    """The id of the number-th row of an object with this key prefix."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    found = long_id(prefix + "Sb" + digits.rjust(SHORT - len(prefix) - 2, "0"))
    if found is None:
        raise ValueError(f"{prefix} is no key prefix, or {number} is too large")
    return found
