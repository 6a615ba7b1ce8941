"""`scriptledger serve`: bad settings are one sentence, it starts without its servers, and Ctrl-C ends it."""

from __future__ import annotations

import socket
from base64 import b64encode
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.cli.running import CommandLine, press_ctrl_c, sentence, wait_until

BROKER = {"SCRIPTLEDGER_BROKER_URL": "redis://127.0.0.1:1/0"}


@pytest.fixture
def operators(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "operators").write_text("anna:secret\n")
    return {"SCRIPTLEDGER_OPERATORS_FILE": str(tmp_path / "operators")}


def test_without_people_it_does_not_start(tmp_path: Path):
    ran = CommandLine(tmp_path / "home", warm=True)("serve", **BROKER)

    assert ran.status == 2
    assert sentence(ran).startswith("No one could sign in: name a file with a line name:password")


def test_without_a_broker_it_does_not_start(tmp_path: Path, operators: dict[str, str]):
    ran = CommandLine(tmp_path / "home", warm=True)("serve", **operators)

    assert ran.status == 4
    assert sentence(ran).startswith("No broker is configured")


@pytest.mark.parametrize("content", ["anna", "anna:\n", "anna:a\nanna:b\n"])
def test_an_unfit_file_is_named_and_not_quoted(tmp_path: Path, operators: dict[str, str], content: str):
    (tmp_path / "operators").write_text(content)

    ran = CommandLine(tmp_path / "home", warm=True)("serve", **BROKER, **operators)

    assert ran.status != 0
    assert sentence(ran).startswith("SCRIPTLEDGER_OPERATORS_FILE is not a file")
    assert "anna" not in ran.err


def test_a_port_that_is_taken_is_named(tmp_path: Path, operators: dict[str, str]):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = CommandLine(tmp_path / "home", warm=True)("serve", "--port", port, **BROKER, **operators)

    assert ran.status == 2
    assert sentence(ran).startswith(f"Port {port} of 127.0.0.1 is in use: choose another with --port.")


@pytest.mark.parametrize("host", ["", "192.0.2.1"])
def test_an_address_that_cannot_be_used_is_named(tmp_path: Path, operators: dict[str, str], host: str):
    ran = CommandLine(tmp_path / "home", warm=True)("serve", "--host", host, **BROKER, **operators)

    assert ran.status == 2
    assert sentence(ran).startswith(f"Nothing can listen on port 5556 of “{host}” here (")


@pytest.mark.slow
def test_it_says_that_its_servers_are_away_and_ends_cleanly(tmp_path: Path, operators: dict[str, str]):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    away = {**BROKER, "SCRIPTLEDGER_DATABASE_URL": "mysql://u:hidden@127.0.0.1:1/ledger"}
    process = CommandLine(tmp_path / "home").start("serve", "--port", port, **away, **operators)
    try:
        wait_until(lambda: get(port, "/alive")[0] == 204)
        pages = {path: get(port, path, "anna:secret") for path in ("/", "/waiting", "/dead-letters", "/backfill")}
        press_ctrl_c(process)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()

    assert {status for status, _ in pages.values()} == {503}
    assert "The database cannot be used" in pages["/"][1]
    assert "The broker cannot be used" in pages["/"][1]
    assert "The database does not answer as it should" in pages["/waiting"][1]
    assert "hidden" not in str(pages)
    assert process.returncode == 0
    assert "page.ready" in output
    assert "Traceback" not in output
    assert "hidden" not in output
    assert "secret" not in output


def get(port: int, path: str, words: str = "") -> tuple[int, str]:
    """The status and the text of a page; 0 if nothing listens."""
    header = {"Authorization": f"Basic {b64encode(words.encode()).decode()}"} if words else {}
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=header), timeout=20) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""
