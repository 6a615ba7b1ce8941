"""A cancellation is an answer like any other; of it and a drain, exactly one answers a submission."""

from __future__ import annotations

import threading
from itertools import count
from random import Random

import pytest

from domain.commands.base import Command
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.refusals import Cancelled
from domain.script.line import Line
from domain.submissions.submission import Submission, content_hash, encode_submission
from materialization.pending.cancel import Cancellation, cancel
from materialization.write_path.submit import Ledger
from repos.log.head_lock_statements import NAMED_AT_ONCE
from repos.submissions.pending_search import PendingFilter, PendingRow
from repos.unit_of_work import UnitOfWork

WHY = Cancelled(by="ana", reason="a test")
_scripts = count(9_000)


class Script:
    """A script with pending submissions."""

    def __init__(self, unit_of_work: UnitOfWork, *, exists: bool = True) -> None:
        self.unit_of_work = unit_of_work
        self.ledger = Ledger(unit_of_work)
        self.id = next(_scripts)
        self.create = self.submission("begin", ScriptCreate(title="A", lines=(Line("a", "action", "Rain."),)), base=0)
        if exists:
            assert self.ledger.submit(self.create).outcome == "applied"

    def submission(self, name: str, *commands: Command, base: int = 1, **more: str) -> Submission:
        return Submission(
            script_id=self.id, submission_id=name, author="user", base_version=base, commands=commands, **more
        )

    def title(self, name: str, **more: str) -> Submission:
        return self.submission(name, ScriptSetMetadata(fields={"title": name}), **more)

    def put(self, *submissions: Submission) -> None:
        with self.unit_of_work.records() as tx:
            for each in submissions:
                tx.inbox.put(self.id, each.submission_id, encode_submission(each), 1)

    def put_bytes(self, name: str, payload: bytes) -> None:
        with self.unit_of_work.records() as tx:
            tx.inbox.put(self.id, name, payload, 1)

    def pending(self) -> list[PendingRow]:
        with self.unit_of_work.reading() as tx:
            return tx.pending.search(PendingFilter(self.id), after=0, upto=1 << 40, limit=10_000)

    def cancel(self, rows: list[PendingRow] | None = None) -> list[Cancellation]:
        return cancel(self.unit_of_work, self.id, self.pending() if rows is None else rows, WHY).each

    def answer(self, name: str) -> str:
        with self.unit_of_work.reading() as tx:
            found = tx.submissions.get(self.id, name)
        if found is None:
            return "none"
        return found.answer.refusal.code if found.answer.refusal else found.answer.outcome

    def dead(self) -> list[tuple[str, str, bytes]]:
        with self.unit_of_work.reading() as tx:
            rows = tx.rejected.read(limit=100_000, script_id=self.id)
        return [(row.submission_id, row.code, row.payload) for row in rows]

    def version(self) -> int:
        with self.unit_of_work.reading() as tx:
            head = tx.heads.get(self.id)
        return head.version if head else 0


@pytest.fixture
def script(unit_of_work: UnitOfWork) -> Script:
    return Script(unit_of_work)


def test_each_gets_an_answer_and_stays_in_the_dead_letters(script: Script):
    first, second = script.title("one"), script.title("two")
    script.put(first, second)

    done = script.cancel()

    assert [(each.submission_id, each.became) for each in done] == [("one", "cancelled"), ("two", "cancelled")]
    assert done[0].answer is not None
    assert done[0].answer.refusal is not None
    assert done[0].answer.refusal.message == "The submission was cancelled by ana before it was applied: a test."
    assert done[0].answer.refusal.facts == {"by": "ana", "reason": "a test"}
    assert script.pending() == []
    assert (script.answer("one"), script.version()) == ("cancelled", 1)
    assert script.dead() == [(each.submission_id, "cancelled", encode_submission(each)) for each in (first, second)]


def test_sent_again_it_gets_the_same_answer(script: Script):
    script.put(script.title("one"))
    script.cancel()

    script.put(script.title("one"))
    script.ledger.drain(script.id)
    assert (script.answer("one"), script.version(), len(script.dead())) == ("cancelled", 1, 1)
    assert script.ledger.submit(script.title("one")).refusal is not None


def test_a_payload_in_another_spelling_is_the_same_submission(script: Script):
    spelled = encode_submission(script.title("one")).replace(b'"script_id":', b' "script_id" : ')
    script.put_bytes("one", spelled)
    script.cancel()

    with script.unit_of_work.reading() as tx:
        found = tx.submissions.get(script.id, "one")
    assert found is not None
    assert found.content_hash == content_hash(script.title("one"))


def test_what_follows_a_cancelled_one_is_refused_with_it(script: Script):
    script.put(script.title("one"), script.title("two", after_submission="one"))
    script.cancel(script.pending()[:1])
    script.ledger.drain(script.id)
    assert script.answer("two") == "predecessor_refused"


def test_submissions_of_a_quarantined_script_are_cancelled(script: Script):
    script.ledger.quarantine(script.id, "a test")
    script.put(script.title("one"))
    assert script.ledger.drain(script.id).answered == 0

    assert [each.became for each in script.cancel()] == ["cancelled"]
    with script.unit_of_work.reading() as tx:
        assert tx.heads.require(script.id).health == "quarantined"


def test_the_beginning_of_a_script_is_cancelled_and_leaves_no_head(unit_of_work: UnitOfWork):
    script = Script(unit_of_work, exists=False)
    script.put(script.create)

    assert [each.became for each in script.cancel()] == ["cancelled"]
    with unit_of_work.reading() as tx:
        assert tx.heads.get(script.id) is None
    assert script.ledger.submit(script.title("later")).outcome == "refused"


def test_a_drain_that_was_first_is_named(script: Script):
    script.put(script.title("one"))
    rows = script.pending()
    script.ledger.drain(script.id)

    [done] = script.cancel(rows)
    assert (done.became, done.answer and done.answer.outcome) == ("answered", "applied")
    assert (script.answer("one"), script.dead()) == ("applied", [])


def test_one_that_was_answered_before_and_sent_again_keeps_its_answer(script: Script):
    script.put(script.title("one"))
    script.ledger.drain(script.id)
    script.put(script.title("one"))

    [done] = script.cancel()
    assert (done.became, script.answer("one"), script.pending()) == ("answered", "applied", [])


def test_a_row_that_another_program_removed_is_gone(script: Script):
    script.put(script.title("one"))
    rows = script.pending()
    with script.unit_of_work.script(script.id) as tx:
        tx.inbox.remove([rows[0].id])
    assert [each.became for each in script.cancel(rows)] == ["gone"]


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff" * 40_000, b"[" * 70_000, b'{"script_id": 1}'])
def test_what_is_no_submission_is_cancelled_too(script: Script, payload: bytes):
    script.put_bytes("bad", payload)
    assert [each.became for each in script.cancel()] == ["cancelled"]
    assert script.dead() == [("bad", "cancelled", payload)]


def test_one_that_killed_its_workers_is_cancelled_without_being_applied(script: Script):
    script.put(script.title("one"))
    [row] = script.pending()
    with script.unit_of_work.records() as tx:
        for _ in range(7):
            tx.inbox.count_attempt(row.id)
    script.cancel()
    assert script.answer("one") == "cancelled"


def test_more_than_one_transaction_takes_are_all_cancelled(script: Script):
    names = [f"n{number}" for number in range(2 * NAMED_AT_ONCE + 7)]
    script.put(*map(script.title, names))

    assert [each.submission_id for each in script.cancel()] == names
    assert script.pending() == []


def test_large_ones_fill_transactions_and_are_kept_whole(script: Script):
    lines = tuple(Line(f"l{number}", "action", "x" * 900_000) for number in range(6))
    payload = encode_submission(script.submission("large", ScriptCreate(title="A", lines=lines)))
    for number in range(3):
        script.put_bytes(f"large-{number}", payload)
    assert [each.became for each in script.cancel()] == ["cancelled"] * 3
    assert [len(kept) for _, _, kept in script.dead()] == [len(payload)] * 3


@pytest.mark.parametrize("seed", range(8))
def test_a_cancellation_and_a_drain_answer_each_submission_once(script: Script, seed: int):
    random = Random(seed)
    names = [f"n{number}" for number in range(40)]
    script.put(*map(script.title, names))
    chosen = random.sample(script.pending(), 25)
    found: list[Cancellation] = []

    def cancel_part(part: list[PendingRow]) -> None:
        found.extend(script.cancel(part))

    threads = [threading.Thread(target=cancel_part, args=(part,)) for part in (chosen[:12], chosen[12:])]
    threads += [threading.Thread(target=script.ledger.drain, args=(script.id,)) for _ in range(2)]
    random.shuffle(threads)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    script.ledger.drain(script.id)

    cancelled = {each.submission_id for each in found if each.became == "cancelled"}
    answers = {name: script.answer(name) for name in names}
    assert len(found) == 25
    assert {name for name, answer in answers.items() if answer == "cancelled"} == cancelled
    assert {answer for name, answer in answers.items() if name not in cancelled} <= {"applied"}
    assert script.version() == 1 + len(names) - len(cancelled)
