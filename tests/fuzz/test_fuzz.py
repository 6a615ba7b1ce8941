"""A minute of fuzzing over all targets, with a printed seed; and tests that fuzzing finds planted defects."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import strategies as st

from domain.errors import Rejected
from domain.refusals import BadId
from tests.fuzz.fuzz_run import MAX_SEED
from tests.fuzz.fuzz_target import ACCEPTED, Feed, Target, check_refusal, code_of
from tests.fuzz.mutations import Mutation, mutate_value
from tests.fuzz.small_ledger import DATABASE_URL
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MINUTES = 1.0
SERVER_SECONDS = 5.0
# Environment variable with the seed; without it, each run has another.
SEED = "SCRIPTLEDGER_FUZZ_SEED"


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_an_entry_point(name: str) -> None:
    # Without --here, a process that starts this one imports every target too: 2 s of the processor.
    fuzz(name, MINUTES / len(TARGETS), "--here")


def test_no_row_breaks_the_inbox_on_a_server(mariadb_url: str) -> None:
    fuzz("inbox_row", SERVER_SECONDS / 60, **{DATABASE_URL: mariadb_url})


def fuzz(name: str, minutes: float, *options: str, **more: str) -> None:
    seed = int(os.environ.get(SEED) or secrets.randbelow(MAX_SEED))
    command = [sys.executable, "-m", "tests.fuzz.run", "--only", name, "--minutes", str(minutes), "--seed", str(seed)]
    command += options
    ran = subprocess.run(
        command, cwd=ROOT, env=os.environ | more, capture_output=True, text=True, timeout=240, check=False
    )
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    summary = ran.stdout.splitlines()[-1]
    assert f"seed {seed}: " in summary
    assert " 0 accepted" not in summary, "no input was valid: the code after decoding was never reached"
    assert " 0 refused" not in summary, "no input was invalid"


def crash(_: bytes) -> str:
    raise ZeroDivisionError


def hang(_: bytes) -> str:
    while True:
        pass


def swell(_: bytes) -> str:
    return str(len(bytearray(700 << 20)))


def escape(_: bytes) -> str:
    check_refusal(BadId.code, "\x1b[2J")
    return BadId.code


def undocumented(_: bytes) -> str:
    class NotDocumented(Rejected):
        """This code is not documented."""

    return code_of(NotDocumented())


# What a target does with every input, and the expected report.
FINDINGS: dict[str, tuple[Callable[[bytes], str], str]] = {
    "crash": (crash, "ZeroDivisionError"),
    "hang": (hang, "more than 2.0 s of the processor"),
    "memory": (swell, "MemoryError"),
    "raw": (escape, "U+001B is not escaped"),
    "code": (undocumented, "'not_documented' is not in docs/reference/refusals.md"),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_a_planted_defect_is_found(name: str, tmp_path: Path) -> None:
    ran = ended(start(f"broken('{name}')", tmp_path))

    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert FINDINGS[name][1] in ran.stdout
    assert f"reproduce it with: make fuzz ONLY={name} SEED=7" in ran.stdout
    assert (tmp_path / "in_hand" / name).exists()


def test_a_seed_makes_the_same_inputs(tmp_path: Path) -> None:
    files = tmp_path / "one.txt", tmp_path / "two.txt"
    for ran in map(ended, [start(f"recording('{file}')", tmp_path / file.stem) for file in files]):
        assert ran.returncode == 0, ran.stdout + ran.stderr

    first, second = (file.read_text().splitlines() for file in files)
    both = min(len(first), len(second))
    assert both > 10
    assert len(set(first)) > both // 4
    assert first[:both] == second[:both]


def start(target: str, folder: Path) -> subprocess.Popen[str]:
    """Fuzz a target of this file in its own process, for one round of inputs."""
    code = (
        "import sys; from pathlib import Path; from tests.fuzz.fuzz_run import fuzz;"
        "from tests.fuzz.run import described; from tests.fuzz.test_fuzz import broken, recording;"
        f"report = fuzz({target}, 2.0, 7, Path(sys.argv[1]));"
        "print(described(report)); sys.exit(report.finding is not None)"
    )
    command = [sys.executable, "-c", code, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    with process:
        try:
            printed, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, printed, errors)


def broken(name: str) -> Target:
    return Target(name, st.binary(max_size=4), _always(FINDINGS[name][0]))


def recording(file: str) -> Target:
    """A target that records its inputs."""

    def feed(data: bytes) -> str:
        with Path(file).open("a", encoding="ascii") as written:
            written.write(data.hex() + "\n")
        return ACCEPTED

    return Target("recording", st.binary(max_size=4), _always(feed))


def _always(feed: Feed) -> Callable[[Path], AbstractContextManager[Feed]]:
    @contextmanager
    def opened(_folder: Path) -> Iterator[Feed]:
        yield feed

    return opened


def test_a_value_is_never_put_into_itself() -> None:
    value: list[object] = [[]]

    assert mutate_value(0, [Mutation("replace", 0, value), Mutation("replace", 1, value)]) == [[[]]]
    assert value == [[]]
