"""Submissions that wait are cancelled from the command line: by id, script, run or age, with and without workers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from domain.submissions.submission import decode_submission, encode_submission
from repos.database.engine import make_engine
from repos.unit_of_work import UnitOfWork
from tests.cli.edits import creation, edit, submission
from tests.cli.running import CommandLine, sentence

pytestmark = pytest.mark.slow

_scripts = count(5_000_000)
AI = {"model": "m", "run_id": "run-1", "prompt": "Shorter."}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A home without workers: what is sent stays pending."""
    home = tmp_path_factory.mktemp("still") / "home"
    home.mkdir(mode=0o700)
    ledger = CommandLine(home, warm=True)
    assert ledger("db", "upgrade", "--database", f"sqlite:///{home / 'ledger.db'}").status == 0
    return ledger


@pytest.fixture
def unit_of_work(home: CommandLine) -> Iterator[UnitOfWork]:
    engine = make_engine(f"sqlite:///{home.home / 'ledger.db'}")
    yield UnitOfWork(engine)
    engine.dispose()


def put(unit_of_work: UnitOfWork, *sent: dict[str, Any], at: int = 1) -> None:
    with unit_of_work.records() as tx:
        for each in sent:
            found = decode_submission(json.dumps(each).encode())
            tx.inbox.put(found.script_id, found.submission_id, encode_submission(found), at)


def title(script: int, name: str, **more: Any) -> dict[str, Any]:
    return submission(script, name, {"kind": "script.set_metadata", "fields": {"title": name}}, **more)


def pending(unit_of_work: UnitOfWork, script: int) -> int:
    with unit_of_work.reading() as tx:
        return len(tx.inbox.arrivals(script))


def test_named_ones_are_cancelled_and_the_others_are_named(home: CommandLine, unit_of_work: UnitOfWork):
    script = next(_scripts)
    put(unit_of_work, title(script, f"a{script}"), title(script, f"b{script}"))

    ran = home("cancel", f"a{script}", f"c{script}", "--reason", "a mistake", "--json")
    assert ran.status == 1
    assert (ran.json["cancelled"], ran.json["gone"]) == (1, 1)
    answer = home("outcome", script, f"a{script}", "--json")
    assert (answer.status, answer.json["refusal"]["code"]) == (1, "cancelled")
    assert answer.json["refusal"]["message"].endswith("before it was applied: a mistake.")
    assert pending(unit_of_work, script) == 1

    again = home("cancel", f"a{script}", "--script", script)
    assert (again.status, again.out) == (
        1,
        f"Submission a{script} of script {script} was answered first (refused): it is not cancelled.\n",
    )


def test_an_id_of_several_scripts_needs_the_script(home: CommandLine, unit_of_work: UnitOfWork):
    first, second = next(_scripts), next(_scripts)
    put(unit_of_work, title(first, "same"), title(second, "same"))

    ran = home("cancel", "same", "--json")
    assert (ran.status, ran.json["error"]["code"]) == (1, "ambiguous")
    assert home("cancel", "same", "--script", second).status == 0
    assert (pending(unit_of_work, first), pending(unit_of_work, second)) == (1, 0)
    assert home("cancel", "same").status == 0


def test_a_script_a_run_or_an_age_is_cancelled_after_a_confirmation(home: CommandLine, unit_of_work: UnitOfWork):
    script, other = next(_scripts), next(_scripts)
    by_ai = [title(number, f"ai{number}", author="ai", cause=AI) for number in (script, other)]
    put(unit_of_work, *by_ai, title(script, "person"), at=1)

    refused = home("cancel", "--run", "run-1")
    assert refused.status == 2
    assert "Cancel 2 pending submissions of 2 scripts? Nothing was done: confirm with --yes." in refused.err
    assert home("cancel", "--run", "run-2").out == "Cancelled 0 pending submissions.\n"

    ran = home("cancel", "--run", "run-1", "--yes", "--json")
    assert (ran.status, ran.json) == (0, {"cancelled": 2, "answered": 0, "gone": 0, "submissions": []})
    assert (pending(unit_of_work, script), pending(unit_of_work, other)) == (1, 0)

    put(unit_of_work, title(script, "new"), at=1 << 52)
    assert home("cancel", "--script", script, "--older-than", "1h", "--yes", "--json").json["cancelled"] == 1
    assert pending(unit_of_work, script) == 1
    assert home("cancel", "--all", "--yes").status == 0
    assert pending(unit_of_work, script) == 0


def test_a_user_cancels_own_submissions_only(home: CommandLine, unit_of_work: UnitOfWork):
    script = next(_scripts)
    with unit_of_work.records() as tx:
        ann = tx.users.add(f"ann{script}@example.org", 1, name="Ann")
        found = decode_submission(json.dumps(title(script, "hers")).encode())
        tx.inbox.put(script, "hers", encode_submission(found), 1, user_id=ann)
    put(unit_of_work, title(script, "other"))

    ran = home("cancel", "--script", script, "--as", f"ann{script}@example.org", "--yes", "--json")
    assert ran.json["cancelled"] == 1
    assert "by Ann before" in home("outcome", script, "hers", "--json").json["refusal"]["message"]
    named = home("cancel", "other", "--script", script, "--as", f"ann{script}@example.org")
    assert (named.status, pending(unit_of_work, script)) == (1, 1)
    assert f"is not pending, or ann{script}@example.org did not send it." in named.out


def test_with_running_workers_the_answer_says_who_was_first(scriptledger: CommandLine, tmp_path: Path):
    script = next(_scripts)
    file = tmp_path / "many.jsonl"
    file.write_text(json.dumps(creation(script)) + "\n" + json.dumps(edit(script, "e", "d1", "Hello?")) + "\n")
    assert scriptledger("submit", "--many", file, "--json").status == 0
    assert "was answered first (applied)" in scriptledger("cancel", "e", "--script", script).out

    assert scriptledger("drains", "pause").status == 0
    try:
        assert scriptledger.submit(title(script, "t", base_version=2), "--no-wait").status == 0
        assert scriptledger("cancel", "t", "--script", script).status == 0
    finally:
        assert scriptledger("drains", "resume").status == 0
    replayed = scriptledger("rejected", "replay", "--all", "--script", script, "--code", "cancelled", "--yes", "--json")
    assert replayed.json["outcomes"] == {"applied": 1}


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("--script", "7", "--older-than", "", "--yes"),
        ("a", "--all"),
        ("a", "--run", "x"),
        ("--older-than", "soon"),
        ("--all", "--reason", "x" * 201),
    ],
)
def test_a_command_line_that_is_wrong_cancels_nothing(home: CommandLine, args: tuple[str, ...]):
    assert home("cancel", *args).status == 2


@pytest.mark.parametrize("args", [("\udcff",), ("--all", "--as", "\udcff", "--yes")])
def test_an_argument_that_is_not_utf_8_is_named_as_the_reason(home: CommandLine, args: tuple[str, ...]):
    ran = home("cancel", *args)
    assert (ran.status, sentence(ran)) == (2, "An argument is not UTF-8.")


def test_a_name_of_the_environment_that_is_not_utf_8_is_written_in_ascii(home: CommandLine, unit_of_work: UnitOfWork):
    script = next(_scripts)
    put(unit_of_work, title(script, "a"))

    assert home("cancel", "a", "--script", script, LOGNAME="\udcff").status == 0
    refusal = home("outcome", script, "a", "--json").json["refusal"]
    assert r"cancelled by \udcff before" in refusal["message"]


def test_a_row_that_names_no_script_is_left(home: CommandLine, unit_of_work: UnitOfWork):
    script = next(_scripts)
    put(unit_of_work, title(script, f"a{script}"))
    row = "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES ('x', 'odd', '{}', 1)"
    with closing(sqlite3.connect(home.home / "ledger.db")) as connection, connection:
        connection.execute(row)

    ran = home("cancel", "odd", f"a{script}", "--json")
    assert (ran.status, ran.json["cancelled"], ran.json["gone"]) == (1, 1, 1)
    with closing(sqlite3.connect(home.home / "ledger.db")) as connection, connection:
        assert connection.execute("DELETE FROM submission_inbox WHERE script_id = 'x'").rowcount == 1


def test_where_the_database_fails_what_was_cancelled_is_counted(home: CommandLine, unit_of_work: UnitOfWork):
    assert home("cancel", "--all", "--yes").status == 0
    first, second = next(_scripts), next(_scripts)
    put(unit_of_work, title(first, "a"), title(second, "a"))
    fails = (
        f"CREATE TRIGGER fails BEFORE DELETE ON submission_inbox WHEN old.script_id = {second} "
        "BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with closing(sqlite3.connect(home.home / "ledger.db")) as connection, connection:
        connection.execute(fails)

    ran = home("cancel", "--all", "--yes")
    with closing(sqlite3.connect(home.home / "ledger.db")) as connection, connection:
        connection.execute("DROP TRIGGER fails")
    assert ran.status == 4
    assert "Cancelled 1 submission. The same command continues." in ran.err
    assert home("cancel", "--all", "--yes").out == "Cancelled 1 pending submission.\n"
