"""The brake: how much one run may change before a person has seen it.

A first fill writes to every record, and a wrong mapping or rule may too. So a run counts what it would write before
it writes anything, and asks when that is a first fill or more than a set share of the records. The answer is a number
of changes, or the id of a dry run that was read: it says for which rules, mappings, settings and accounts, and how many
it showed.
"""

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal

from sync.command import Command, plain

SOME_MORE = 1.05  # what happened since the dry run may add so much to what it showed


@dataclass(frozen=True, slots=True)
class Brake:
    """How much a run may change unasked, and what was answered.

    `share` of the living records, but at least `least` changes; `first_fill` and `yes_change` are a person's answers,
    `read` is the id of the dry run that they read.
    """

    share: float = 0.2
    least: int = 50
    first_fill: bool = False
    yes_change: int = 0
    read: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a run is about to write: `changes` of `living` records; `first` names connections never written before.

    `first_changes` of `first_living` are theirs.
    """

    changes: int
    living: int
    first: tuple[str, ...]
    basis: str
    first_changes: int = 0
    first_living: int = 0

    @property
    def id(self) -> str:
        """What a dry run calls it: 4f2a91c0-51200."""
        return f"{self.basis}-{self.changes}"


def basis(*words: object) -> str:
    """Everything but the CRMs' facts that a change rests on, in eight letters."""
    return hashlib.sha256("\n".join(map(str, words)).encode()).hexdigest()[:8]


def objection(brake: Brake, intent: Intent, command: Command = plain) -> str:
    """Why a person must look first, and how they then say yes; empty when the run may go on."""
    if not intent.changes or intent.changes <= brake.yes_change or _was_read(brake.read, intent):
        return ""
    unlike, look = _unlike(brake.read, intent), command("sync --dry-run")
    if intent.first and not brake.first_fill:
        names, elsewhere = ", ".join(intent.first), intent.changes - intent.first_changes
        records = f"{intent.first_changes} records" + (f", and {elsewhere} elsewhere" if elsewhere else "")
        return unlike + (
            f"this is the first time that {names} would be written to: {records}; look at "
            f"`{look}`, then say `{command('sync --first-fill')}`, or `--read {intent.id}`"
        )
    # A yes to a first fill is none to what else is written.
    changes, living = intent.changes - intent.first_changes, intent.living - intent.first_living
    if changes <= brake.least or not more_than(brake.share, changes, of=living):
        return ""
    return unlike + (
        f"{changes} of {living} records would change, more than {brake.share * 100:g}%; look at "
        f"`{look}`, then say `{command(f'sync --yes-change {intent.changes}')}`, "
        f"or `--read {intent.id}`"
    )


def more_than(share: float, count: int, *, of: int) -> bool:
    """Whether so many of `of` are more than a share, taken as it was written: 29 of 100 are not more than 0.29."""
    return count > Decimal(str(share)) * of


def is_id(text: str) -> bool:
    """Whether this may be what a dry run was called."""
    return re.fullmatch(r"[0-9a-f]{8}-\d+", text) is not None


def _unlike(read: str, intent: Intent) -> str:
    """What sets a run apart from the dry run that was read."""
    if not read:
        return ""
    known, _, number = read.partition("-")
    other = "was of other rules, mappings, settings or accounts"
    why = other if known != intent.basis else f"showed {number} records"
    return f"the dry run {read} {why}; "


def _was_read(read: str, intent: Intent) -> bool:
    known, _, number = read.partition("-")
    return known == intent.basis and number.isdigit() and intent.changes <= int(number) * SOME_MORE
