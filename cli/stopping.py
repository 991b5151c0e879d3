"""SIGTERM, which service managers send: a wish to end in good order, not a blow."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def on_sigterm() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM has come since the block began; outside the main thread nobody is told, and it never has."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGTERM, before)
