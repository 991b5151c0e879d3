"""Progress of one process, for whoever keeps none beyond it; a sync keeps it in the ledger (`sync/progress.py`)."""

from collections.abc import Mapping


class MemoryProgress:
    """Progress of this process alone: what is under way is begun again after a restart."""

    def __init__(self, held: Mapping[str, str] | None = None) -> None:
        self._held = dict(held or {})

    def get(self, key: str) -> str | None:
        """What was put under `key` last."""
        return self._held.get(key)

    def put(self, key: str, value: str | None) -> None:
        """Keep `value`; None forgets."""
        if value is None:
            self._held.pop(key, None)
        else:
            self._held[key] = value
