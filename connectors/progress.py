"""Progress kept between runs: in memory, or in a file beside the settings."""

import json
import threading
from collections.abc import Mapping
from pathlib import Path

from connectors.replacing import replace_file


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


class FileProgress:
    """Progress in one JSON file, for one process; replaced whole at each put. A file that cannot be read is empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def get(self, key: str) -> str | None:
        """What was put under `key` last."""
        with self._lock:
            return self._read().get(key)

    def put(self, key: str, value: str | None) -> None:
        """Keep `value`; None forgets."""
        with self._lock:
            held = self._read()
            if value is None:
                held.pop(key, None)
            else:
                held[key] = value
            replace_file(self._path, json.dumps(held, indent=1, sort_keys=True))

    def _read(self) -> dict[str, str]:
        try:
            held = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return {str(key): str(value) for key, value in held.items()} if isinstance(held, dict) else {}
