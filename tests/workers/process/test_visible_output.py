"""Visible output tests: workers and beat print and log no control characters and no forged lines."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from domain.visible_text import visible_lines
from tests.cli.running import ROOT
from workers.embedded.valkey import EmbeddedValkey
from workers.process.visible_logs import Visible, configure_log, make_visible
from workers.process.visible_output import VisibleStream, unguarded

HOSTILE = "EVIL\x1b]0;OWNED\x07\x1b[2J\x9b31m\x7f\u202e\u2028\nFORGED"


@pytest.fixture
def logger() -> logging.Logger:
    logger = logging.Logger("test")
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    logger.handlers[0].setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    make_visible(logger.handlers)
    return logger


def fail() -> None:
    secret = "hunter" + "2"  # a traceback with local variables would show it
    raise ValueError(HOSTILE if secret else secret)


def logged(logger: logging.Logger) -> list[str]:
    handler = logger.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    text: str = handler.stream.getvalue()
    assert visible_lines(text) == text
    return text.splitlines()


def test_a_record_is_one_visible_line(logger: logging.Logger):
    logger.error("task %s failed: %r", HOSTILE, b"\x1b")

    [line] = logged(logger)
    assert line.startswith(r"ERROR task EVIL\x1b]0;OWNED\x07")
    assert line.endswith(r"\nFORGED failed: b'\x1b'")


def test_no_line_of_a_traceback_looks_like_a_record(logger: logging.Logger):
    try:
        fail()
    except ValueError:
        logger.exception("it failed")

    first, *rest = logged(logger)
    assert first == "ERROR it failed"
    assert any("FORGED" in line for line in rest)
    assert all(line.startswith("  ") for line in rest)


def test_handlers_are_made_visible_once(logger: logging.Logger):
    formatter = logger.handlers[0].formatter
    make_visible(logger.handlers)

    assert logger.handlers[0].formatter is formatter
    assert isinstance(formatter, Visible)


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
    assert printed.count("EVIL") > 10
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
