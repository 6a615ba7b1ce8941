"""`gates inventory` and `gates check` that cannot go on: by Ctrl-C, and without the parsers of the extra `gates`."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.running import CommandLine, press_ctrl_c, sentence

POLICY = 'format = 1\n[allowed]\nwrites = ["repos"]\n'
BASELINE = '{"format": 1, "findings": []}\n'
# Seconds of reading, of which the first few hundredths are used.
LINES = 'await db.query("UPDATE scripts SET a = 1");\n' * 400
# Ends at the first import of a parser, as where the extra is not installed.
WITHOUT_PARSERS = (
    "import sys\n"
    "for name in ('ast_grep_py', 'sqlglot', 'yaml'): sys.modules[name] = None\n"
    "sys.argv[0] = 'scriptledger'\n"
    "from cli.main import main; main()"
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An application of many files, with a policy and a baseline."""
    root = tmp_path / "application"
    (root / "repos").mkdir(parents=True)
    for number in range(300):
        (root / "repos" / f"part{number}.js").write_text(LINES)
    (root / "gates.toml").write_text(POLICY)
    (root / "known.json").write_text(BASELINE)
    return root


@pytest.mark.slow
@pytest.mark.parametrize(
    "args",
    [
        ("inventory", ".", "--html", "a.html", "--markdown", "a.md", "--sarif", "a.sarif", "--json"),
        ("check", ".", "--baseline", "known.json", "--update-baseline", "--sarif", "a.sarif", "--json"),
    ],
    ids=["inventory", "check"],
)
def test_ctrl_c_leaves_no_report_and_the_old_baseline(home: Path, tree: Path, args: tuple[str, ...]):
    before = sorted(tree.iterdir())
    outside, inside = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "gates", *args],
        stdout=subprocess.PIPE,
        stderr=inside,
        env=CommandLine(home).environ,
        cwd=tree,
        process_group=0,
    ) as process:
        os.close(inside)
        shown = b""
        while b"Reading repos/" not in shown:
            shown += os.read(outside, 1_000)
        press_ctrl_c(process)
        with suppress(OSError):  # Linux raises this at the end of the output
            while part := os.read(outside, 1_000):
                shown += part
        printed, _ = process.communicate(timeout=30)
    os.close(outside)

    assert (process.returncode, printed) == (130, b"")
    assert sorted(tree.iterdir()) == before
    assert (tree / "known.json").read_text() == BASELINE
    assert b"Traceback" not in shown


@pytest.mark.parametrize("verb", ["inventory", "check"])
def test_without_the_extra_one_sentence_says_what_to_install(home: Path, verb: str):
    ran = CommandLine(home, program=[sys.executable, "-c", WITHOUT_PARSERS])(
        "gates", verb, ".", "--html", "a", "--json"
    )
    assert (ran.status, ran.json["error"]["code"]) == (2, "extra_missing")
    assert (
        sentence(ran) == f"`gates {verb}` reads source code; where the code is, run pip install 'scriptledger[gates]'."
    )


def test_without_the_extra_the_accounts_are_still_compared(home: Path):
    ran = CommandLine(home, program=[sys.executable, "-c", WITHOUT_PARSERS])("gates", "status")
    assert ran.status == 1
    assert "An SQLite file has no accounts" in sentence(ran)
