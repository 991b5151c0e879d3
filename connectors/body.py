"""JSON bodies, read exactly: a number with a point is a `Decimal`, never a float (SR37)."""

import json
from decimal import Decimal
from typing import Any

import msgspec

_decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=Decimal)


def read_json(body: bytes) -> Any:
    """What a body says; raises `ValueError` where it is not whole, or no JSON."""
    try:
        return _decoder.decode(body)
    except (ValueError, RecursionError):
        # Half a letter, which a CRM makes by cutting a text inside an emoji, is read by the standard library alone.
        return _mended(body)


def _mended(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested deeper than any answer of a CRM") from None


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number")
