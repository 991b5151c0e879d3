"""JSON as it is sent, where it could not be sent on: half of a surrogate pair is no text."""

import json
from collections.abc import Callable
from typing import Any


def loads(raw: bytes, *, parse_float: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON text. Raises json.JSONDecodeError, UnicodeDecodeError; RecursionError is one of them here."""
    try:
        # Decoded here: json.loads lets halves of surrogate pairs pass in bytes.
        found = json.loads(raw.decode("utf-8-sig"), parse_float=parse_float)
    except RecursionError:
        raise json.JSONDecodeError("too deep", "", 0) from None
    if b"\\ud" in raw or b"\\uD" in raw:
        try:
            json.dumps(found, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError:
            raise json.JSONDecodeError("Invalid surrogate pair", "", 0) from None
    return found
