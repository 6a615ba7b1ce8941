"""Pages that are read ahead: the same pages in the same order, each read at once or when it is requested."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from backfill.domains.flat.read_ahead import Requests, read_ahead, request_all

SECONDS = 10


class Pages:
    """Three pages, which report when they are read, and by which thread they are closed."""

    def __init__(self, *, error_after: int = 3) -> None:
        self.begun = [threading.Event() for _ in range(4)]
        self.closed_by = ""
        self._error_after = error_after

    def read(self) -> Iterator[int]:
        try:
            for number in range(3):
                self.begun[number].set()
                if number == self._error_after:
                    raise OSError("the source is gone")
                yield number
        finally:
            self.closed_by = threading.current_thread().name


def test_the_next_page_is_read_while_one_is_used():
    pages = Pages()

    ahead = read_ahead(pages.read())

    assert next(ahead) == 0
    assert pages.begun[1].wait(SECONDS)
    assert list(ahead) == [1, 2]


def test_a_page_is_read_when_it_is_requested():
    pages = Pages()
    requests: Requests = []
    ahead = read_ahead(pages.read(), requests)

    assert next(ahead) == 0
    assert not pages.begun[1].is_set()
    request_all(requests)
    request_all(requests)
    assert pages.begun[1].wait(SECONDS)
    assert not pages.begun[2].is_set()
    assert next(ahead) == 1


def test_a_page_that_nothing_requests_is_read_when_it_is_wanted():
    requests: Requests = []

    assert list(read_ahead(Pages().read(), requests)) == [0, 1, 2]
    assert requests == []


@pytest.mark.parametrize("requests", [None, []])
def test_an_error_is_raised_where_its_page_would_come(requests: Requests | None):
    ahead = read_ahead(Pages(error_after=2).read(), requests)

    assert [next(ahead), next(ahead)] == [0, 1]
    with pytest.raises(OSError, match="gone"):
        next(ahead)
    assert not requests


@pytest.mark.parametrize("requests", [None, []])
def test_pages_that_are_left_are_closed_by_the_thread_that_reads_them(requests: Requests | None):
    pages = Pages()
    ahead = read_ahead(pages.read(), requests)
    next(ahead)
    request_all(requests or [])

    ahead.close()

    assert pages.closed_by.startswith("read-ahead")
    assert not requests
