"""Without the extra `engine` the plain reading does everything, however many move; an export says what it needs."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Site

ROOT = Path(__file__).parents[2]
WITHOUT = """
import sys

NONE = {"numba", "llvmlite", "pyarrow", "adbc_driver_manager", "adbc_driver_sqlite", "adbc_driver_postgresql"}


class Without:
    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, *more):
        return None if name.partition(".")[0] in NONE else self.finder.find_spec(name, *more)


sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
import sync.score

sync.score.MANY = 1
from cli.main import main

main()
"""


def call(site: Site, *words: str) -> tuple[int, str]:
    """A command where the extra is not installed."""
    command = [sys.executable, "-c", WITHOUT, "--settings", str(site.settings), *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=site.settings.parent, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_everything_goes_but_the_export(site: Site):
    for words in (
        ("fields", "apply"),
        ("sync",),
        ("sync", "--dry-run"),
        ("ledger", "verify"),
        ("simulate", "--rules", "fr-motor"),
    ):
        code, said = call(site, *words)
        assert code == 0, said
    assert call(site, "ledger", "export", "signals") == (
        2,
        "bonus-malus: pyarrow is missing: pip install 'bonus-malus[engine]'\n",
    )
