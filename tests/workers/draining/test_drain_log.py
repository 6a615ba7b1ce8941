"""The log line of a drain names scripts, versions and submissions, and quotes nothing."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from domain.commands.kinds.script_create import ScriptCreate
from domain.submissions.submission import Submission, encode_submission
from materialization.write_path.submit import Ledger
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from workers.draining.drain_log import MAX_NAMED, DrainLog

MARKER = "a-title-that-no-log-shows"


def enqueue(unit_of_work: UnitOfWork, submission: Submission) -> None:
    with unit_of_work.records() as tx:
        tx.inbox.put(submission.script_id, submission.submission_id, encode_submission(submission), 1)


def creation(script_id: int, submission_id: str) -> Submission:
    create = ScriptCreate(title=MARKER)
    return Submission(
        script_id=script_id, submission_id=submission_id, author="user", base_version=0, commands=(create,)
    )


def test_one_line_names_what_a_drain_settled(tmp_path: Path):
    with open_engine(f"sqlite:///{tmp_path / 'ledger.db'}") as engine:
        upgrade(engine)
        unit_of_work, log = UnitOfWork(engine), DrainLog()
        ledger = Ledger(unit_of_work)
        ledger.report_to(log.add)
        enqueue(unit_of_work, creation(1, "first"))
        for number in range(MAX_NAMED + 4):
            enqueue(unit_of_work, creation(2, f"create-{number}"))  # all but one are refused

        with capture_logs() as lines, log.line():
            ledger.drain_all([1, 2])

    [line] = [line for line in lines if line["event"].startswith("drain.")]
    assert line["event"] == "drain.answered"
    assert line["scripts"] == [1, 2]
    assert set(line["versions"]) == {"1"}
    assert line["answered"] == MAX_NAMED + 5
    assert line["refused"] == MAX_NAMED + 3
    assert len(line["submissions"]) == MAX_NAMED
    assert MARKER not in str(line)


def test_a_drain_that_settles_nothing_has_no_line():
    log = DrainLog()
    with capture_logs() as lines, log.line():
        pass
    assert lines == []
