"""The author of a submission is what its database account may claim, whatever the submission says."""

from __future__ import annotations

import json
from contextlib import nullcontext
from itertools import count

import pytest

from domain.accounts import AuthorNotAllowed, SessionExpired
from domain.commands.kinds.script_create import ScriptCreate
from domain.submissions.submission import Submission
from materialization.submissions.resubmit import replayed
from materialization.write_path.submit import Ledger
from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork
from tests.gates.database.accounts.installed import InstalledLedger
from workers.intake.intake import Intake
from workers.producers.authenticated_producer import AuthenticatedProducer
from workers.producers.producer import Producer

SCRIPTS = count(1)
AUTHORS = ("user", "ai", "system", "import", "backfill")
ALLOWED = {
    "producer": {"user", "ai"},
    "ai": {"ai"},
    "application": {"user", "ai"},
    "intake": {"user", "ai"},
    "worker": {"user", "ai", "system", "import"},
}


class Silent:
    """A bell that no worker hears."""

    def ring(self, script_id: int) -> bool:
        return bool(script_id)

    def ring_all(self, script_ids: object) -> None: ...


@pytest.mark.parametrize("role", ALLOWED)
def test_an_account_sends_only_as_the_authors_of_its_role(installed: InstalledLedger, role: str):
    scripts = {author: next(SCRIPTS) for author in AUTHORS}
    for author, script_id in scripts.items():
        installed.send(role, "s", author=author, script_id=script_id)

    with open_engine(installed.url_of("worker")) as engine:
        ledger = Ledger(unit_of_work := UnitOfWork(engine))
        for script_id in scripts.values():
            ledger.drain(script_id)
        with unit_of_work.reading() as tx:
            answers = {author: tx.submissions.get(script_id, "s") for author, script_id in scripts.items()}
            heads = {author: tx.heads.get(script_id) for author, script_id in scripts.items()}
            dead = {row.script_id: row for row in tx.rejected.read(limit=1_000)}

    account = f"{installed.name(role)}@%"
    for author, answered in answers.items():
        assert answered is not None
        if author in ALLOWED[role]:
            assert answered.answer.outcome == "applied", answered.answer
            continue
        refusal = answered.answer.refusal
        assert refusal is not None
        assert refusal.code == "author_not_allowed"
        assert account in refusal.message
        assert heads[author] is None
        assert dead[scripts[author]].account == account


def test_the_log_names_the_account_that_sent_each_submission(installed: InstalledLedger):
    script_id = next(SCRIPTS)
    installed.send("ai", "s", author="ai", script_id=script_id)
    with open_engine(installed.url_of("worker")) as engine:
        Ledger(UnitOfWork(engine)).drain(script_id)

    found = installed.root(
        "SELECT a.account, a.role FROM script_commands c JOIN submissions s USING (script_id, submission_id)"
        f" JOIN database_accounts a ON a.id = s.account_id WHERE c.script_id = {script_id}"
    )

    assert found == [(f"{installed.name('ai')}@%", "ai")]


def test_the_program_sends_through_its_producer_with_the_account_of_a_producer(installed: InstalledLedger):
    submission = Submission(
        script_id=next(SCRIPTS),
        submission_id="s",
        author="user",
        base_version=0,
        commands=(ScriptCreate(title="A script"),),
    )
    with open_engine(installed.url_of("producer")) as engine:
        producer = Producer(UnitOfWork(engine), Silent())  # type: ignore[arg-type]
        producer.enqueue(submission)
        producer.enqueue(submission)
        assert producer.outcome(submission.script_id, "s", sent=submission) is None
        with open_engine(installed.url_of("worker")) as workers_engine:
            Ledger(UnitOfWork(workers_engine)).drain(submission.script_id)
        answer = producer.outcome(submission.script_id, "s", sent=submission)

    assert answer is not None
    assert answer.outcome == "applied"


def test_an_account_that_is_not_listed_sends_as_a_producer(own: InstalledLedger):
    own.root(f"DELETE FROM database_accounts WHERE account = '{own.name('producer')}@%'")
    own.send("producer", "s", author="system", script_id=1)
    own.send("producer", "s", author="user", script_id=2)

    with open_engine(own.url_of("worker")) as engine:
        ledger = Ledger(unit_of_work := UnitOfWork(engine))
        ledger.drain(1)
        ledger.drain(2)
        with unit_of_work.reading() as tx:
            answers = [tx.submissions.get(script_id, "s") for script_id in (1, 2)]

    assert [each.answer.outcome for each in answers if each] == ["refused", "applied"]


def test_a_refused_submission_is_not_replayed_with_the_rights_of_another_account(own: InstalledLedger):
    own.send("producer", "s", author="system")

    with open_engine(own.url_of("worker")) as engine:
        Ledger(unit_of_work := UnitOfWork(engine)).drain(1)
        with unit_of_work.reading() as tx:
            (row,) = tx.rejected.read()
            with pytest.raises(AuthorNotAllowed):
                replayed(tx, row, "again")


@pytest.mark.parametrize(("author", "is_taken"), [("user", True), ("system", False), ("import", False)])
def test_a_dead_letter_without_an_account_is_replayed_as_of_an_unknown_one(
    installed: InstalledLedger, author: str, is_taken: bool
):
    """An account of the intake writes dead letters, and an operator who replays one has more rights than it."""
    script_id = next(SCRIPTS)
    commands = [{"kind": "script.create", "title": "A script"}]
    payload = {"script_id": script_id, "submission_id": "s", "author": author, "base_version": 0, "commands": commands}
    with installed.connect("intake") as connection:
        connection.cursor().execute(
            "INSERT INTO rejected_submissions (script_id, submission_id, code, message, payload, rejected_at)"
            " VALUES (%s, 's', 'x', '', %s, 1)",
            (script_id, json.dumps(payload).encode()),
        )

    with open_engine(installed.url_of("worker")) as engine, UnitOfWork(engine).reading() as tx:
        (row,) = tx.rejected.read(script_id=script_id)
        with nullcontext() if is_taken else pytest.raises(AuthorNotAllowed, match="not recorded"):
            assert replayed(tx, row, "again").author == author


def test_intake_and_application_keep_what_they_refuse(installed: InstalledLedger):
    with open_engine(installed.url_of("intake")) as engine:
        Intake(UnitOfWork(engine), Silent()).take_message(["nonsense"], {}, "m-1")  # type: ignore[arg-type]
    with open_engine(installed.url_of("application")) as engine:
        with UnitOfWork(engine).records() as tx:
            user = tx.users.add(f"{installed.prefix}@sender.example", 1, password="a hash")
            token = tx.sign_ins.open(user, 1, until=2).token
        producer = Producer(UnitOfWork(engine), Silent())  # type: ignore[arg-type]
        with pytest.raises(SessionExpired):
            AuthenticatedProducer(UnitOfWork(engine), producer).enqueue(token, b"{}")

    kept = installed.root("SELECT code, account FROM rejected_submissions WHERE submission_id IN ('m-1', '')")
    assert ("undecodable", None) in kept
    assert ("session_expired", None) in kept


def test_without_installed_accounts_every_author_is_taken(own: InstalledLedger):
    own.root("ALTER TABLE submission_inbox ALTER COLUMN account SET DEFAULT NULL")
    own.send("producer", "s", author="system")

    with open_engine(own.url_of("worker")) as engine:
        Ledger(unit_of_work := UnitOfWork(engine)).drain(1)
        with unit_of_work.reading() as tx:
            answered = tx.submissions.get(1, "s")

    assert answered is not None
    assert answered.answer.outcome == "applied"
