"""Work that is done ahead of whoever takes its results, on other cores, with little of it held at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

_THREADS = 2  # beside the one that reads; pyarrow lets them run side by side


@contextmanager
def hands() -> Iterator[ThreadPoolExecutor]:
    """Threads for `ahead`; work that nobody will take is not begun when they are left."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="typing")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def ahead(
    pool: ThreadPoolExecutor, work: Callable[[Given], Made], given: Iterable[Given]
) -> Iterator[tuple[Given, Made]]:
    """Each of *given* with what *work* makes of it, in their order; some that come after it are worked on meanwhile."""
    waiting: deque[tuple[Given, Future[Made]]] = deque()
    for one in given:
        waiting.append((one, pool.submit(work, one)))
        if len(waiting) > _THREADS:
            first, made = waiting.popleft()
            yield first, made.result()
    for first, made in waiting:
        yield first, made.result()
