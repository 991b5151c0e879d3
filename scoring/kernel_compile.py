"""The machine code of a door, made by numba: only where it is not kept yet."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.core.compiler_lock import global_compiler_lock
from numba.extending import intrinsic, overload, typeof_impl
from numba.np import arrayobj

from scoring.kernel_door import ENTRY, Loop, Shape, called

_numba: Any = numba  # its options say more than its types do
# Division as processors do it: no loop divides by what could be zero, and so none can fail.
_OPTIONS = {"error_model": "numpy"}
# What numba would call to tell Python of a failure.
_TOLD = re.compile(r"^declare (.* @(?:numba_|NRT_|Py)\w+\(.*)$", re.MULTILINE)
_PLACE = "fix_integer_index"  # numba's function that counts a negative place from the end of an array


def compiled(loop: Loop, shape: Shape, machine: Any) -> bytes:
    """A loop for values of that shape, as an object file in which it is called `ENTRY`."""
    names: dict[str, Any] = {"loop": loop, "array": _numba.carray, "address": _address, "integer": _integer}
    row = iter(range(10**6))
    values = ", ".join(_value(each, row, names) for each in shape)
    exec(f"def entry(words):\n    return integer(loop({values}))", names)  # noqa: S102 - of our own shapes
    words = numba.types.CPointer(numba.types.int64)
    with _places_as_they_are():
        entry = _numba.cfunc(numba.types.int64(words), **_OPTIONS)(names["entry"])
    module = llvm.parse_assembly(_TOLD.sub(r"define internal \1 { unreachable }", entry.inspect_llvm()))
    module.get_function(entry.native_name).name = ENTRY
    code: bytes = machine.emit_object(module)
    return code


@contextmanager
def _places_as_they_are() -> Iterator[None]:
    """What is compiled meanwhile takes places in arrays as they are: none is negative, to be counted from the end.

    To look at each took a fifth of a scoring. Numba has no option for that, so its own function is replaced, under its
    own lock: whatever else a process compiles is as ever. Should that function go, all works as before, slower.
    """

    def plain(context: Any, builder: Any, kind: Any, place: Any, _: Any) -> Any:
        return context.cast(builder, place, kind, numba.types.intp if kind.signed else numba.types.uintp)

    with global_compiler_lock:
        before = getattr(arrayobj, _PLACE, plain)
        setattr(arrayobj, _PLACE, plain)
        try:
            yield
        finally:
            setattr(arrayobj, _PLACE, before)


def _value(shape: Any, row: Any, names: dict[str, Any]) -> str:
    """A value of that shape, in terms of the next words of the row; types that it needs are added to the names."""
    if shape is int:
        return f"words[{next(row)}]"
    if isinstance(shape[0], str):
        kind, dimensions = shape
        names[name := f"kind_{kind[1:]}"] = np.dtype(kind).type
        begin, *lengths = [next(row) for _ in range(dimensions + 1)]
        return f"array(address(words[{begin}]), ({''.join(f'words[{at}], ' for at in lengths)}), {name})"
    names[shape[0].__name__] = shape[0]
    return f"{shape[0].__name__}({', '.join(_value(each, row, names) for each in shape[1:])})"


@intrinsic
def _address(_: Any, word: Any) -> Any:
    """A word as an address."""

    def make(_: Any, builder: Any, __: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], cgutils.voidptr_t)

    return numba.types.voidptr(word), make


def _integer(value):
    """What a loop gives; of one that gives nothing, 0."""


@overload(_integer)
def _integer_of(value):
    return (lambda value: 0) if isinstance(value, numba.types.NoneType) else lambda value: value  # noqa: ARG005 - by name


def _call(_: Any, address: Any, words: Any) -> Any:
    """A call of the function at an address."""

    def make(_: Any, builder: Any, __: Any, values: Any) -> Any:
        given = cgutils.unpack_tuple(builder, values[1])
        kind = ir.FunctionType(ir.IntType(64), [ir.IntType(64)] * len(given))
        return builder.call(builder.inttoptr(values[0], kind.as_pointer()), given)

    return numba.types.int64(address, numba.types.UniTuple(numba.types.int64, len(words))), make


_called: Any = intrinsic(_call)


@overload(called)
def _called_of(address, words):  # noqa: ARG001 - by name
    return lambda address, words: _called(address, words)  # noqa: PLW0108 - an intrinsic is no function


@cache
def _dispatcher(loop: Loop) -> Any:
    return _numba.njit(_nrt=False, forceinline=loop.inlined, **_OPTIONS)(loop.function)


@typeof_impl.register(Loop)
def _typed(loop: Loop, _: Any) -> Any:
    """So that loops find those that they call."""
    return numba.types.Dispatcher(_dispatcher(loop))
