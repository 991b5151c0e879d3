"""Calls abreast: several at once where none waits for another, and their results in the order they were asked."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def abreast(work: Callable[[A], B], items: Iterable[A], *, most: int) -> Iterator[B]:
    """What `work` makes of each item, in the order of the items, with up to `most` of them under way at once.

    Items are taken by the caller's thread, and only as places become free. When `work` or the caller ends it with an
    error, nothing new begins, and what is under way is waited for.
    """
    if most == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(most, thread_name_prefix="call") as pool:
        flying: deque[Future[B]] = deque()
        try:
            for item in items:
                flying.append(pool.submit(work, item))
                if len(flying) == most:
                    yield flying.popleft().result()
            while flying:
                yield flying.popleft().result()
        finally:
            for one in flying:
                one.cancel()
