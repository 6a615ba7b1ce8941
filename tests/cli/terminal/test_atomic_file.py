"""Atomic file writes: complete or not at all, never through a symbolic link, with unchanged permissions."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cli.terminal.atomic_file import new_file


def write(path: Path, data: bytes = b"INT. FERRY") -> None:
    with new_file(path) as out:
        out.write(data)


def test_a_link_is_replaced_and_its_target_stays(tmp_path: Path):
    (tmp_path / "precious").write_bytes(b"precious")
    for name, target in (("link", "precious"), ("dangling", "nowhere")):
        (tmp_path / name).symlink_to(tmp_path / target)
        write(tmp_path / name)
        assert not (tmp_path / name).is_symlink()
        assert (tmp_path / name).read_bytes() == b"INT. FERRY"
    assert (tmp_path / "precious").read_bytes() == b"precious"
    assert not (tmp_path / "nowhere").exists()


def test_a_link_to_a_device_is_replaced_too(tmp_path: Path):
    (tmp_path / "link").symlink_to("/dev/null")

    write(tmp_path / "link")

    assert (tmp_path / "link").read_bytes() == b"INT. FERRY"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_replaced_file_keeps_its_permissions(tmp_path: Path, mode: int):
    (tmp_path / "draft").touch()
    (tmp_path / "draft").chmod(mode)

    write(tmp_path / "draft")

    assert stat.S_IMODE((tmp_path / "draft").stat().st_mode) == mode


def test_a_new_file_has_the_default_permissions(tmp_path: Path):
    usual = os.umask(0o027)
    try:
        write(tmp_path / "draft")
    finally:
        os.umask(usual)

    assert stat.S_IMODE((tmp_path / "draft").stat().st_mode) == 0o640


def test_a_name_of_maximum_length_is_written(tmp_path: Path):
    write(tmp_path / ("x" * 255))

    assert [file.name for file in tmp_path.iterdir()] == ["x" * 255]


def test_a_failed_write_leaves_nothing(tmp_path: Path):
    with pytest.raises(TypeError), new_file(tmp_path / "draft") as out:
        out.write("no bytes")  # type: ignore[arg-type]

    assert list(tmp_path.iterdir()) == []


def test_a_terminal_gets_visible_text_and_a_pipe_the_bytes():
    data = "one\r\n\x1b]0;x\x07\u202etwo\n".encode()
    outside, inside = os.openpty()
    out, into = os.pipe()
    try:
        write(Path(os.ttyname(inside)), data)
        write(Path(f"/proc/self/fd/{into}"), data)
        assert os.read(outside, 1000) == b"one\r\n\\x1b]0;x\\x07\\u202etwo\r\n"
        assert os.read(out, 1000) == data
    finally:
        for handle in (outside, inside, out, into):
            os.close(handle)


def test_standard_output_keeps_what_was_written_before(tmp_path: Path):
    program = (
        "import pathlib, cli.terminal.atomic_file as files; print('before')\n"
        "with files.new_file(pathlib.Path('/dev/stdout')) as out: out.write(b'inside')"
    )
    with (tmp_path / "out").open("wb") as out:
        out.write(b"first ")
        out.flush()
        subprocess.run([sys.executable, "-c", program], stdout=out, check=True)
    assert (tmp_path / "out").read_bytes() == b"first before\ninside"
