"""What becomes of an error: one line and an exit code. Loaded when there is one, because it knows every layer's own."""

import errno
import os
import traceback
from pathlib import Path

import requests

from cli.exits import Exit
from config.reading import ConfigError
from connectors.errors import CrmError, TryLater
from sync.lease import LeaseLostError
from sync.ledger import LedgerBusy, LedgerError


def told(error: Exception) -> tuple[str, Exit]:
    """The line, and what a caller does now; a defect is one line too."""
    match error:
        case LeaseLostError() | LedgerBusy():
            return str(error), Exit.TRY_LATER
        case ConfigError() | LedgerError():
            return str(error), Exit.USAGE
        case CrmError():
            return str(error), Exit.TRY_LATER if isinstance(error, TryLater) else Exit.ACT
        case requests.RequestException():
            return f"the sandbox does not answer any more ({type(error).__name__})", Exit.TRY_LATER
        case OSError() if line := _of_a_file(error):
            return line, Exit.USAGE
    last = traceback.extract_tb(error.__traceback__)[-1]
    line = (
        f"this is a defect of bonus-malus: {type(error).__name__} in {Path(last.filename).name}:{last.lineno}; "
        "`bonus-malus --debug …` prints the details to report"
    )
    return line, Exit.DEFECT


def _of_a_file(error: OSError) -> str:
    """What is wrong with a file or its disk; empty where it is about neither."""
    file = f"{error.filename}: " if isinstance(error.filename, str | Path) else ""
    if "usable temporary directory" in str(error):
        return "there is no folder for temporary files; let this user write to /tmp, or name another one in TMPDIR"
    # shutil says it in its text alone.
    if error.errno == errno.ENOSPC or os.strerror(errno.ENOSPC) in str(error):
        return f"{file}the disk is full; make room and run the command again"
    return f"{file}{(error.strerror or 'it cannot be used').lower()}; choose another place" if file else ""
