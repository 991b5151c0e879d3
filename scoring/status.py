"""How much the numbers of a standing say."""

from enum import StrEnum


class Status(StrEnum):
    """How much the numbers say; where several hold, the first of them."""

    FROZEN = "frozen"
    ADJUSTED = "adjusted"
    CONTESTED = "contested"
    SHORT_HISTORY = "short history"
    ACTIVE = "active"
