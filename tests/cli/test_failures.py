"""What becomes of an error that no command expects: one line that says where and what to do now."""

import errno
import shutil
from pathlib import Path

import pytest

from cli.exits import Exit
from cli.failures import told
from tests.cli.conftest import Command
from tests.limits import disk_of

FULL = "the disk is full; make room and run the command again"


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), FULL, Exit.USAGE),
        (OSError(errno.ENOSPC, "No space left on device", "a.json"), f"a.json: {FULL}", Exit.USAGE),
        (shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]), FULL, Exit.USAGE),
        (
            PermissionError(13, "Permission denied", Path("a.json")),
            "a.json: permission denied; choose another place",
            Exit.USAGE,
        ),
        (
            FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp', '/']"),
            "there is no folder for temporary files; let this user write to /tmp, or name another one in TMPDIR",
            Exit.USAGE,
        ),
        (OSError("of no file"), "this is a defect of bonus-malus: OSError in", Exit.DEFECT),
    ],
)
def test_a_file_that_cannot_be_written_is_no_defect(error: OSError, line: str, code: Exit):
    with pytest.raises(OSError) as raised:
        raise error
    said, found = told(raised.value)
    assert said.startswith(line)
    assert found == code


def test_what_a_disk_has_no_room_for_is_not_half_written(command: Command, tmp_path: Path):
    memory = tmp_path / "bonus-malus.init.json"
    memory.write_text('{"crm": "both"}', "utf-8")
    with disk_of(10):
        said = command("init", "--yes", "--set", "ledger=another.db")
    assert (said.code, said.err) == (2, "bonus-malus: bonus-malus.init.json: file too large; choose another place\n")
    assert memory.read_text("utf-8") == '{"crm": "both"}'
    assert [each.name for each in tmp_path.iterdir()] == [memory.name]
