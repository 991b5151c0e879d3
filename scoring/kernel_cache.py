"""Where compiled loops are kept: each in a file, in a folder whose name is made of the text of all of them.

A loop holds those that it calls, so after an upgrade that changed any of them none of the old ones is taken. Machine
code is for one processor and of one compiler, so these are in the name too. The folders of the versions before are
taken away when a new one is made, but for those used last: another program may still run on one.
"""

import os
import re
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
_OTHERS = 2  # folders of other versions that stay
_NAME = re.compile(r"kernel-[0-9a-f]{16}")
_SEAL = 32  # bytes before the code that say it is whole


def named(folder: Path) -> str:
    """The name for the loops in a folder: another one as soon as a line of any of them is."""
    texts = (path.read_bytes() for path in sorted([*folder.glob("kernel*.py"), folder / "automaton.py"]))
    return f"kernel-{sha256(b''.join(texts)).hexdigest()[:16]}"


def place(homes: list[Path]) -> Path | None:
    """A folder of that name in the first of these that lets us; None where none does."""
    for home in homes:
        found = home / named(HERE)
        try:
            new = not found.is_dir()
            found.mkdir(parents=True, exist_ok=True)
        except OSError:  # whoever runs as another user than the one whose home this is may not even look
            continue
        if os.access(found, os.W_OK | os.X_OK):
            with suppress(OSError):
                os.utime(found)  # so that it is known which were used last
            if new:
                _tidy(home, found)
            return found
    return None


def _tidy(home: Path, mine: Path) -> None:
    """Take the folders of other versions away, but for the few used last; what is not ours, or in use, stays.

    Whoever runs on one that goes has its code in memory, and compiles again what it still needs.
    """
    with suppress(OSError):
        others = [each for each in home.iterdir() if _NAME.fullmatch(each.name) and each.name != mine.name]
        others = [each for each in others if each.is_dir() and not each.is_symlink()]
        for old in sorted(others, key=lambda each: each.stat().st_mtime, reverse=True)[_OTHERS:]:
            with suppress(OSError):  # somebody else is at it
                for file in old.iterdir():
                    file.unlink()
                old.rmdir()


def keeps() -> bool:
    """Whether there is a place; else each process compiles for itself."""
    return _PLACE is not None


def kept(name: str) -> bytes | None:
    """The machine code of that name; None where it is still to be made, or a lost disk left only some of it."""
    try:
        found = b"" if _PLACE is None else (_PLACE / name).read_bytes()
    except OSError:  # not there, or another user's
        return None
    seal, code = found[:_SEAL], found[_SEAL:]
    return code if seal == sha256(code).digest() else None


def keep(name: str, code: bytes) -> None:
    """Keep machine code for the processes to come, if there is a place; nobody reads half of it."""
    if _PLACE is None:
        return
    unfinished = _PLACE / f"{name}.{os.getpid()}"
    try:
        unfinished.write_bytes(sha256(code).digest() + code)
        unfinished.replace(_PLACE / name)
    except OSError:  # a full disk: the next process compiles again
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def homes() -> list[Path]:
    """Where folders of that name may be, as the environment says; a user without a home has one place less."""
    if said := os.environ.get("NUMBA_CACHE_DIR"):
        return [Path(said)]
    found = [HERE / "__pycache__"]
    with suppress(RuntimeError):
        found.append(Path("~/.cache/bonus-malus").expanduser())
    return found


_PLACE = place(homes())
