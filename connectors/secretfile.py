"""Secrets that a vendor replaces, kept where only their owner reads them (SR34)."""

import json
import threading
from pathlib import Path

from connectors.errors import Fatal
from connectors.replacing import replace_file


class MemorySecrets:
    """Secrets of this process alone."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        """The secret of that name."""
        return self._held.get(name)

    def put(self, name: str, secret: str) -> None:
        """Keep `secret`."""
        self._held[name] = secret


class FileSecrets:
    """Secrets in one JSON file of mode 0600, replaced whole at each put."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def get(self, name: str) -> str | None:
        """The secret of that name. Raises `Fatal` when others may read the file, or when it is not ours."""
        with self._lock:
            return self._read().get(name)

    def put(self, name: str, secret: str) -> None:
        """Keep `secret`, on the disk when this returns."""
        with self._lock:
            replace_file(self._path, json.dumps({**self._read(), name: secret}, indent=1, sort_keys=True))

    def _read(self) -> dict[str, str]:
        try:
            mode = self._path.stat().st_mode
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        if mode & 0o077:
            raise Fatal(f"{self._path} holds secrets and others may read it: chmod 600 {self._path}")
        try:
            held = json.loads(text)
        except ValueError:
            raise Fatal(f"{self._path} is not what we wrote: move it away and give the secret anew") from None
        return {str(name): str(secret) for name, secret in held.items()}
