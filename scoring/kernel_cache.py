"""Where compiled loops are kept: under a name made of the text of all of them.

Numba keeps a loop by the text of its own file alone. A loop that calls another one holds it compiled, so after an
upgrade that changed the other file it would go on with the loop as it was. Every kernel takes `njit` from here.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba

HERE = Path(__file__).parent
_numba: Any = numba  # names made at run time, types that say nothing of what it makes


def named(folder: Path) -> str:
    """The name for the loops in a folder: another one as soon as a line of any of them is."""
    texts = (path.read_bytes() for path in sorted([*folder.glob("kernel*.py"), folder / "automaton.py"]))
    return f"kernel-{sha256(b''.join(texts)).hexdigest()[:16]}"


def place(homes: list[Path]) -> Path | None:
    """A folder of that name in the first of these that lets us; None where none does."""
    for home in homes:
        found = home / named(HERE)
        try:
            found.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(found, os.W_OK):
            return found
    return None


def njit(*signature: Any, cache: bool = False, **options: Any) -> Any:
    """`numba.njit`; what there is no place to keep is compiled by each process anew."""
    return _numba.njit(*signature, cache=cache and _PLACE is not None, **options)


def loop(function: Any) -> Any:
    """A function that allocates nothing: it works on the arrays that it is given.

    Numba then counts no references to arrays, one atomic operation for each array of each call: a third of all scoring.
    """
    return njit(nogil=True, cache=True, _nrt=False)(function)


def inline(function: Any) -> Any:
    """A few lines of a loop, written out wherever it calls them."""
    return njit(forceinline=True, _nrt=False)(function)


_OWN = [HERE / "__pycache__", Path("~/.cache/bonus-malus").expanduser()]
_PLACE = place([Path(_numba.config.CACHE_DIR)] if _numba.config.CACHE_DIR else _OWN)  # as NUMBA_CACHE_DIR says
if _PLACE is not None:
    _numba.config.CACHE_DIR = str(_PLACE)
