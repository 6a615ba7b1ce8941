"""Reads the next page of a source in a thread, while the caller writes the one before."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def read_ahead(pages: Iterator[T]) -> Generator[T, None, None]:
    """The same pages; one more is held in memory. An error of the source is raised where its page would come."""
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as thread:
        following = thread.submit(next, pages, end)
        try:
            while (page := following.result()) is not end:
                following = thread.submit(next, pages, end)
                yield page  # type: ignore[misc]  # `end` is the only other value
                del page  # or it would stay while the next one is read
        finally:
            # What was read too far is dropped, and its connection closed, in the thread that has it.
            following.cancel()
            if (close := getattr(pages, "close", None)) is not None:
                thread.submit(close)
