"""Output on a terminal has tables and colour; a pipe gets aligned columns."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from cli.terminal.exit_status import Exit
from tests.cli.running import COMMAND, SAMPLE, CommandLine

pytestmark = pytest.mark.slow

COLOUR = r"\x1b\[(\d+;)*([34]8;|[349][0-7]m)"


def on_a_terminal(cli: CommandLine, *args: object, **environ: str) -> str:
    """What a command prints on a terminal of 80 columns."""
    outside, inside = pty.openpty()
    settings = {"TERM": "xterm-256color", "COLUMNS": "80", **environ}
    process = subprocess.Popen(
        [*COMMAND, *map(str, args)],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env={**cli.environ, **settings},
        cwd=cli.home.parent,
    )
    os.close(inside)
    printed = b""
    while True:
        try:
            part = os.read(outside, 65536)
        except OSError:  # Linux raises this at the end of the output
            break
        if not part:
            break
        printed += part
    process.wait(60)
    os.close(outside)
    return printed.decode()


def test_colour_is_for_a_terminal(scriptledger: CommandLine, ferry: int):
    assert "\x1b[" in on_a_terminal(scriptledger, "show", ferry)
    assert "\x1b[" not in scriptledger("show", ferry).out


def test_no_color_is_respected(scriptledger: CommandLine, ferry: int):
    printed = on_a_terminal(scriptledger, "log", ferry, NO_COLOR="1")

    assert "script.create" in printed
    assert "\x1b[3" not in printed  # neither a colour nor a colour's end


@pytest.mark.parametrize("args", [["--help"], ["show", "--help"], ["show", "9999"], ["nope"]])
def test_no_color_is_respected_by_help_and_errors_too(scriptledger: CommandLine, args: list[str]):
    assert re.search(COLOUR, on_a_terminal(scriptledger, *args))

    assert not re.search(COLOUR, on_a_terminal(scriptledger, *args, NO_COLOR="1"))


def test_a_pipe_gets_neither_colour_nor_progress(scriptledger: CommandLine, ferry: int):
    for args in (["verify", ferry], ["rebuild", ferry], ["materialize", "run"], ["roundtrip", SAMPLE], ["--help"]):
        ran = scriptledger(*args)
        assert (ran.status, ran.err) == (0, ""), args
        assert "\x1b" not in ran.out
        assert "\r" not in ran.out


def test_json_on_a_terminal_is_indented(scriptledger: CommandLine):
    assert on_a_terminal(scriptledger, "scripts", "--json").startswith('{\r\n  "scripts": [')


def test_no_row_is_wider_than_the_terminal(scriptledger: CommandLine):
    script = scriptledger("import", SAMPLE, "--json").json["script_id"]

    for args in (("log", script), ("scripts",), ("show", script, "--scene", 12), ("kinds",), ("rejected",)):
        rows = on_a_terminal(scriptledger, *args, NO_COLOR="1", TERM="dumb").splitlines()
        assert max(map(len, rows)) <= 80, args


def test_a_reader_that_closes_the_pipe_is_not_an_error(scriptledger: CommandLine, tmp_path: Path):
    script = scriptledger("import", SAMPLE, "--json").json["script_id"]

    done = subprocess.run(
        ["bash", "-c", f"{' '.join(COMMAND)} show {script} | head -n 1"],
        capture_output=True,
        text=True,
        env=scriptledger.environ,
        cwd=tmp_path,
        check=True,
    )

    assert done.stdout == "Title: Tare Weight\n"
    assert done.stderr == ""

    unread = subprocess.Popen([*COMMAND, "show", str(script)], stdout=subprocess.PIPE, env=scriptledger.environ)
    assert unread.stdout
    unread.stdout.close()
    assert unread.wait() == Exit.UNREAD
