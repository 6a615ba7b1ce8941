"""Sizes of the source: no file has more than 300 lines, no folder of source files more than 14."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.test_layers import PACKAGES, ROOT

MAX_LINES = 300
MAX_FILES = 14
SUFFIXES = {".py", ".mjs", ".sh", ".css"}
# Every migration is a file of its own, and stays.
UNBOUNDED_FOLDERS = {"repos/migrations/versions"}


def sources(root: Path) -> list[Path]:
    """The source and test files, relative to the root."""
    folders = [root / name for name in (*PACKAGES, "tests", "examples")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file()]
    return sorted(path.relative_to(root) for path in files if not {"node_modules", "__pycache__"} & {*path.parts})


def long_files(root: Path) -> list[str]:
    """The files with too many lines."""
    return [str(file) for file in sources(root) if len((root / file).read_bytes().splitlines()) > MAX_LINES]


def full_folders(root: Path) -> list[str]:
    """The folders of the packages with too many modules; `__init__.py` does not count."""
    modules = [file for file in sources(root) if file.parts[0] in PACKAGES and file.suffix == ".py"]
    counts = Counter(str(file.parent) for file in modules if file.name != "__init__.py")
    return sorted(name for name, count in counts.items() if count > MAX_FILES and name not in UNBOUNDED_FOLDERS)


def test_no_file_is_too_long():
    assert long_files(ROOT) == []


def test_no_folder_is_too_full():
    assert full_folders(ROOT) == []


def test_a_long_file_and_a_full_folder_are_reported(tmp_path: Path):
    for folder in ("tests", "domain/script", "repos/migrations/versions"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tests" / "test_long.py").write_text("x = 1\n" * (MAX_LINES + 1))
    (tmp_path / "tests" / "test_longest_allowed.py").write_text("x = 1\n" * MAX_LINES)
    for number in range(MAX_FILES + 1):
        (tmp_path / "domain" / "script" / f"part_{number}.py").touch()
        (tmp_path / "repos" / "migrations" / "versions" / f"{number:04}_change.py").touch()

    assert long_files(tmp_path) == ["tests/test_long.py"]
    assert full_folders(tmp_path) == ["domain/script"]

    (tmp_path / "domain" / "script" / "part_0.py").rename(tmp_path / "domain" / "script" / "__init__.py")
    assert full_folders(tmp_path) == []
