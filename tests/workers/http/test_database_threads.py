"""Threads that wait for the database: many people are served, and none waits long for a database that hangs."""

from __future__ import annotations

import asyncio
import time
from threading import Event, Lock

import pytest

from workers.http import database_threads
from workers.http.access.request_limits import MAX_REQUESTS
from workers.http.database_threads import MAX_THREADS, MAX_WAITING, DatabaseThreads, TooBusy

PEOPLE = 150


def test_many_people_at_once_are_all_served_by_few_threads():
    running, most, lock = 0, 0, Lock()

    def view(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1
        return number

    async def visit() -> list[int]:
        threads = DatabaseThreads()
        return await asyncio.gather(*(threads.run(view, number) for number in range(PEOPLE)))

    assert asyncio.run(visit()) == list(range(PEOPLE))
    assert most <= MAX_THREADS
    assert PEOPLE < MAX_WAITING < MAX_REQUESTS


def test_with_a_database_that_hangs_others_are_refused_soon_and_served_afterwards(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database_threads, "MAX_WAIT_SECONDS", 0.05)
    hangs = Event()

    async def visit() -> None:
        threads = DatabaseThreads()
        stuck = [asyncio.create_task(threads.run(hangs.wait)) for _ in range(MAX_THREADS)]
        await asyncio.sleep(0.01)
        with pytest.raises(TooBusy):
            await threads.run(time.monotonic)
        hangs.set()
        assert await asyncio.gather(*stuck) == [True] * MAX_THREADS
        assert await threads.run(time.monotonic) > 0

    asyncio.run(visit())


def test_no_more_than_so_many_wait(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database_threads, "MAX_WAITING", 2)
    hangs = Event()

    async def visit() -> int:
        threads = DatabaseThreads()
        calls = [asyncio.create_task(threads.run(hangs.wait)) for _ in range(MAX_THREADS + 5)]
        await asyncio.sleep(0.05)
        hangs.set()
        found = await asyncio.gather(*calls, return_exceptions=True)
        return sum(isinstance(each, TooBusy) for each in found)

    assert asyncio.run(visit()) == 3
