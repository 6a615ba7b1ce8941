"""`backfill`: runs from the command line, in this process and with embedded workers, and what they refuse."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cli.terminal.exit_status import Ending
from cli.verbs.migrate.backfill_verbs.running import after_interrupt, interruptible
from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork
from tests.backfill.runs.backfill_setup import ROWS, TABLES, make_legacy_file, table_rows
from tests.cli.running import CommandLine, press_ctrl_c, sentence, wait_until

URL = "sqlite:///legacy.db"
RUN = ("backfill", "run", URL, "--mapping", "legacy.toml")
MARKER = "Xq7ZpMarker"


@pytest.fixture
def warm(home: Path, tmp_path: Path) -> CommandLine:
    """A command line in an empty home, next to a legacy database and its mapping."""
    make_legacy_file(tmp_path / "legacy.db")
    command_line = CommandLine(home, warm=True)
    assert command_line("legacy", "map", URL, "-o", "legacy.toml").status == 0
    return command_line


def test_a_run_in_this_process_needs_no_broker(warm: CommandLine, home: Path):
    ran = warm(*RUN, "--in-process")

    assert (ran.status, ran.err) == (0, "Run 1 begins.\n")
    assert ran.out.startswith("Run 1 from sqlite:///")
    assert [line.split() for line in ran.out.splitlines() if line.startswith("ideas")] == [
        ["ideas", f"{ROWS}", f"{ROWS}", "0", "0", "0", "0"]
    ]
    before = table_rows(home / "ledger.db", but=("backfill_runs", "backfill_items"))
    again = warm(*RUN, "--in-process", "--json")
    assert (again.status, again.json["run"], again.json["state"]) == (0, 2, "finished")
    assert {table["table"]: table["migrated"] for table in again.json["tables"]} == TABLES
    assert table_rows(home / "ledger.db", but=("backfill_runs", "backfill_items")) == before
    assert warm("backfill", "status", "--json").json["run"] == 2


def test_a_dry_run_writes_nothing_anywhere(warm: CommandLine, tmp_path: Path, home: Path):
    before = sha256((tmp_path / "legacy.db").read_bytes()).digest()

    ran = warm(*RUN, "--dry-run", "--json")

    assert (ran.status, ran.json["dry_run"]) == (0, True)
    assert {table["table"]: table["migrated"] for table in ran.json["tables"]} == TABLES
    assert not home.exists()
    assert {file.name for file in tmp_path.iterdir()} == {"legacy.db", "legacy.toml"}
    assert sha256((tmp_path / "legacy.db").read_bytes()).digest() == before


@pytest.mark.slow
def test_embedded_workers_bring_everything_over(warm: CommandLine, home: Path):
    ran = warm(*RUN, "--json", SCRIPTLEDGER_LEGACY_URL="")

    assert (ran.status, ran.json["state"]) == (0, "finished")
    assert {table["table"]: table["migrated"] for table in ran.json["tables"]} == TABLES
    assert "scriptledger.backfill_item" in (home / "logs" / "backfill.log").read_text()


@pytest.mark.parametrize(
    ("state", "here", "then"),
    [
        (None, False, "before a run began: nothing was written"),
        (None, True, "before a run began: nothing was written"),
        ("planning", False, "the same command continues it"),
        ("running", True, "the same command continues it"),
        ("running", False, "the workers go on"),
    ],
)
def test_ctrl_c_promises_only_what_goes_on(state: Any, then: str, *, here: bool):
    assert then in after_interrupt(state, here=here)


def test_ctrl_c_tells_a_run_that_ended_from_one_that_did_not_begin(warm: CommandLine, home: Path):
    def run_and_interrupt(*command: str) -> None:
        with open_engine(f"sqlite:///{home / 'ledger.db'}") as engine, interruptible(UnitOfWork(engine), here=True):
            assert warm(*command).status == 0
            raise KeyboardInterrupt

    assert warm("db", "upgrade").status == 0
    with pytest.raises(Ending, match="before a run began"):
        run_and_interrupt("db", "upgrade")
    with pytest.raises(Ending, match="after the run was finished"):
        run_and_interrupt(*RUN, "--in-process")


@pytest.mark.slow
def test_ctrl_c_loses_nothing(home: Path, tmp_path: Path, warm: CommandLine):
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 10001 UNION ALL SELECT i + 1 FROM n WHERE i < 14000) "
            "INSERT INTO ideas SELECT i, 'more' FROM n"
        )
        connection.commit()
    warm("db", "upgrade")
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        # A ledger that needs some milliseconds for each row.
        connection.execute(
            "CREATE TRIGGER slow AFTER INSERT ON legacy_rows BEGIN SELECT count(*) FROM ("
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i FROM n); END"
        )
    running = CommandLine(home).start(*RUN, "--in-process", "--no-scan")

    def begun() -> bool:
        with closing(sqlite3.connect(home / "ledger.db")) as connection:
            return connection.execute("SELECT count(*) FROM legacy_rows").fetchone() != (0,)

    try:
        wait_until(begun)
    finally:
        press_ctrl_c(running)
        printed, _ = running.communicate(timeout=60)
    assert (running.returncode, "Interrupted, but nothing is lost: the same command" in printed) == (130, True), printed
    assert f"process {running.pid} of " in " ".join(warm("backfill", "status").out.split())
    interrupted = warm("backfill", "status", "--json").json
    assert (interrupted["state"], interrupted["ended_process"].split()[-1]) == ("running", f"{running.pid}")
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        connection.execute("DROP TRIGGER slow")

    ran = warm("backfill", "run", URL, "--in-process", "--share", 90, "--json")

    assert (ran.status, ran.json["run"], ran.json["state"], ran.json["share"]) == (0, 1, "finished", 90)
    assert ran.json["ended_process"] is None
    assert {table["table"]: table["migrated"] for table in ran.json["tables"]} == {**TABLES, "ideas": ROWS + 4_000}


@pytest.mark.parametrize(
    ("args", "status", "expected"),
    [
        (["run", URL, "--in-process"], 2, "A new run needs --mapping FILE: `scriptledger legacy map` drafts one."),
        (["run", "sqlite:///nowhere.db"], 4, "There is no SQLite file"),
        (["run", URL, "-m", "legacy.db"], 1, "legacy.db: The file is not TOML"),
        (["status"], 1, "No backfill is active; `scriptledger backfill run` begins one."),
        (["pause"], 1, "No backfill is active;"),
        (["resume"], 1, "No backfill is active;"),
        (["cancel"], 1, "No backfill is active;"),
        (["retry"], 2, "Name an item, or use --failed or --quarantined."),
        (["retry", "7"], 1, "No backfill is active;"),
        (["quarantine", "list"], 1, "No backfill is active;"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(warm: CommandLine, args: list[str], status: int, expected: str):
    assert warm("db", "upgrade").status == 0

    ran = warm("backfill", *args)

    assert (ran.status, expected in sentence(ran)) == (status, True), ran.err


def test_the_ledger_is_not_its_own_source(warm: CommandLine, home: Path):
    warm("db", "upgrade")

    ran = warm("backfill", "run", f"sqlite:///{home}/ledger.db", "-m", "legacy.toml", "--in-process")

    assert ran.status in (1, 2)
    assert sentence(ran)


def test_a_used_ledger_is_refused_unless_it_is_meant(warm: CommandLine):
    warm("db", "upgrade")
    warm("users", "add", "ada@example.org")

    refused = warm(*RUN, "--in-process", "--json")

    assert (refused.status, refused.json["error"]["code"]) == (1, "ledger_in_use")
    assert warm(*RUN, "--in-process", "--into-used-ledger").status == 0


def test_undecided_findings_stop_it_before_anything_is_written(warm: CommandLine):
    warm("legacy", "sample", "-o", "sample.db")
    warm("legacy", "map", "sqlite:///sample.db", "-o", "sample.toml")

    ran = warm("backfill", "run", "sqlite:///sample.db", "-m", "sample.toml", "--in-process", "--json")

    assert (ran.status, ran.json["error"]["code"]) == (1, "undecided_findings")
    assert warm("backfill", "status", "--json").json["error"]["code"] == "no_backfill_run"


def test_a_quarantined_row_is_shown_without_its_values_and_can_be_retried(
    warm: CommandLine, tmp_path: Path, home: Path
):
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as connection:
        connection.execute("INSERT INTO tag_links VALUES (?, x'00', 1)", [f"{MARKER} ada@example.org"])
        connection.commit()
    warm("db", "upgrade")
    trigger = (
        f"CREATE TRIGGER refuse BEFORE INSERT ON legacy_rows WHEN NEW.content LIKE '%{MARKER}%' "
        "BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        connection.execute(trigger)

    ran = warm(*RUN, "--in-process")
    listed = warm("backfill", "quarantine", "list", "--json")
    [row] = listed.json["rows"]
    shown = warm("backfill", "quarantine", "show", row["number"])
    plain = warm("backfill", "quarantine", "list")

    assert ran.status == 1
    assert "1 row is quarantined" in ran.out
    assert (row["table"], row["code"], listed.json["next"]) == ("tag_links", "refused_by_database", None)
    assert f"`scriptledger backfill retry {row['item']}`" in shown.out
    assert [text for each in (ran, listed, shown, plain) for text in each[1:] if MARKER in text] == []
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        connection.execute("DROP TRIGGER refuse")
    assert warm("backfill", "retry", "--quarantined", "--json").json == {"run": 1, "items": 1}
    mended = warm("backfill", "run", URL, "--in-process", "--json")
    assert (mended.json["run"], mended.json["state"], mended.json["quarantined"]) == (1, "finished", 0)
    assert {table["table"]: table["left"] for table in mended.json["tables"]} == dict.fromkeys(TABLES, 0)


@pytest.fixture
def planned(warm: CommandLine, home: Path) -> CommandLine:
    """A run whose items have failed, because the ledger refused to record them."""
    warm("db", "upgrade")
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        connection.execute(
            "CREATE TRIGGER refuse BEFORE UPDATE ON backfill_items "
            "WHEN NEW.state = 'running' AND NEW.counts <> x'7b7d' BEGIN SELECT RAISE(ABORT, 'not yet'); END"
        )
    assert warm(*RUN, "--in-process").status == 1
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        connection.execute("DROP TRIGGER refuse")
    return warm


def test_failed_items_are_named_and_done_again(planned: CommandLine):
    failed = planned("backfill", "status", "--json").json

    assert (failed["state"], failed["held_by"]) == ("running", "legacy_rows: 3 failed items")
    assert {each["error"].partition(" at ")[0] for each in failed["failures"]} == {"stopped by IntegrityError"}
    assert "`scriptledger backfill retry --failed` does failed items again" in planned("backfill", "status").out
    assert planned("backfill", "retry", "--failed", "--json").json == {"run": 1, "items": 3}
    assert planned("backfill", "retry", 99, "--json").json["error"]["code"] == "unknown_backfill_item"
    ran = planned("backfill", "run", URL, "--in-process", "--json")
    assert (ran.status, ran.json["run"], ran.json["state"], ran.json["failures"]) == (0, 1, "finished", [])


def test_a_run_is_paused_resumed_and_cancelled(planned: CommandLine):
    assert planned("backfill", "pause", "--json").json == {"run": 1, "state": "paused"}
    assert planned("backfill", "status", "--json").json["state"] == "paused"
    assert "It is paused: `scriptledger backfill resume` lets it go on" in planned("backfill", "status").out
    assert planned("backfill", "status", "--watch", "--json").json["state"] == "paused"
    assert planned("backfill", "resume", "--json").json == {"run": 1, "state": "running"}
    assert planned("backfill", "cancel", "--json").json == {"run": 1, "state": "cancelled"}
    assert planned("backfill", "resume", "--json").json["error"]["code"] == "no_backfill_run"
    assert planned("backfill", "retry", "--failed", "--json").json["error"]["code"] == "no_backfill_run"
    again = planned(*RUN, "--in-process", "--json")
    assert (again.status, again.json["run"], again.json["state"]) == (0, 2, "finished")


def test_an_active_run_takes_no_other_source(planned: CommandLine, tmp_path: Path):
    make_legacy_file(tmp_path / "other.db")
    planned("legacy", "map", "sqlite:///other.db", "-o", "other.toml")

    ran = planned("backfill", "run", "sqlite:///other.db", "-m", "other.toml", "--in-process", "--json")

    assert (ran.status, ran.json["error"]["code"]) == (1, "other_source")
