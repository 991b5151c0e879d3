"""The documentation's pictures of the terminal: `python -m cli.pictures` runs the commands and keeps what they say."""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from cli.sandbox import SETTINGS
from sandbox.app import World, create_app
from sandbox.company import Company, populate
from sandbox.salesforce.rules import Flow, Validation
from sandbox.server import Server

IMAGES = Path(__file__).parents[1] / "docs" / "images"
WIDTH = 110
EXPORTS = Path(__file__).parents[1] / "examples" / "exports"


def main() -> None:
    """Make them all."""
    world = World()
    populate(world, Company(seed=1, customers=200))
    with tempfile.TemporaryDirectory() as folder, Server(create_app(world)) as server:
        home = Path(folder)
        _keep("try", home, f"try {EXPORTS.name}", ["try", str(EXPORTS)])
        _keep("init", home, "init", ["init", "--yes", "--set", f"sandbox={server.url}"])
        (home / "bonus-malus.toml").write_text(SETTINGS.format(ledger="bonus-malus.db", url=server.url), "utf-8")
        _run(["fields", "apply"], home)
        world.org.rules.append(Validation("Contact", "Title", ("–",)))
        world.org.rules.append(Flow("Contact", "Welcome new contacts"))
        world.org.integration_user.permissions -= {"ModifyMetadata"}
        world.portal.scopes = set(world.portal.scopes) - {"crm.objects.invoices.read"}
        _keep("doctor", home, "doctor", ["doctor"])


def _keep(name: str, home: Path, shown: str, words: list[str]) -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text(f"$ bonus-malus {shown}", style="bold"))
    console.print(Text.from_ansi(_run(words, home)))
    console.save_svg(str(IMAGES / f"{name}.svg"), title="bonus-malus", unique_id=name)


def _run(words: list[str], home: Path) -> str:
    """What a command prints on a terminal of this width."""
    environment = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    command = [sys.executable, "-c", "from cli.main import main; main()", *words]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


if __name__ == "__main__":
    main()
