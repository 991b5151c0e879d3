"""A command as a person can type it: what is told here names one, and the caller knows which settings are in use."""

from collections.abc import Callable

Command = Callable[[str], str]  # "sync --full" -> "bonus-malus --settings … sync --full"


def plain(words: str) -> str:
    """With the settings that are found without being named."""
    return f"bonus-malus {words}"
