"""JSON bodies, read exactly: a number with a point is a `Decimal`, never a float (SR37)."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def reader(shape: type[T]) -> Callable[[bytes], T]:
    """How to read bodies of one shape, of which what it does not name is passed over.

    Raises `ValueError` where a body is not whole, no JSON, or of another shape. Where rows come by the million, slots
    that were asked for cost a third of a dictionary of everything that came.
    """
    decoder = msgspec.json.Decoder(shape, float_hook=Decimal)

    def read(body: bytes) -> T:
        try:
            return decoder.decode(body)
        except msgspec.ValidationError:
            raise
        except (ValueError, RecursionError):
            # Half a letter, which a CRM makes by cutting a text inside an emoji, is read by the standard library alone.
            return msgspec.convert(_mended(body), shape)

    return read


# What a body says, all of it.
read_json: Callable[[bytes], Any] = reader(object)


def _mended(body: bytes) -> Any:
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested deeper than any answer of a CRM") from None


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no number")
