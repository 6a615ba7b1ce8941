"""Health check tests: the message and the exit status."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from workers.monitoring import health


@pytest.fixture
def heartbeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(health.VARIABLE, str(tmp_path / "heartbeat"))
    return tmp_path / "heartbeat"


@pytest.fixture
def address() -> Iterator[str]:
    """A server that responds with the status in its path."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(int(self.path[1:]))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def test_a_recent_heartbeat_is_healthy(heartbeat: Path, capsys: pytest.CaptureFixture[str]):
    assert health.main(["beating"]) == 1
    assert capsys.readouterr().err == "no heartbeat yet: No such file or directory\n"

    health.beat()
    assert health.main(["beating"]) == 0

    late = time.time() - health.LATE_SECONDS - 3
    os.utime(heartbeat, (late, late))
    assert health.main(["beating"]) == 1
    assert capsys.readouterr().err == "the last heartbeat was 123 s ago\n"


def test_without_a_file_there_is_no_heartbeat(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.delenv(health.VARIABLE, raising=False)

    health.beat()

    assert health.main(["beating"]) == 1
    assert capsys.readouterr().err == f"{health.VARIABLE} names no file\n"


def test_a_heartbeat_that_cannot_be_written_is_ignored(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(health.VARIABLE, "/nowhere/heartbeat")

    health.beat()

    assert health.main(["beating"]) == 1


@pytest.mark.parametrize(("status", "well"), [(200, True), (401, True), (500, False), (503, False)])
def test_a_server_that_responds_is_healthy_even_with_401(address: str, status: int, well: bool):
    assert (health.main(["answering", f"{address}/{status}"]) == 0) is well


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "file:///etc/hostname", ""])
def test_a_server_that_does_not_respond_is_unhealthy(url: str, capsys: pytest.CaptureFixture[str]):
    assert health.main(["answering", url]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_unknown_arguments_print_the_usage(capsys: pytest.CaptureFixture[str]):
    assert health.main([]) == 1
    assert "python -m workers.monitoring.health beating" in capsys.readouterr().err
