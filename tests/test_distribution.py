"""Long test files start first, and the last worker starts at the end of the list."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distribution import FILE_SECONDS

ROOT = Path(__file__).parents[1]
SLOW = "import pytest\npytestmark = pytest.mark.slow\n"
FILES = {
    "test_a_quick.py": "def test_quick() -> None: ...",
    "test_b_quick.py": "\n".join(f"def test_{number}() -> None: ..." for number in range(20)),
    "test_c_slow.py": SLOW + "def test_slow() -> None: ...",
    "test_d_slow.py": SLOW + "def test_1() -> None: ...\ndef test_2() -> None: ...",
}
CONFTEST = """
import pytest
from tests import distribution
def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(distribution)
    config.addinivalue_line("markers", "slow")
"""


@pytest.mark.parametrize("file", FILE_SECONDS)
def test_every_long_file_exists(file: str) -> None:
    assert (ROOT / file).is_file()


@pytest.mark.slow
def test_one_worker_starts_with_long_files_and_the_other_with_short_ones(tmp_path: Path) -> None:
    for name, text in (FILES | {"conftest.py": CONFTEST}).items():
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadfile", "-p", "no:cacheprovider"]
    ran = subprocess.run(
        [*command, "--rootdir", tmp_path, tmp_path], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    files: dict[str, list[str]] = {"gw0": [], "gw1": []}
    for worker, file in re.findall(r"^\[(gw\d)\].* PASSED .*?(\w+\.py)::", ran.stdout, re.MULTILINE):
        if file not in files[worker]:
            files[worker].append(file)
    assert sorted(files.values()) == [["test_a_quick.py", "test_b_quick.py"], ["test_d_slow.py", "test_c_slow.py"]]
