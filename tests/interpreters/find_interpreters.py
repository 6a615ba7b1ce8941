"""Which interpreters there are: of each version of Python the project supports, one that works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

LOWEST = (3, 11)
NEWEST_MINOR = 20
"""Names on PATH are tried up to here: there is no such version yet."""
PROBE_SECONDS = 20

_PROBE = """
import json, platform, sys, sysconfig
print(json.dumps([
    list(sys.version_info[:3]), sys.version_info.releaselevel, platform.python_implementation(),
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")), sys.executable,
]))
"""


class Interpreter(NamedTuple):
    """A Python that runs: its version, and the program."""

    version: tuple[int, int, int]
    program: str

    @property
    def name(self) -> str:
        """The version without its last part, which names the environment."""
        return f"{self.version[0]}.{self.version[1]}"


def find_interpreters(environ: Mapping[str, str], named: Sequence[str] = ()) -> list[Interpreter]:
    """One working interpreter of each version from 3.11 on, the lowest first.

    Of several with one version the first counts: those that were named, then those on PATH, then pyenv's. Only what is
    named may be a preview. What does not answer, as a shim of pyenv without a version, is passed over.

    Raises:
        LookupError: something was named that is no such interpreter.
    """
    found: dict[str, Interpreter] = {}
    for program in named:
        interpreter = probe(program, environ, preview=True)
        if interpreter is None:
            raise LookupError(f"{program} is no CPython from {LOWEST[0]}.{LOWEST[1]} on that runs")
        found.setdefault(interpreter.name, interpreter)
    for program in (*_on_path(environ), *_of_pyenv(environ)):
        interpreter = probe(program, environ)
        if interpreter is not None:
            found.setdefault(interpreter.name, interpreter)
    return sorted(found.values())


def probe(program: str, environ: Mapping[str, str], *, preview: bool = False) -> Interpreter | None:
    """What a program says it is; None where it does not run, or is not a CPython that the project supports."""
    try:
        done = subprocess.run(
            [program, "-I", "-c", _PROBE],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=PROBE_SECONDS,
        )
        version, level, implementation, without_lock, executable = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    supported = implementation == "CPython" and not without_lock and tuple(version[:2]) >= LOWEST
    if not supported or not (preview or level == "final"):
        return None
    # The program itself where one was named by a path: the shims of pyenv choose by the folder they are called in.
    return Interpreter((version[0], version[1], version[2]), executable or program)


def _on_path(environ: Mapping[str, str]) -> Iterator[str]:
    path = environ.get("PATH", os.defpath)
    for name in (*(f"python3.{minor}" for minor in range(LOWEST[1], NEWEST_MINOR + 1)), "python3", "python"):
        for folder in path.split(os.pathsep):
            program = shutil.which(name, path=folder)
            if program is not None:
                yield program


def _of_pyenv(environ: Mapping[str, str]) -> Iterator[str]:
    roots = [environ[name] for name in ("PYENV_ROOT",) if environ.get(name)]
    roots += [str(Path(environ["HOME"]) / ".pyenv")] if environ.get("HOME") else []
    for root in dict.fromkeys(roots):
        folders = Path(root, "versions").glob("3.*")
        for folder in sorted(folders, key=_numbers, reverse=True):
            program = folder / "bin" / "python"
            if program.is_file():
                yield str(program)


def _numbers(folder: Path) -> list[int]:
    """The version a folder is named for, to be compared: 3.11.10 comes after 3.11.9."""
    return [int(number) for number in re.findall(r"\d+", folder.name)]
