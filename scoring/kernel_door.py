"""Doors from Python into the compiled loops, which open without the compiler.

Numba takes half a second to begin, more than the loops need for a million events. So the machine code of each door is
kept (`kernel_cache`), LLVM alone loads it, and numba is imported only where there is none yet (`kernel_compile`). What
goes through a door is one row of 64-bit words: an integer as it is, an array as its address and its lengths.
"""

from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, c_int64
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from threading import RLock
from typing import Any, TypeAlias

import llvmlite.binding as llvm
import numpy as np

from scoring.kernel_cache import keep, kept

ENTRY = "entry"  # the name of a door's function in its machine code
NUMBA = version("numba")  # what is not there is said when the engine is imported

# What numba has to know of a value: an integer, the type and dimensions of an array, or those of a tuple's members.
Shape: TypeAlias = tuple[Any, ...]
_Code: TypeAlias = Callable[[Any], int]
_CODE = CFUNCTYPE(c_int64, POINTER(c_int64))  # holds no interpreter lock
_lock = RLock()  # one door is opened at a time


class Loop:
    """A function for compiled loops to call: it allocates nothing and works on the arrays that it is given.

    Numba then counts no references to arrays, one atomic operation for each array of each call: a third of all scoring.
    """

    def __init__(self, function: Callable[..., Any], *, inlined: bool) -> None:
        self.function = function
        self.inlined = inlined


def called(address: int, words: tuple[int, ...]) -> int:
    """What the C function at that address gives for so many integers: for loops to call, as `kernel_compile` has it."""
    raise NotImplementedError(f"{address}{words}")


def loop(function: Any) -> Any:
    """A loop that other loops call."""
    return Loop(function, inlined=False)


def inline(function: Any) -> Any:
    """A few lines of a loop, written out wherever it calls them."""
    return Loop(function, inlined=True)


class Door:
    """A loop that Python calls, with integers, arrays, and named tuples of such; it gives an integer."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.loop = Loop(function, inlined=False)
        self._opened: dict[Shape, _Code] = {}

    def __call__(self, *values: Any) -> int:
        """Run the loop."""
        words: list[int] = []
        shape = tuple(_shape(value, words) for value in values)
        return self._code(shape)((c_int64 * len(words))(*words))

    def given(self, *values: Any) -> Callable[[int], int]:
        """The loop as a function of its last parameter, an integer, for many calls: the others are looked at once."""
        words: list[int] = []
        code = self._code((*(_shape(value, words) for value in values), int))
        kind = c_int64 * (len(words) + 1)

        def run(last: int, _alive: Any = values) -> int:
            return code(kind(*words, last))

        return run

    def _code(self, shape: Shape) -> _Code:
        found = self._opened.get(shape)
        if found is None:
            with _lock:
                found = self._opened.get(shape) or self._open(shape)
                self._opened[shape] = found
        return found

    def _open(self, shape: Shape) -> _Code:
        function = self.loop.function
        name = name_of(f"{function.__module__}.{function.__name__}", shape)
        code = kept(name)
        if code is None:
            from scoring.kernel_compile import compiled  # noqa: PLC0415 - imports numba

            code = compiled(self.loop, shape, machine())
            keep(name, code)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine())
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        found: _Code = _CODE(engine.get_function_address(ENTRY))
        found.engine = engine  # type: ignore[attr-defined] # the code lives as long as it
        return found


def name_of(what: str, shape: Shape = ()) -> str:
    """Under which code is kept: another one for each numba and each processor."""
    return f"{what}-{sha256(repr((shape, NUMBA, *_processor())).encode()).hexdigest()[:16]}.o"


def door(function: Any) -> Door:
    """A loop that Python calls."""
    return Door(function)


def machine() -> Any:
    """What LLVM makes code for: this processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name, features = _processor()
    return llvm.Target.from_default_triple().create_target_machine(name, features, 3, codemodel="jitdefault", jit=True)


@cache
def _processor() -> tuple[str, str]:
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def _shape(value: Any, words: list[int]) -> Any:
    """Of a value, whose words are added to the row."""
    if isinstance(value, np.ndarray):
        if not value.flags.c_contiguous:
            raise TypeError(f"an array of {value.strides} bytes from item to item: loops want them side by side")
        words.append(value.__array_interface__["data"][0])
        words.extend(value.shape)
        return value.dtype.str, value.ndim
    if isinstance(value, tuple):
        return type(value), *(_shape(each, words) for each in value)
    words.append(int(value))
    return int
