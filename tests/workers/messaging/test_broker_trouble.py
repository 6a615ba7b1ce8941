"""Broker trouble tests: a refusal is logged once at its beginning and once at its end, without commands."""

from __future__ import annotations

import pytest
from redis import exceptions
from structlog.testing import capture_logs

from workers.messaging.broker_trouble import (
    MAX_LINES,
    MAX_PAUSE_SECONDS,
    QUIET_SECONDS,
    WINDOW_SECONDS,
    BoundedLog,
    BrokerTrouble,
    cause_of,
    code_of,
)


class Clock:
    """A clock set by the test, in seconds."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_trouble_is_logged_at_its_beginning_and_end(clock: Clock):
    trouble = BrokerTrouble(clock)

    with capture_logs() as logged:
        for _ in range(50):
            trouble.begins(exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."))
            trouble.ends()  # another command succeeded in the meantime
            clock.now += 1
        clock.now += QUIET_SECONDS
        trouble.ends()
        trouble.ends()

    assert [(line["event"], line["code"]) for line in logged] == [
        ("broker.refuses", "OutOfMemoryError"),
        ("broker.takes_commands", "OutOfMemoryError"),
    ]
    assert logged[1]["seconds"] == pytest.approx(50 + QUIET_SECONDS)


def test_another_error_code_logs_another_line(clock: Clock):
    trouble = BrokerTrouble(clock)

    with capture_logs() as logged:
        trouble.begins(exceptions.ReadOnlyError("You can't write against a read only replica."))
        trouble.begins(exceptions.ResponseError("NOREPLICAS Not enough good replicas to write."))
        trouble.begins(exceptions.ResponseError("NOREPLICAS Not enough good replicas to write."))
        trouble.begins(exceptions.ReadOnlyError("You can't write against a read only replica."))

    assert [line["code"] for line in logged] == ["ReadOnlyError", "NOREPLICAS"]


def test_pauses_grow_up_to_a_limit(clock: Clock):
    trouble = BrokerTrouble(clock)

    with capture_logs():
        pauses = [trouble.begins(exceptions.ResponseError("MISCONF")) for _ in range(10)]

    assert pauses == sorted(pauses)
    assert 0 < pauses[0] < pauses[-1] == MAX_PAUSE_SECONDS


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (exceptions.ResponseError("MISCONF Redis is configured to save RDB snapshots"), "MISCONF"),
        (exceptions.ResponseError("CLUSTERDOWN The cluster is down"), "CLUSTERDOWN"),
        (exceptions.ResponseError("MASTERDOWN Link with MASTER is down"), "MASTERDOWN"),
        (exceptions.ResponseError("unknown command 'X', with args beginning with: 'Rosa'"), "ResponseError"),
        (exceptions.ResponseError("NOBODYBUTADAMAYREADTHISATALL x"), "ResponseError"),
        (exceptions.NoPermissionError("this user has no permissions to run the 'brpop' command"), "NoPermissionError"),
        (exceptions.AuthenticationError("Authentication required."), "AuthenticationError"),
        (exceptions.BusyLoadingError("Redis is loading the dataset in memory"), "BusyLoadingError"),
    ],
)
def test_a_code_quotes_no_command(error: Exception, code: str):
    assert code_of(error) == code


def test_the_cause_is_the_first_error_of_the_chain():
    first = exceptions.ReadOnlyError("x")
    second = RuntimeError("y")
    second.__cause__ = first
    third = ValueError("z")
    third.__context__ = second

    assert cause_of(third) is first


def test_lines_beyond_the_limit_are_counted_instead_of_logged(clock: Clock):
    refusals = BoundedLog(clock)

    with capture_logs() as logged:
        for _ in range(MAX_LINES + 7):
            refusals.warning("message.refused", queue="commands")
        clock.now += WINDOW_SECONDS
        refusals.warning("message.refused", queue="commands")

    assert len(logged) == MAX_LINES + 2
    assert (logged[-2]["event"], logged[-2]["lines"]) == ("log.left_out", 7)
