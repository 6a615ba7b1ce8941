"""The image stays within 250 MB: what its lock file installs, as the Dockerfile leaves it, is measured here."""

from __future__ import annotations

import struct
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from tests.cli.running import ROOT
from tests.compose.test_file import locked

# Of the 250 MB of the image: its base takes about 105 MB without pip, and the byte code of the standard library 6 MB.
MAX_BYTES = 135_000_000
OURS = ("domain", "repos", "materialization", "backfill", "gates", "workers", "cli")
NEEDED = {"celery", "cryptography", "openai", "sqlalchemy", "sqlglot"}
LOADABLE = 1

# Imports what the build of the image imports, without the parsers that the image does not have.
BYTE_CODE = """
import runpy, sys
from importlib.util import cache_from_source
from pathlib import Path
sys.modules.update(dict.fromkeys(("ast_grep_py", "yaml")))
sys.dont_write_bytecode = False
runpy.run_path(".ci/import_all.py")["import_all"]()
sources = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values()) if module}
ours = [name for name in sources if name.endswith(".py") and not name.startswith(sys.base_prefix)]
sizes = [each.stat().st_size for each in map(Path, map(cache_from_source, ours)) if each.exists()]
print(len(sizes), sum(sizes))
"""


def stripped_bytes(library: Path) -> int:
    """The size of a library without symbols: what its headers say is loaded."""
    data = library.read_bytes()
    assert data[:5] == b"\x7fELF\x02", library
    (offset,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    headers = [struct.unpack_from("<IIQQQQ", data, offset + at * size) for at in range(count)]
    return max(start + length for kind, _, start, _, _, length in headers if kind == LOADABLE)


def installed_bytes(package: Distribution) -> int:
    """What a package takes in the image, without byte code."""
    files = [Path(str(file.locate())) for file in package.files or () if file.suffix != ".pyc"]
    present = [file for file in files if file.is_file()]
    return sum(stripped_bytes(file) if file.suffix == ".so" else file.stat().st_size for file in present)


def packages() -> dict[str, int]:
    """The packages of the image that this system has, with their sizes; others are for other systems."""
    found = {}
    for name in locked("requirements-image.lock"):
        try:
            found[name] = installed_bytes(distribution(name))
        except PackageNotFoundError:
            continue
    return found


def test_the_image_stays_within_its_limit():
    installed = packages()
    own = sum(file.stat().st_size for name in OURS for file in (ROOT / name).rglob("*") if file.suffix != ".pyc")
    ran = subprocess.run(
        [sys.executable, "-c", BYTE_CODE], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    modules, byte_code = map(int, ran.stdout.split())

    assert installed.keys() >= NEEDED
    assert modules > 2_000
    largest = sorted(installed.items(), key=lambda each: -each[1])[:10]
    total = sum(installed.values()) + own + byte_code
    assert total < MAX_BYTES, (total, own, byte_code, largest)


def test_what_reads_source_code_is_not_in_the_image():
    assert not {"ast-grep-py", "pyyaml"} & locked("requirements-image.lock").keys()
