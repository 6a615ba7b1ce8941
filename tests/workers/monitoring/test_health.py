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


def test_a_process_is_ready_when_its_report_is_empty_and_new(heartbeat: Path, capsys: pytest.CaptureFixture[str]):
    assert health.main(["ready"]) == 1
    assert capsys.readouterr().err == "it has not reported yet\n"

    health.report("worker", [])
    assert health.main(["ready"]) == 0

    health.report("beat", ["the broker does not answer: refused", "and \x1b[31m"])
    assert health.main(["ready"]) == 1
    assert capsys.readouterr().err == "the broker does not answer: refused\nand \\x1b[31m\n"

    health.report("beat", [])
    late = time.time() - health.OLD_SECONDS - 8
    os.utime(f"{heartbeat}.worker", (late, late))
    assert health.main(["ready"]) == 1
    assert capsys.readouterr().err.startswith("its main loop reported 20 s ago")


def test_reports_of_an_earlier_process_are_forgotten(heartbeat: Path):
    for kind in health.KINDS:
        health.report(kind, [])

    health.forget_reports()

    assert not list(heartbeat.parent.iterdir())


@pytest.mark.parametrize("content", ["", "{", "7", "null", "\x00" * 20])
def test_a_report_that_cannot_be_read_is_a_problem(heartbeat: Path, content: str):
    Path(f"{heartbeat}.worker").write_text(content)

    assert health.main(["ready"]) == 1


def test_a_link_in_the_place_of_a_report_is_replaced(heartbeat: Path, tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    Path(f"{heartbeat}.worker").symlink_to(victim)
    Path(f"{heartbeat}.worker.new").symlink_to(victim)

    health.report("worker", [])

    assert victim.read_text() == "precious"
    assert not Path(f"{heartbeat}.worker").is_symlink()
    assert health.main(["ready"]) == 0


def test_without_a_file_nothing_is_reported_and_nothing_is_ready(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(health.VARIABLE, raising=False)

    health.report("worker", [])
    health.forget_reports()

    assert health.main(["ready"]) == 1


def test_unknown_arguments_print_the_usage(capsys: pytest.CaptureFixture[str]):
    assert health.main([]) == 1
    assert "python -P -m workers.monitoring.health beating" in capsys.readouterr().err
