"""`python -P -m sync.warm`: the engine's loops, compiled once after an installation or an upgrade.

By a process of its own, which ends with all the memory that compiling takes: the one that scores may run for years.
"""

import pickle
import subprocess
import sys
from datetime import date

from scoring.kernel_cache import keep, keeps, kept
from scoring.kernel_door import name_of
from scoring.rules import Programme

DONE = "all"  # kept, of no code, when every loop is


def is_done() -> bool:
    """Whether every loop is compiled, by this version and for this processor."""
    return kept(name_of(DONE)) is not None


def warm(programme: Programme, day: date) -> None:
    """See to it that every loop is compiled; what that process could not do is left to whoever needs it."""
    if keeps() and not is_done():
        command = [sys.executable, "-P", "-m", __name__]
        subprocess.run(command, input=pickle.dumps((programme, day)), check=False, capture_output=True)


def note() -> None:
    """Whoever has opened every door says so for those to come."""
    if not is_done():
        keep(name_of(DONE), b"")


def main() -> None:
    """Open every door once, for the programme and day on standard input."""
    from sync.many import open_doors  # noqa: PLC0415 - which imports this module

    open_doors(*pickle.load(sys.stdin.buffer))  # noqa: S301 - written by the process that started this one


if __name__ == "__main__":
    main()
