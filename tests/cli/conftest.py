"""A small company in the sandbox, with settings for it, and the command as a caller meets it."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from cli.sandbox import SETTINGS
from sandbox.app import World, create_app
from sandbox.company import Company, populate
from sandbox.remote import Remote
from sandbox.server import Server


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """`bonus-malus …` in an empty folder: exit code and both outputs."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["bonus-malus", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Said(int(ended.value.code or 0), said.out, said.err)

    return run


@dataclass(frozen=True)
class Site:
    """A running sandbox and the settings that lead to it."""

    world: World
    url: str
    remote: Remote
    settings: Path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Two hundred customers in both CRMs."""
    world = World()
    populate(world, Company(seed=3, customers=200))
    with Server(create_app(world)) as server:
        settings = tmp_path / "bonus-malus.toml"
        settings.write_text(SETTINGS.format(ledger="ledger.db", url=server.url), "utf-8")
        remote = Remote(server.url)
        yield Site(world, server.url, remote, settings)
        remote.close()
