"""Exit codes, the same for every command (docs/cli.md)."""

from enum import IntEnum


class Exit(IntEnum):
    """What a caller (cron, systemd, a person) should do now."""

    DONE = 0  # nothing
    DEFECT = 1  # report it to us
    USAGE = 2  # correct the command, the settings, the rules or a mapping; nothing was sent
    ACT = 3  # a person must act in the CRM: credentials, scopes, permissions
    TRY_LATER = 4  # nothing: the next run goes on where this one stopped
    REJECTS = 5  # done, but some records were refused: see `bonus-malus runs show`


STATES = {"done": Exit.DONE, "failed": Exit.ACT, "try later": Exit.TRY_LATER}
