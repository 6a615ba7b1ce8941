"""Celery's log records: ticks and drains at debug, outages once, repeated failures once a minute, never a text."""

from __future__ import annotations

import logging
from typing import Any

import pymysql
import pytest
from structlog.testing import capture_logs

from domain.errors import Conflict, Corrupt
from domain.refusals import UnknownScript
from repos.database.driver_errors import DatabaseUnreachable, DuplicateKey
from repos.database.error_codes import CONFLICTS, UNREACHABLE
from workers.process import outages
from workers.process.celery_records import CeleryRecords, outage_problem
from workers.process.safe_errors import problem_of, trace_of
from workers.process.task_names import DRAIN, INTAKE, RECONCILE

MARKER = "a-marker-from-a-script"


@pytest.fixture(autouse=True)
def no_outage() -> None:
    outages.database.cache_clear()
    outages.broker.cache_clear()


def record(logger: str, message: str, *args: Any, error: BaseException | None = None, **data: Any) -> logging.LogRecord:
    exc_info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord(logger, logging.ERROR if error else logging.INFO, "", 0, message, args, exc_info)
    made.data = data
    return made


def succeeded(task: str) -> logging.LogRecord:
    return record("celery.app.trace", "", name=task, id="one", runtime=0.0123, return_value="None")


def failed(task: str, error: BaseException) -> logging.LogRecord:
    return record("celery.app.trace", "", error=error, name=task, id="one", exc=repr(error), description="failed")


@pytest.mark.parametrize("task", [DRAIN, RECONCILE])
def test_ticks_and_drains_are_logged_at_debug(task: str):
    assert CeleryRecords(logging.INFO).event(succeeded(task)) is None
    assert CeleryRecords(logging.DEBUG).event(succeeded(task)) is not None


def test_another_task_has_a_line():
    event = CeleryRecords(logging.INFO).event(succeeded(INTAKE))
    assert event == {"event": "task.done", "task": INTAKE, "id": "one", "ms": 12.3, "result": "None"}


def test_failures_by_an_outage_are_one_line():
    records = CeleryRecords(logging.INFO)
    error = DatabaseUnreachable('(2003, "Can\'t connect")')
    with capture_logs() as logged:
        assert [records.event(failed(RECONCILE, error)) for _ in range(50)] == [None] * 50
    assert [line["event"] for line in logged] == ["server.unreachable"]


def test_a_failure_that_repeats_is_logged_once_a_minute():
    now = [1_000.0]
    records = CeleryRecords(logging.INFO, lambda: now[0])
    lines = []
    for _ in range(120):
        lines.append(records.event(failed(RECONCILE, RuntimeError(MARKER))))
        now[0] += 1
    first, second = [line for line in lines if line is not None]
    assert isinstance(first["exc_info"], RuntimeError)
    assert "exc_info" not in second
    assert second["repeated"] == 59


@pytest.mark.parametrize(
    ("message", "args"),
    [
        ("consumer: Cannot connect to %s: %s.\n%s\n", ("redis://", OSError("refused"), "Trying again")),
        ("%s (%r)", ("Connection to broker lost. Trying to re-establish the connection...", OSError("reset"))),
    ],
)
def test_retries_of_a_broker_that_is_away_are_one_line(message: str, args: tuple[Any, ...]):
    records = CeleryRecords(logging.INFO)
    with capture_logs() as logged:
        for _ in range(20):
            assert records.event(record("celery.worker.consumer.consumer", message, *args)) is None
        records.event(record("celery.worker.consumer.connection", "Connected to %s", "redis://"))
    assert [line["event"] for line in logged] == ["server.unreachable", "server.reachable"]


@pytest.mark.parametrize(
    "error",
    [
        DuplicateKey(f"(1062, \"Duplicate entry '{MARKER}' for key\")"),
        pymysql.DataError(1406, f"Data too long: {MARKER}"),
        UnknownScript(script=MARKER),
        Corrupt(f"line {MARKER!r} is not in version 3"),
        ValueError(MARKER),
        KeyError(MARKER),
        UnicodeDecodeError("utf-8", MARKER.encode(), 0, 1, MARKER),
    ],
)
def test_an_error_quotes_no_text(error: Exception):
    outer = RuntimeError(MARKER)
    outer.__cause__ = error

    shown = trace_of(outer)

    assert MARKER not in shown
    assert MARKER not in problem_of(error)
    assert f"caused by {type(error).__name__}" in shown


def test_a_conflict_shows_what_is_wrong_with_the_server():
    assert problem_of(Conflict("(1205, 'Lock wait timeout exceeded')")).endswith("exceeded')")
    assert problem_of(pymysql.OperationalError(1045, "Access denied for 'ledger'")) == "OperationalError 1045"


@pytest.mark.parametrize("number", [2003, 2006, 2013, 1290, 1021, 1040])
def test_an_outage_is_recognized_through_the_errors_after_it(number: int):
    error = Conflict("lost")
    error.__cause__ = pymysql.OperationalError(number, "x")

    # With its meaning, and without the text of the server.
    assert outage_problem(error) == f"OperationalError {number}: {({**CONFLICTS, **UNREACHABLE})[number]}"


@pytest.mark.parametrize("number", [1205, 1213, 1062, 1406])
def test_a_busy_or_refusing_database_is_no_outage(number: int):
    assert outage_problem(pymysql.OperationalError(number, "x")) is None
