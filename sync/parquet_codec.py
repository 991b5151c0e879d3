"""Pages that Arrow unpacks: all of what they say they hold, and no more.

Arrow's codecs give room of the size that they are asked for, and do not say how much of it they filled: the rest is
whatever the memory held. Its streams say it; Snappy has none, but a page of it begins with its size.
"""

from typing import Any

import pyarrow as pa

CODECS = {"UNCOMPRESSED": None, "SNAPPY": "snappy", "GZIP": "gzip", "BROTLI": "brotli", "ZSTD": "zstd"}
_LONGEST, _SEVEN, _CONTINUES = 5, 7, 128  # bytes of a size, and bits of each


def unpacked(codec: str | None, body: Any, size: int) -> Any | None:
    """The bytes of a page (one of Arrow's buffers) that says it has `size` of them; None where it has not.

    Raises:
        OSError, pa.ArrowInvalid: it is broken.
    """
    if codec == "snappy":
        return pa.Codec(codec).decompress(body, size) if _size(body) == size else None
    if codec is not None:
        with pa.CompressedInputStream(pa.BufferReader(body), codec) as stream:
            body = stream.read_buffer(size + 1)
    return body if body.size == size else None


def _size(body: Any) -> int:
    """What a page of Snappy says of itself: seven bits a byte, the lowest first."""
    size = 0
    begin: bytes = body[:_LONGEST].to_pybytes()
    for place, byte in enumerate(begin):
        size |= (byte & 127) << _SEVEN * place
        if byte < _CONTINUES:
            return size
    return -1
