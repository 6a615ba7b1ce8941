"""Reads the next page of a source in a thread, while the caller writes the one before.

Only one thread runs Python at a time. A caller that prepares a page, and then waits for its database, is held up by a
thread that reads in the meantime, and the time of its wait is lost. It requests the next page right before it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# Calls that begin to read the next page of each table.
Requests = list[Callable[[], object]]


def request_all(requests: Requests) -> None:
    """Begin to read the next page of each table."""
    for request in requests:
        request()


def read_ahead(pages: Iterator[T], requests: Requests | None = None) -> Generator[T, None, None]:
    """The same pages; one more is held in memory. An error of the source is raised where its page would come.

    The next page is read at once; with `requests`, to which a call is added, when that is called.
    """
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as thread:
        requested: list[Future[object]] = []

        def request() -> None:
            if not requested:
                requested.append(thread.submit(next, pages, end))

        if requests is not None:
            requests.append(request)
        try:
            while True:
                request()
                page = requested[0].result()
                requested.clear()
                if page is end:
                    return
                if requests is None:
                    request()
                yield page  # type: ignore[misc]  # `end` is the only other value
                del page  # or it would stay while the next one is read
        finally:
            if requests is not None:
                requests.remove(request)
            # What was read too far is dropped, and its connection closed, in the thread that has it.
            for following in requested:
                following.cancel()
            if (close := getattr(pages, "close", None)) is not None:
                thread.submit(close)
