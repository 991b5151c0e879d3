"""The documentation's pictures of the terminal: `python -m cli.pictures` runs the commands and keeps what they say."""

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
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
_TYPES = {"Customer": "Customer case", "Internal": "Internal question"}
EXPORTS = Path(__file__).parents[1] / "examples" / "exports"


def main() -> None:
    """Make them all."""
    world = World()
    populate(world, Company(seed=1, customers=200))
    with tempfile.TemporaryDirectory() as folder, Server(create_app(world)) as server:
        home = Path(folder)
        _keep("try", home, f"try {EXPORTS.name}", ["try", str(EXPORTS)])
        _several_kinds(world)
        said = _typed(["init"], ["salesforce", server.url, "", "", "", "", "no"], home)
        _kept("init", "init", said.replace(server.url, "http://127.0.0.1:8765"))
        (home / "bonus-malus.toml").write_text(SETTINGS.format(ledger="bonus-malus.db", url=server.url), "utf-8")
        _run(["fields", "apply"], home)
        world.org.rules.append(Validation("Contact", "Title", ("–",)))
        world.org.rules.append(Flow("Contact", "Welcome new contacts"))
        world.org.integration_user.permissions -= {"ModifyMetadata"}
        world.portal.scopes = set(world.portal.scopes) - {"crm.objects.invoices.read"}
        _keep("doctor", home, "doctor", ["doctor"])


def _several_kinds(world: World) -> None:
    """Two record types of cases, so that the wizard has something to ask."""
    types = [world.org.add_record_type("Case", name, label) for name, label in _TYPES.items()]
    for number, row in enumerate(list(world.org.rows("Case"))):
        world.org.update("Case", row["Id"], {"RecordTypeId": types[number % 3 == 0]})


def _keep(name: str, home: Path, shown: str, words: list[str]) -> None:
    _kept(name, shown, _run(words, home))


def _kept(name: str, shown: str, said: str) -> None:
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text(f"$ bonus-malus {shown}", style="bold"))
    console.print(Text.from_ansi(said))
    console.save_svg(str(IMAGES / f"{name}.svg"), title="bonus-malus", unique_id=name)


def _run(words: list[str], home: Path) -> str:
    """What a command prints on a terminal of this width."""
    environment = os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    command = [sys.executable, "-c", "from cli.main import main; main()", *words]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    return done.stdout


def _typed(words: list[str], answers: list[str], home: Path) -> str:
    """What is on a terminal when somebody answers these questions, and the others with Enter."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
    environment = os.environ | {"COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    command = [sys.executable, "-c", "from cli.main import main; main()", *words]
    said, waiting = b"", list(answers)
    with subprocess.Popen(command, cwd=home, env=environment, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        while chunk := _read(ours):
            said += chunk
            if said.endswith(b"]: "):
                os.write(ours, (waiting.pop(0) if waiting else "").encode() + b"\n")
    os.close(ours)
    return said.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


if __name__ == "__main__":
    main()
