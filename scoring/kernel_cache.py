"""Where compiled loops are kept: under a name made of the text of all of them.

Numba keeps a loop by the text of its own file alone. A loop that calls another one holds it compiled, so after an
upgrade that changed the other file it would go on with the loop as it was. Every kernel takes `njit` from here.
"""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
from numba import njit

__all__ = ["njit"]

HERE = Path(__file__).parent
_config: Any = numba.config  # its names are made at run time


def named(folder: Path) -> str:
    """The name for the loops in a folder: another one as soon as a line of any of them is."""
    texts = (path.read_bytes() for path in sorted([*folder.glob("kernel*.py"), folder / "automaton.py"]))
    return f"kernel-{sha256(b''.join(texts)).hexdigest()[:16]}"


def _home() -> Path:
    if _config.CACHE_DIR:  # as NUMBA_CACHE_DIR says
        return Path(_config.CACHE_DIR)
    beside = HERE / "__pycache__"
    if os.access(beside if beside.exists() else HERE, os.W_OK):
        return beside
    return Path("~/.cache/bonus-malus").expanduser()


_config.CACHE_DIR = str(_home() / named(HERE))
