"""A failure prints one sentence, never a traceback, and has its exit status."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.edits import creation_as_json
from tests.cli.running import COMMAND, SAMPLE, CommandLine, sentence
from workers.embedded.valkey import EmbeddedValkey

pytestmark = pytest.mark.slow

# Nothing listens at this address.
UNUSED_ADDRESS = "127.0.0.1:1"


@pytest.fixture
def warm(home: Path) -> CommandLine:
    """A command line in an empty home."""
    return CommandLine(home, warm=True)


@pytest.fixture
def migrated(warm: CommandLine) -> CommandLine:
    """A command line in a home with an empty ledger."""
    assert warm("db", "upgrade").status == 0
    return warm


@pytest.mark.parametrize("args", [["show", 9], ["log", 9], ["diff", 9, 1, 2], ["export", 9], ["verify", 9]])
def test_an_unknown_script(migrated: CommandLine, args: list[object]):
    ran = migrated(*args)

    assert (ran.status, ran.out) == (1, "")
    assert sentence(ran) == "There is no script 9; `scriptledger scripts` lists the scripts."


@pytest.mark.parametrize("args", [["show", "--version", 5], ["export", "--version", 5], ["diff", 1, 5]])
def test_an_unknown_version(scriptledger: CommandLine, ferry: int, args: list[object]):
    ran = scriptledger(args[0], ferry, *args[1:])

    assert ran.status == 1
    assert sentence(ran) == "The script has no version 5; its head is 1."


def test_reading_an_empty_home_creates_no_ledger(warm: CommandLine):
    ran = warm("scripts")

    assert ran.status == 4
    assert "`scriptledger import FILE.fountain` creates one" in sentence(ran)
    assert not warm.home.exists()


def test_a_database_that_is_not_migrated(warm: CommandLine, tmp_path: Path):
    (tmp_path / "old.db").touch()

    ran = warm("scripts", SCRIPTLEDGER_DATABASE_URL=f"sqlite:///{tmp_path}/old.db")

    assert ran.status == 4
    assert sentence(ran).endswith("run `scriptledger db upgrade`.")
    assert warm("db", "current", SCRIPTLEDGER_DATABASE_URL=f"sqlite:///{tmp_path}/old.db").status == 4


def test_a_database_that_a_newer_program_migrated(migrated: CommandLine):
    with closing(sqlite3.connect(migrated.home / "ledger.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    for ran in (migrated("scripts"), migrated("db", "upgrade"), migrated("import", SAMPLE)):
        assert ran.status == 4
        assert sentence(ran).endswith("install a newer scriptledger.")


@pytest.mark.parametrize("args", [["scripts"], ["db", "upgrade"], ["db", "current"], ["submit"]])
def test_a_database_that_does_not_answer(warm: CommandLine, args: list[str]):
    url = f"mysql://root:secret@{UNUSED_ADDRESS}/ledger"

    ran = warm(*args, given=creation_as_json(7), SCRIPTLEDGER_DATABASE_URL=url)

    assert ran.status == 4
    assert sentence(ran).startswith(f"The database mysql://{UNUSED_ADDRESS}/ledger cannot be reached")
    assert "secret" not in ran.err + ran.out


def test_a_broker_that_does_not_answer_loses_nothing(migrated: CommandLine):
    broker = f"redis://:secret@{UNUSED_ADDRESS}/0"

    ran = migrated("submit", given=creation_as_json(7), SCRIPTLEDGER_BROKER_URL=broker)

    assert ran.status == 4
    assert sentence(ran).startswith(
        f"The broker redis://{UNUSED_ADDRESS}/0 cannot be reached: start it, or name another in"
    )
    assert " Submission create-7 is safe " in ran.err
    assert "secret" not in ran.err + ran.out
    assert migrated("outcome", 7, "create-7").status == 3
    assert migrated("outcome", 7, "create-7", "--wait").out == "Applied to script 7 as version 1.\n"


def test_a_submission_without_a_worker_times_out(migrated: CommandLine):
    with EmbeddedValkey() as broker:
        ran = migrated(
            "submit", "--timeout", 0.2, "--json", given=creation_as_json(7), SCRIPTLEDGER_BROKER_URL=broker.broker_url
        )

    assert (ran.status, ran.json["error"]["code"]) == (3, "not_answered_in_time")
    assert "`scriptledger outcome 7 create-7 --wait`" in ran.json["error"]["message"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("DATABASE_URL", "postgres://u:secret@h/x"), ("BROKER_URL", "secret"), ("POOL_SIZE", "secret")],
)
def test_an_invalid_setting(warm: CommandLine, variable: str, value: str):
    ran = warm("scripts", **{f"SCRIPTLEDGER_{variable}": value})

    assert ran.status == 4
    assert sentence(ran).startswith(f"SCRIPTLEDGER_{variable} is not ")
    assert "secret" not in ran.err


def test_a_missing_file(warm: CommandLine):
    for verb in ("import", "submit"):
        ran = warm(verb, "nowhere.fountain")
        assert (ran.status, sentence(ran)) == (2, "nowhere.fountain: No such file or directory.")


def test_a_binary_file(warm: CommandLine, tmp_path: Path):
    (tmp_path / "binary").write_bytes(bytes(range(256)))

    ran = warm("import", tmp_path / "binary")

    assert ran.status == 1
    assert sentence(ran).startswith("The file is not UTF-8 text in line 3;")


def test_a_home_that_is_not_writable(tmp_path: Path):
    (tmp_path / "home").write_text("a file")

    ran = CommandLine(tmp_path / "home", warm=True)("import", SAMPLE)

    assert ran.status == 4
    assert sentence(ran).startswith(f"Nothing can be written in {tmp_path}/home (")


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that not even root may write in is there on Linux only")
def test_a_read_only_folder(scriptledger: CommandLine, ferry: int):
    ran = scriptledger("import", SAMPLE, SCRIPTLEDGER_HOME="/sys/scriptledger")
    assert ran.status == 4
    assert sentence(ran).startswith("Nothing can be written in /sys/scriptledger (")

    ran = scriptledger("export", ferry, "-o", "/sys/script.fountain")
    assert ran.status == 2
    assert sentence(ran).startswith("/sys/script.fountain: ")


def test_an_export_to_an_unwritable_place(scriptledger: CommandLine, ferry: int, tmp_path: Path):
    ran = scriptledger("export", ferry, "-o", tmp_path)

    assert (ran.status, sentence(ran)) == (2, f"{tmp_path}: Is a directory.")


def test_a_wrong_command_line(warm: CommandLine):
    for args in (["nope"], ["show"], ["show", "x"], ["verify"], ["worker"], ["diff", 1], ["roundtrip"]):
        assert warm(*args).status == 2


def test_a_worker_with_incompatible_roles(warm: CommandLine):
    ran = warm("worker", "--role", "commands", "--role", "reconcile")

    assert ran.status == 2
    assert "acknowledge" in ran.err


@pytest.mark.parametrize("args", [["worker", "--role", "commands"], ["beat"]])
def test_a_worker_without_a_broker(warm: CommandLine, args: list[str]):
    ran = warm(*args)

    assert ran.status == 4
    assert "run `scriptledger dev`" in sentence(ran)


def test_an_inconsistent_script(tmp_path: Path):
    cli = CommandLine(tmp_path / "home", warm=True)
    assert cli("submit", given=creation_as_json(7)).status == 0
    with closing(sqlite3.connect(cli.home / "ledger.db")) as database, database:
        database.execute("UPDATE script_commands SET actor = 'Forger'")
    database.close()

    ran = cli("verify", 7)

    assert ran.status == 5
    assert ran.out.startswith("Script 7 is inconsistent at version 1: ")


def test_a_quarantined_script_is_reported_without_waiting(tmp_path: Path):
    cli = CommandLine(tmp_path / "home", warm=True)
    assert cli("submit", given=creation_as_json(7)).status == 0
    with closing(sqlite3.connect(cli.home / "ledger.db")) as database, database:
        database.execute("UPDATE script_heads SET health = 'quarantined'")
    database.close()

    ran = cli("submit", given=creation_as_json(7).replace("create-7", "another"))

    assert ran.status == 5
    assert sentence(ran).startswith("Script 7 is quarantined")


def test_a_bug_is_reported_as_one_and_can_be_traced(migrated: CommandLine):
    with closing(sqlite3.connect(migrated.home / "ledger.db")) as database, database:
        columns = "id, script_id, submission_id, code, message, payload, rejected_at"
        database.execute(f"INSERT INTO rejected_submissions ({columns}) VALUES (1, 1, 'x', 'y', 'z', 5, 'no time')")
    database.close()

    assert migrated("rejected").status == 70
    assert "SCRIPTLEDGER_DEBUG=1 shows where" in sentence(migrated("rejected"))
    assert "Traceback" in migrated("rejected", SCRIPTLEDGER_DEBUG="1").err


@pytest.mark.parametrize("verb", [("show",), ("verify",), ("log",), ("rejected", "show")])
def test_a_number_out_of_range_is_not_a_bug(migrated: CommandLine, verb: tuple[str, ...]):
    ran = migrated(*verb, 1 << 63)

    assert ran.status == 2
    assert sentence(ran) == "A number is out of range: script ids and versions must be below 2^53."


def test_a_closed_standard_input_is_an_empty_one(home: Path):
    closed = CommandLine(home, program=["/bin/sh", "-c", 'exec "$@" <&-', "sh", *COMMAND])
    ran = closed("submit", "-")

    assert (ran.status, ran.out) == (1, "")
    assert sentence(ran).startswith("The submission is not valid JSON")


@pytest.mark.parametrize("verb", [("gates", "check"), ("gates", "inventory"), ("--version",), ("--help",)])
@pytest.mark.parametrize("closed", [">&-", ">&- 2>&-"])
def test_a_closed_standard_output_is_one_that_its_reader_closed(
    home: Path, tmp_path: Path, verb: tuple[str, ...], closed: str
):
    (tmp_path / "place.py").write_text('cursor.execute("DELETE FROM scripts")\n')
    (tmp_path / "gates.toml").write_text("format = 1\n")
    opened = CommandLine(home, program=["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND])
    ran = opened(*verb, *([tmp_path] if verb[0] == "gates" else []))

    assert (ran.status, ran.out, ran.err) == (141, "", "")
    assert (tmp_path / "place.py").read_text() == 'cursor.execute("DELETE FROM scripts")\n'
