"""The item runner: a worker that is configured for no source, or another one, holds the run and says why."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.control import retry
from backfill.runs.opening import open_run, plan
from backfill.runs.run_context import run_context
from materialization.clock import system_clock
from repos.backfill.runs import BackfillRunRow
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from workers.backfill.feeding_schedule import feeding_schedule
from workers.backfill.item_runner import HELD_SECONDS, ItemRunner
from workers.messaging.backfill_messages import BackfillMessages


class NoBroker(BackfillMessages):
    """A broker that takes everything and has no worker."""

    def __init__(self) -> None:
        self.sent: list[int] = []

    def send_all(self, items: object) -> bool:
        self.sent += items  # type: ignore[operator]
        return True

    def waiting(self) -> int:
        return 0

    def edits_waiting(self) -> int:
        return 0


@pytest.fixture
def source_url(tmp_path: Path) -> str:
    for name in ("legacy", "other"):
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as connection:
            connection.executescript(
                "CREATE TABLE ideas (id INTEGER PRIMARY KEY, body TEXT); INSERT INTO ideas VALUES (1, 'x')"
            )
    return f"sqlite:///{tmp_path / 'legacy.db'}"


@pytest.fixture
def unit_of_work(tmp_path: Path, source_url: str) -> Iterator[UnitOfWork]:
    with planned_run(tmp_path, source_url) as unit_of_work:
        yield unit_of_work


@contextmanager
def planned_run(tmp_path: Path, source_url: str) -> Iterator[UnitOfWork]:
    with open_engine(f"sqlite:///{tmp_path / 'ledger.db'}") as engine, open_source(source_url) as source:
        upgrade(engine)
        unit_of_work = UnitOfWork(engine)
        run, _ = open_run(
            unit_of_work, source, mapping_text(draft(read_catalog(source))), share=None, clock=system_clock
        )  # fmt: skip
        plan(run_context(run, source, unit_of_work, system_clock), lambda *_: None)
        yield unit_of_work


def run_of(unit_of_work: UnitOfWork) -> BackfillRunRow:
    with unit_of_work.reading() as tx:
        [run] = tx.backfill_runs.read()
    return run


def send(unit_of_work: UnitOfWork) -> None:
    """Mark every item that is due as sent."""
    with unit_of_work.records() as tx:
        due = [item.id for item in tx.backfill_items.read(run_of(unit_of_work).id, state="due")]
        tx.backfill_items.mark_sent(due, now=system_clock())


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "The workers of the role backfill need SCRIPTLEDGER_LEGACY_URL."),
        ("sqlite:///nowhere.db", "There is no SQLite file sqlite:///nowhere.db, or it cannot be read."),
        ("{other}", "This backfill reads "),
    ],
)
def test_a_worker_without_the_source_holds_the_run_and_says_why(
    unit_of_work: UnitOfWork, source_url: str, url: str, reason: str
):
    slept: list[float] = []
    other = source_url.replace("legacy.db", "other.db")
    runner = ItemRunner(unit_of_work, url.replace("{other}", other), NoBroker(), sleep=slept.append)

    send(unit_of_work)
    worked = runner.run(1)

    assert (worked.outcome, worked.reason.startswith(reason), slept) == ("held", True, [HELD_SECONDS]), worked
    assert str(run_of(unit_of_work).held_by).startswith(reason)
    mended = ItemRunner(unit_of_work, source_url, NoBroker())
    assert mended.run(1).outcome == "done"
    mended.close()
    assert run_of(unit_of_work).held_by is None


def test_a_runner_sends_more_and_finishes_the_run(unit_of_work: UnitOfWork, source_url: str):
    runner = ItemRunner(unit_of_work, source_url, NoBroker())
    send(unit_of_work)

    assert runner.run(1).outcome == "done"

    runner.close()
    assert run_of(unit_of_work).state == "finished"
    assert runner.run(1).outcome == "skipped"
    assert runner.run(99).outcome == "skipped"
    assert feeding_schedule(unit_of_work, NoBroker()).run(0) == {}


def test_the_last_item_of_a_queue_lets_the_run_go_on_at_once(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as legacy:
        legacy.executescript("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY)")
    url = f"sqlite:///{tmp_path / 'legacy.db'}"
    with planned_run(tmp_path, url) as unit_of_work:
        runner = ItemRunner(unit_of_work, url, NoBroker())
        send(unit_of_work)
        assert [runner.run(item).outcome for item in (1, 2)] == ["done", "done"]
        runner.close()
        assert run_of(unit_of_work).state == "finished"


def test_an_item_that_is_done_again_sees_what_was_repaired_in_the_source(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as legacy:
        legacy.executescript(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT);"
            "INSERT INTO users VALUES (1, 'ada@x.org', '2021-01-01'), (2, 'ADA@x.org', '2021-01-01')"
        )
        url = f"sqlite:///{tmp_path / 'legacy.db'}"
        with planned_run(tmp_path, url) as unit_of_work:
            runner = ItemRunner(unit_of_work, url, NoBroker())

            def codes() -> list[str]:
                send(unit_of_work)
                assert runner.run(1).outcome == "done"
                with unit_of_work.reading() as tx:
                    return [each.row.code for each in tx.quarantined_rows.read(run_of(unit_of_work).id)]

            assert codes() == ["L14", "L14"]
            legacy.execute("UPDATE users SET email = 'ben@x.org' WHERE id = 2")
            legacy.commit()
            retry(unit_of_work, quarantined=True)

            assert codes() == []
            runner.close()


def test_an_old_message_does_not_begin_an_item_before_those_that_it_needs(tmp_path: Path):
    """Item numbers of another ledger, or of a run that was continued: the elements were not sent, only the users."""
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as legacy:
        legacy.executescript(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT);"
            "CREATE TABLE scripts (id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT, content TEXT, created_at TEXT,"
            " updated_at TEXT);"
            "INSERT INTO users VALUES (1, 'ada@x.org', '2021-01-01');"
            "INSERT INTO scripts VALUES (1, 1, 'The ferry', 'INT. FERRY - DAY', '2021-01-01', '2021-01-01')"
        )
    url = f"sqlite:///{tmp_path / 'legacy.db'}"
    with planned_run(tmp_path, url) as unit_of_work:
        with unit_of_work.reading() as tx:
            script = tx.backfill_items.find(1, "scripts", "scripts [1]")
            users = tx.backfill_items.find(1, "users", "users")
        assert script is not None
        assert users is not None
        broker = NoBroker()
        assert feeding_schedule(unit_of_work, broker).run(0)["sent"] == len(broker.sent)
        assert users.id in broker.sent
        assert script.id not in broker.sent
        runner = ItemRunner(unit_of_work, url, NoBroker())
        assert runner.run(script.id) == ("skipped", "it is not sent")
        for item in broker.sent:
            assert runner.run(item).outcome == "done"
        feeding_schedule(unit_of_work, broker).run(0)
        assert runner.run(script.id).outcome == "done"
        runner.close()
