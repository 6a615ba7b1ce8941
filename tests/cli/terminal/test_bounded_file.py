"""Bounded file reads: an endless or too large file is refused before it fills the memory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from cli.terminal.bounded_file import read_bounded
from domain.formats.refusals import FileTooLarge
from materialization.history_files.regular_file import NotARegularFile
from tests.cli.running import COMMAND, CommandLine

LIMIT = 1_000


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A pipe without a writer."""
    path = tmp_path / "pipe.fountain"
    os.mkfifo(path)
    return path


def test_a_file_is_read_up_to_its_limit_and_not_beyond(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * LIMIT)
    assert read_bounded(file, LIMIT, FileTooLarge) == b"x" * LIMIT

    with file.open("ab") as more:
        more.truncate(1 << 40)  # as large as a disk, and empty
    with pytest.raises(FileTooLarge, match=f"{1 << 40} bytes, more than the {LIMIT}"):
        read_bounded(file, LIMIT, FileTooLarge)


def test_an_endless_file_is_refused_at_once(pipe: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/zero")

    for path, what in ((pipe, "pipe"), (Path("/dev/zero"), "device"), (link, "device")):
        with pytest.raises(NotARegularFile, match=rf"{path} is a {what}, not a regular file"):
            read_bounded(path, LIMIT, FileTooLarge)
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path, LIMIT, FileTooLarge)


def test_a_pipe_that_a_shell_opened_is_read_up_to_the_limit() -> None:
    for size, refused in ((LIMIT, False), (LIMIT + 1, True)):
        read, write = os.pipe()
        os.write(write, b"x" * size)
        os.close(write)
        path = Path(f"/dev/fd/{read}")
        if refused:
            with pytest.raises(FileTooLarge):
                read_bounded(path, LIMIT, FileTooLarge)
        else:
            assert read_bounded(path, LIMIT, FileTooLarge) == b"x" * LIMIT
        os.close(read)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["submit", "import", "roundtrip", "history"])
def test_no_verb_reads_a_pipe_or_a_device(tmp_path: Path, pipe: Path, verb: str) -> None:
    scriptledger = CommandLine(tmp_path / "home", warm=True)
    words = ("history", "import") if verb == "history" else (verb,)
    suffix = ("--format", "fountain") if verb in ("import", "roundtrip") else ()

    for file in (pipe, Path("/dev/zero")):
        ran = scriptledger(*words, file, *suffix, timeout=30)
        assert ran.status == 1
        assert "not a regular file, and may have no end" in ran.out + ran.err


@pytest.mark.slow
def test_standard_input_without_an_end_is_too_large(tmp_path: Path) -> None:
    scriptledger = CommandLine(tmp_path / "home")
    with Path("/dev/zero").open("rb") as endless:
        ran = subprocess.run(
            [*COMMAND, "submit", "-", "--json"],
            stdin=endless, capture_output=True, env=scriptledger.environ, timeout=60, check=False,
        )  # fmt: skip

    assert ran.returncode == 1
    assert b"submission_too_large" in ran.stdout + ran.stderr
