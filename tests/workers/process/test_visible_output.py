"""Visible output tests: workers and beat print and log no control characters and no forged lines."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog

from domain.visible_text import visible_lines
from tests.cli.running import ROOT
from workers.embedded.valkey import EmbeddedValkey
from workers.process.visible_logs import Records, configure_log, event_of
from workers.process.visible_output import VisibleStream, unguarded

HOSTILE = "EVIL\x1b]0;OWNED\x07\x1b[2J\x9b31m\x7f\u202e\u2028\nFORGED"


class Written(NamedTuple):
    logger: logging.Logger
    stream: io.StringIO

    def lines(self) -> list[str]:
        text = self.stream.getvalue()
        assert visible_lines(text) == text
        return text.splitlines()


def written(form: str) -> Written:
    logger, stream = logging.Logger("test"), io.StringIO()
    logger.addHandler(Records(stream, form, event_of))
    return Written(logger, stream)


def fail() -> None:
    secret = "hunter" + "2"  # a traceback with local variables would show it
    raise ValueError(HOSTILE if secret else secret)


def test_a_record_is_one_visible_line():
    log = written("text")
    log.logger.error("task %s failed: %r", HOSTILE, b"\x1b")

    [line] = log.lines()
    assert r"[error] task EVIL\x1b]0;OWNED\x07" in line
    assert r"\nFORGED failed: b'\x1b'" in line


def test_a_traceback_shows_places_and_no_message():
    log = written("text")
    try:
        fail()
    except ValueError:
        log.logger.exception("it failed")

    first, kind, *rest = log.lines()
    assert "it failed" in first
    assert kind == "  ValueError"
    assert any(line.endswith(" in fail") for line in rest)
    assert all(line.startswith("  ") for line in rest)
    assert "FORGED" not in "".join(rest)


def test_an_error_among_the_arguments_shows_no_message():
    log = written("text")
    log.logger.error("failed: %r", ValueError(HOSTILE))

    [line] = log.lines()
    assert "failed: 'ValueError'" in line


def test_json_is_one_object_a_line_in_ascii():
    log = written("json")
    try:
        fail()
    except ValueError:
        log.logger.exception("%s", HOSTILE)

    [line] = log.lines()
    assert line.isascii()
    event = json.loads(line)
    assert event["event"] == HOSTILE
    assert event["level"] == "error"
    assert event["timestamp"].endswith("Z")
    assert event["exception"].startswith("ValueError\n")


def test_an_event_is_one_visible_line():
    stream, before = io.StringIO(), structlog.get_config()
    try:
        configure_log(stream)
        structlog.get_logger().warning(HOSTILE, name=HOSTILE, **{HOSTILE: [HOSTILE]})
        try:
            fail()
        except ValueError:
            structlog.get_logger().exception("it failed")
    finally:
        structlog.configure(**before)

    text = stream.getvalue()
    assert visible_lines(text) == text
    assert "hunter2" not in text
    assert [line for line in text.splitlines() if line.startswith("FORGED")] == []
    assert len([line for line in text.splitlines() if not line.startswith("  ")]) == 2


def test_a_guarded_stream_cannot_be_bypassed():
    wrapped = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    guarded = VisibleStream(wrapped)

    print(HOSTILE, file=guarded)  # type: ignore[arg-type]
    guarded.writelines([HOSTILE])
    guarded.flush()

    assert visible_lines(written := wrapped.buffer.getvalue().decode()) == written  # type: ignore[attr-defined]
    assert not hasattr(guarded, "buffer")
    assert unguarded(guarded) is wrapped  # type: ignore[arg-type]
    assert unguarded(wrapped) is wrapped


@pytest.mark.slow
@pytest.mark.parametrize("program", ["worker", "beat"])
def test_the_log_of_a_celery_process_is_visible_text(tmp_path: Path, program: str):
    """Runs a module that logs and prints hostile text as soon as the process is ready, and then ends it."""
    (tmp_path / "hostile.py").write_text(
        f"""
import logging, os, signal, sys, threading, warnings
import structlog
from celery import signals

def speak(**_):
    for name in ("", "celery", "celery.task", "kombu", "other.library"):
        try:
            raise ValueError({HOSTILE!r})
        except ValueError:
            logging.getLogger(name).exception("%s %s", name, {HOSTILE!r})
    structlog.get_logger().warning({HOSTILE!r}, value={HOSTILE!r})
    print({HOSTILE!r}, flush=True)
    print({HOSTILE!r}, file=sys.stderr, flush=True)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()

signals.worker_ready.connect(speak, weak=False)
signals.beat_init.connect(lambda **_: threading.Timer(1, speak).start(), weak=False)
from workers.app import app
"""
    )
    options = ["--pool=solo", "--queues=upkeep"] if program == "worker" else []
    with EmbeddedValkey() as broker:
        done = subprocess.run(
            [sys.executable, "-m", "celery", "-A", "hostile", program, *options],
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": f"{tmp_path}:{ROOT}",
                "SCRIPTLEDGER_BROKER_URL": broker.broker_url,
                "SCRIPTLEDGER_HOME": str(tmp_path),
            },
            cwd=tmp_path,
            capture_output=True,
            timeout=60,
            check=False,
        )

    printed = (done.stdout + done.stderr).decode()
    assert printed.count("EVIL") >= 9
    assert visible_lines(printed) == printed


@pytest.mark.slow
@pytest.mark.parametrize("program", ["worker", "beat"])
def test_a_celery_process_with_a_bad_setting_exits_at_once(tmp_path: Path, program: str):
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "workers.app", program],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "SCRIPTLEDGER_BROKER_URL": "redis://:hun@ter2@h/0"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "scriptledger: SCRIPTLEDGER_BROKER_URL is not a broker URL" in done.stderr
    assert "ter2" not in done.stdout + done.stderr
