"""The memory of a process and its children, as it goes."""

import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread


class Memory:
    """The most that this process and its children held at once, in MB, since it was last asked.

    What they share (libraries) counts once. A PostgreSQL server is no child of ours. `took` says how many seconds of
    processor time the looking took so far: to add up the pages of half a gigabyte takes some milliseconds.
    """

    def __init__(self) -> None:
        self._most = 0
        self.took = 0.0
        Thread(target=self._watch, daemon=True).start()

    def most(self) -> int:
        """Megabytes."""
        found, self._most = self._most, 0
        return found // 1024

    def _watch(self) -> None:
        while True:
            # First of all what there is: whoever asks meanwhile shall not find the most of before again.
            held = sum(map(_held, [os.getpid(), *_children(os.getpid())]))
            self._most = max(self._most, held)
            since, self.took = self.took, time.thread_time()
            time.sleep(max(0.1, 20 * (self.took - since)))  # it shall not be in the way of what is measured


def _children(process: int) -> list[int]:
    """Without one that has just been started: until it has become another program, its memory is ours."""
    found = [int(each) for task in Path(f"/proc/{process}/task").iterdir() for each in _said(task / "children").split()]
    return [each for each in found if _program(each) != _program(process)]


def _program(process: int) -> str:
    return _said(Path(f"/proc/{process}/cmdline"))


def _held(process: int) -> int:
    """Memory of a process in kB, with its part of what it shares; a server runs as somebody else and is not ours."""
    status = dict(line.split(":", 1) for line in _said(Path(f"/proc/{process}/status")).splitlines())
    if status.get("Uid", "").split()[:1] != [str(os.getuid())]:
        return 0
    shares = (line for line in _said(Path(f"/proc/{process}/smaps_rollup")).splitlines() if line.startswith("Pss:"))
    return sum(int(line.split()[1]) for line in shares)


def _said(file: Path) -> str:
    with suppress(OSError):  # it has just ended
        return file.read_text()
    return ""
