"""How far a connector came in work that outlives a run: in the ledger, beside the cursors and reset with them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection

from sync.ledger import progress

Begin = Callable[[], AbstractContextManager[Connection]]


class LedgerProgress:
    """`connectors.protocol.Progress` of one connection, once it is bound; before that, of this process alone.

    What is new (a remote job just made) and what ends are kept at once. A new place of what is known goes with the rows
    that follow it, in their transaction (`keep`): so it is never ahead of the rows, and a page costs one commit.
    """

    def __init__(self) -> None:
        self._held: dict[str, str] = {}
        self._moved: set[str] = set()
        self._begin: Begin | None = None
        self._connection = 0

    def bind(self, begin: Begin, connection: int) -> None:
        """From now on kept in the ledger, for this connection; `begin` opens one transaction."""
        self._begin, self._connection = begin, connection
        self._moved = set()
        with begin() as tx:
            self._held = progress.kept(tx, connection)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """For a read whose pages are not entered: it begins at the beginning, and nobody goes on with it."""
        kept = self._held, self._moved, self._begin
        self._held, self._moved, self._begin = {}, set(), None
        try:
            yield
        finally:
            self._held, self._moved, self._begin = kept

    def get(self, key: str) -> str | None:
        """What was put under `key` last, None for nothing."""
        return self._held.get(key)

    def put(self, key: str, value: str | None) -> None:
        """Keep `value` under `key`; None forgets. Never called inside of a transaction of this thread."""
        known = key in self._held
        if value is None:
            self._held.pop(key, None)
        else:
            self._held[key] = value
        if known and value is not None:
            self._moved.add(key)
        elif (known or value is not None) and self._begin is not None:
            self._moved.discard(key)
            with self._begin() as tx:
                progress.keep(tx, self._connection, key, value)

    def keep(self, tx: Connection) -> None:
        """Keep in this transaction what has moved since the last one."""
        for key in sorted(self._moved) if self._begin else ():
            progress.keep(tx, self._connection, key, self._held[key])
        self._moved.clear()
