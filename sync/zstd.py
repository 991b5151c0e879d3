"""The system's own library of Zstandard, where it has one: then compiled loops unpack pages themselves.

Arrow unpacks one page at a time for Python, in new memory each: for pages of twenty thousand rows, as most writers make
them, that is a tenth of all scoring. The library is the same that Arrow has inside, another copy of it, and its address
is all that a loop needs. It comes with most systems; on others Arrow goes on to unpack.
"""

import ctypes
from functools import cache
from threading import local
from typing import Any
from weakref import finalize

from numpy.typing import NDArray

from scoring.kernel_values import Unpacking

_NAMES = ("libzstd.so.1", "libzstd.1.dylib")


class Unpacker:
    """`ZSTD_decompressDCtx` and a context for it, which one thread may use: their addresses."""

    def __init__(self, library: Any) -> None:
        self.function: int = ctypes.cast(library.ZSTD_decompressDCtx, ctypes.c_void_p).value or 0
        self.context: int = library.ZSTD_createDCtx()
        if not self.context:
            raise MemoryError("no room for a context of Zstandard's")
        finalize(self, library.ZSTD_freeDCtx, self.context)

    def into(self, room: NDArray[Any], file: int) -> Unpacking:
        """What loops need to unpack pages of a file at that address, one at a time, into a room."""
        return Unpacking(self.function, self.context, file, room.__array_interface__["data"][0])


class _Mine(local):
    """Each thread's own."""

    unpacker: Unpacker | None = None


_mine = _Mine()


def unpacker() -> Unpacker | None:
    """This thread's; None where the system has no such library."""
    library = _library()
    if _mine.unpacker is None and library is not None:
        _mine.unpacker = Unpacker(library)
    return _mine.unpacker


@cache
def _library() -> Any:
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.ZSTD_createDCtx.restype = ctypes.c_void_p
        library.ZSTD_freeDCtx.argtypes = (ctypes.c_void_p,)
        return library
    return None
