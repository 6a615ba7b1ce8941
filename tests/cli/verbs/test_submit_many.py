"""A file of submissions is sent with real workers, whatever is in it, and however often it is interrupted."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import time
from collections.abc import Iterable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.cli.edits import creation, edit, submission
from tests.cli.running import CommandLine, Ran, press_ctrl_c, sentence, wait_until

pytestmark = pytest.mark.slow

_scripts = count(3_000_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "many.jsonl"


def write(file: Path, *lines: dict[str, Any] | str) -> None:
    file.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))


def labels(script_id: int, numbers: Iterable[int]) -> list[dict[str, Any]]:
    """Submissions that never wait for each other: each names the draft after the version it was sent for."""
    return [
        submission(script_id, f"n{number}", {"kind": "script.set_metadata", "fields": {"title": f"T{number}"}})
        for number in numbers
    ]


def rows(scriptledger: CommandLine, statement: str) -> list[Any]:
    with closing(sqlite3.connect(scriptledger.home / "ledger.db", timeout=30)) as database:
        return database.execute(statement).fetchall()


def many(scriptledger: CommandLine, file: Path, *args: object) -> Ran:
    return scriptledger("submit", "--many", file, "--json", *args)


def test_every_line_is_answered_and_the_bad_ones_are_named(scriptledger: CommandLine, file: Path):
    script = next(_scripts)
    stale = edit(script, "stale", "d1", "Other.")
    write(file, creation(script), "{", edit(script, "one", "d1", "Hello?"), "", "[1]", stale)

    ran = many(scriptledger, file)
    assert ran.status == 1
    document = ran.json
    assert document["outcomes"] == {"applied": 2, "invalid": 2, "refused": 1}
    assert document["codes"] == {"undecodable": 1, "wrong_type": 1, "stale_line": 1}
    assert sorted((problem["line"], problem["code"]) for problem in document["problems"]) == [
        (2, "undecodable"),
        (5, "wrong_type"),
        (6, "stale_line"),
    ]
    assert (document["lines"], document["stopped"]) == (5, False)
    assert "line 2: undecodable: " in ran.err

    again = many(scriptledger, file).json
    assert (again["answered_before"], again["outcomes"]) == (3, document["outcomes"])
    assert scriptledger("show", script, "--json").json["version"] == 2


def test_lines_without_an_id_from_standard_input_are_sent_once(scriptledger: CommandLine):
    script = next(_scripts)
    lines = [creation(script), *labels(script, range(3))]
    for line in lines:
        del line["submission_id"]
    given = "\n".join(map(json.dumps, lines))

    first = scriptledger("submit", "--many", "-", "--json", given=given)
    assert (first.status, first.json["outcomes"]) == (0, {"applied": 4})
    again = scriptledger("submit", "--many", "--json", given=given)
    assert (again.status, again.json["answered_before"]) == (0, 4)
    other = scriptledger("submit", "--many", "--batch", "other", "--json", given=given)
    assert other.json["answered_before"] == 0


def test_with_stop_on_error_it_stops_at_the_first_problem(scriptledger: CommandLine, file: Path):
    script = next(_scripts)
    write(file, creation(script), "{", *labels(script, range(3)))

    ran = many(scriptledger, file, "--stop-on-error")
    assert (ran.status, ran.json["stopped"]) == (1, True)
    assert ran.json["outcomes"] == {"applied": 1, "invalid": 1}


def test_with_stop_on_error_it_stops_at_an_id_of_other_content(scriptledger: CommandLine, file: Path):
    script = next(_scripts)
    write(file, creation(script), *labels(script, [1]))
    assert many(scriptledger, file).status == 0
    other = edit(script, "n1", "d1", "Hello?")
    write(file, other, *labels(script, range(2, 5)))

    # One line at a time.
    ran = scriptledger("submit", "--many", file, "--stop-on-error", "--rate", "10/s")
    assert ran.status == 1
    assert "line 1: same_id_other_content: " in ran.err
    assert "1 line in " in ran.out
    assert "not sent. Without --stop-on-error, the same command continues." in ran.out


def test_submissions_of_a_quarantined_script_do_not_hold_the_others_up(scriptledger: CommandLine, file: Path):
    bad, good = next(_scripts), next(_scripts)
    write(file, creation(bad), creation(good))
    assert many(scriptledger, file).status == 0
    with closing(sqlite3.connect(scriptledger.home / "ledger.db", timeout=30)) as database, database:
        database.execute("UPDATE script_heads SET health = 'quarantined' WHERE script_id = ?", (bad,))
    write(file, *labels(bad, range(3)), *labels(good, range(3)))

    began = time.monotonic()
    ran = many(scriptledger, file, "--timeout", 50)
    assert time.monotonic() - began < 30
    assert (ran.status, ran.json["outcomes"]) == (3, {"applied": 3, "pending": 3})
    assert "because their scripts are quarantined" in ran.err
    assert scriptledger("cancel", "--script", bad, "--yes", "--json").json["cancelled"] == 3  # not left to other tests


def test_without_waiting_everything_is_pending_and_answered_later(scriptledger: CommandLine, file: Path):
    script = next(_scripts)
    write(file, creation(script), *labels(script, range(20)))

    ran = many(scriptledger, file, "--no-wait")
    assert (ran.status, ran.json["outcomes"]) == (0, {"pending": 21})
    later = many(scriptledger, file)
    assert (later.status, later.json["outcomes"]) == (0, {"applied": 21})


def test_what_comes_slowly_from_a_pipe_is_answered_while_the_pipe_is_open(scriptledger: CommandLine):
    script = next(_scripts)
    sending = scriptledger.start("submit", "--many", "-", "--json", stdin=subprocess.PIPE)
    assert sending.stdin is not None
    for number, line in enumerate([creation(script), *labels(script, [1])], 1):
        print(json.dumps(line), end="\n\n", file=sending.stdin, flush=True)
        answered = f"SELECT 1 FROM submissions WHERE script_id = {script}"
        wait_until(lambda: len(rows(scriptledger, answered)) == number)  # noqa: B023 - called at once
    assert sending.poll() is None
    printed, _ = sending.communicate(timeout=30)

    assert json.loads(printed[printed.index("{") :])["outcomes"] == {"applied": 2}


def test_a_rate_is_kept(scriptledger: CommandLine, file: Path):
    script = next(_scripts)
    write(file, creation(script), *labels(script, range(30)))

    ran = many(scriptledger, file, "--rate", "20/s")
    assert ran.json["outcomes"] == {"applied": 31}
    assert ran.json["seconds"] > 29 / 20


def test_killed_and_interrupted_it_continues_and_repeats_nothing(scriptledger: CommandLine, file: Path):
    script = next(_scripts)
    write(file, creation(script), *labels(script, range(199)))

    def answered() -> int:
        return len(rows(scriptledger, f"SELECT 1 FROM submissions WHERE script_id = {script}"))

    killed = scriptledger.start("submit", "--many", file, "--rate", "100/s")
    wait_until(lambda: answered() > 0)
    killed.kill()
    killed.communicate()
    before = answered()
    interrupted = scriptledger.start("submit", "--many", file, "--rate", "100/s")
    wait_until(lambda: answered() > before)
    press_ctrl_c(interrupted)
    printed, _ = interrupted.communicate(timeout=30)
    assert interrupted.returncode == 130
    assert "Nothing is lost: the same command continues, and repeats nothing." in printed

    ran = many(scriptledger, file)
    assert (ran.status, ran.json["outcomes"]) == (0, {"applied": 200})
    assert 0 < ran.json["answered_before"] < 200
    assert scriptledger("show", script, "--json").json["version"] == 200
    counted = rows(scriptledger, f"SELECT count(*) FROM script_commands WHERE script_id = {script}")
    assert counted == [(200,)]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--many", "--rate", "fast"), "a rate is a number"),
        (("--many", "--rate", "0"), "a rate is a number"),
        (("--many", "--rate", "nan"), "a rate is a number"),
        (("--many", "--rate", "-5/s"), "a rate is a number"),
        (("--rate", "5"), "needs --many"),
        (("--stop-on-error",), "needs --many"),
    ],
)
def test_a_command_line_that_is_wrong_sends_nothing(
    scriptledger: CommandLine, file: Path, args: tuple[str, ...], words: str
):
    write(file, creation(next(_scripts)))
    ran = scriptledger("submit", file, *args)
    assert ran.status == 2
    assert words in ran.err.replace("\n", " ")


def test_a_file_that_is_not_there_is_named(scriptledger: CommandLine, file: Path):
    ran = scriptledger("submit", "--many", file)
    assert ran.status == 2
    assert sentence(ran).endswith("many.jsonl: No such file or directory.")
