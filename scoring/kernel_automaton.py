"""The automaton of some rules, kept beside the compiled loops: making it takes as long as scoring a million events.

Kept is the table alone, under a digest of the rules and of all that an automaton is made by, so that none outlives a
change of either. There are few places, and whoever comes later takes one over: a programme that is tried out with a
hundred rules does not leave a hundred files.
"""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

import numpy as np

from scoring.automaton import Automaton, Column, compile_rules, rows_of
from scoring.kernel_cache import HERE, keep, kept
from scoring.rules import AnyRules
from scoring.scheme import AnyState

_DIGEST = 32


def automaton_of(rules: AnyRules, openings: Sequence[AnyState]) -> Automaton:
    """As `automaton.compile_rules`.

    Raises:
        ValueError: the years at the floor are measured by dates, which no finite table knows.
    """
    asked = sha256(_made_by() + repr((rules, openings)).encode()).digest()
    place = f"automaton-{asked[0] >> 4:x}"
    found = kept(place) or b""
    if found[:_DIGEST] == asked:
        table = np.frombuffer(found, np.int32, offset=_DIGEST).reshape(-1, len(Column))
        return Automaton(table, rows_of(rules, openings))
    made = compile_rules(rules, openings)
    keep(place, asked + made.table.tobytes())
    return made


@cache
def _made_by() -> bytes:
    """A digest of all modules but those of the loops."""
    paths = sorted(path for path in HERE.glob("*.py") if not path.name.startswith(("kernel", "engine")))
    return sha256(b"".join(path.read_bytes() for path in paths)).digest()
