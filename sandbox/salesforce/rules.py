"""What an org's administrators have put between a write and its row: validation, duplicates, triggers, locks."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.salesforce.errors import RowError

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a row comes through the API: with how many others in one transaction, and whether duplicates may be saved."""

    batch: int = 1
    save_duplicates: bool = False


class Rule(Protocol):
    """Judges a row of its object as it would be after the write; `others` are all rows of that object."""

    @property
    def object(self) -> str:
        """Whose rows it judges."""

    def refuse(self, row: Row, others: Mapping[str, Row], manner: Manner) -> RowError | None:
        """Why not, or None."""


@dataclass(frozen=True, slots=True)
class Validation:
    """A validation rule: no row of `object` may have one of these values in `field`."""

    object: str
    field: str
    forbids: tuple[Any, ...]
    message: str = "This record may not be changed."

    def refuse(self, row: Row, _others: Mapping[str, Row], _manner: Manner) -> RowError | None:
        """Every write of such a row, whatever it changes."""
        if row.get(self.field) not in self.forbids:
            return None
        return RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", self.message)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """A duplicate rule: no two rows with the same `field`, letter case aside, unless the caller insists (SW07)."""

    object: str
    field: str
    message: str = "Use one of these records?"

    def refuse(self, row: Row, others: Mapping[str, Row], manner: Manner) -> RowError | None:
        """A row that has a twin; the twin that was there first is refused as well when it is written."""
        value = row.get(self.field)
        if manner.save_duplicates or not isinstance(value, str):
            return None
        twin = any(
            other["Id"] != row.get("Id")
            and not other.get("IsDeleted")
            and isinstance(other.get(self.field), str)
            and other[self.field].casefold() == value.casefold()
            for other in others.values()
        )
        return RowError("DUPLICATES_DETECTED", self.message) if twin else None


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger that is too slow for more than `rows` rows in one transaction (SW08): then none of them is saved."""

    object: str
    rows: int

    def refuse(self, _row: Row, _others: Mapping[str, Row], manner: Manner) -> RowError | None:
        """Every row of a batch that is too large."""
        if manner.batch <= self.rows:
            return None
        message = f"{self.object}Trigger: System.LimitException: Apex CPU time limit exceeded"
        return RowError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


@dataclass(frozen=True, slots=True)
class Flow:
    """A record-triggered flow: it runs after every write of a row, and lets all of them pass."""

    object: str
    label: str

    def refuse(self, _row: Row, _others: Mapping[str, Row], _manner: Manner) -> RowError | None:
        """Never."""
        return None


@dataclass(slots=True)
class Locks:
    """Rows held by somebody else (SW03): a share of them, chosen by seed, refuses the first `tries` writes each."""

    object: str
    share: float
    tries: int = 1
    seed: int = 1
    _tried: dict[str, int] = field(default_factory=dict)

    def refuse(self, row: Row, _others: Mapping[str, Row], _manner: Manner) -> RowError | None:
        """A locked row, until it was tried often enough."""
        row_id = row.get("Id")
        if row_id is None or not self._locked(row_id) or self._tried.get(row_id, 0) >= self.tries:
            return None
        self._tried[row_id] = self._tried.get(row_id, 0) + 1
        return RowError("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")

    def _locked(self, row_id: str) -> bool:
        drawn = hashlib.blake2b(f"{self.seed}:{row_id}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn) < self.share * 2**64
