"""Exit codes, the same for every command (docs/cli.md)."""

from enum import IntEnum


class Exit(IntEnum):
    """What a caller (cron, systemd, a person) should do now."""

    DONE = 0  # nothing
    DEFECT = 1  # report it to us
    USAGE = 2  # correct the command, the settings, the rules or a mapping; nothing was sent
    ACT = 3  # a person must act in the CRM: credentials, scopes, permissions
    TRY_LATER = 4  # nothing: the next run goes on where this one stopped
    REJECTS = 5  # done, but some records were refused: see `bonus-malus rejects`
    SKIPPED = 6  # nothing: another run is working on it, and says so in `bonus-malus runs`
    ASKED = 7  # look at `bonus-malus sync --dry-run`, then say yes: nothing was written
    HELD = 8  # a connection is on hold since an undo: `bonus-malus resume` when the cause is gone


STATES = {
    "done": Exit.DONE,
    "failed": Exit.ACT,
    "try later": Exit.TRY_LATER,
    "interrupted": Exit.TRY_LATER,
    "skipped": Exit.SKIPPED,
    "asked": Exit.ASKED,
    "held": Exit.HELD,
}
