"""What becomes of an error: one line and an exit code. Loaded when there is one, because it knows every layer's own."""

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
        case OSError(filename=str() | Path() as file):
            why = (error.strerror or "it cannot be used").lower()
            return f"{file}: {why}; choose another place", Exit.USAGE
    where = traceback.extract_tb(error.__traceback__)[-1]
    line = (
        f"this is a defect of bonus-malus: {type(error).__name__} in {Path(where.filename).name}:{where.lineno}; "
        "`bonus-malus --debug …` prints the details to report"
    )
    return line, Exit.DEFECT
