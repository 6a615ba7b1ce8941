"""The bulk sender: many submissions in few statements, each with one effect, whatever is sent again and by whom."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import msgspec
import pytest
from sqlalchemy import Engine

from domain.commands.kinds.script_create import ScriptCreate
from domain.script.line import Line
from domain.submissions.submission import Submission
from materialization.write_path.submit import Ledger
from repos.unit_of_work import UnitOfWork
from workers.producers.bulk_sender import ANSWERS_PER_LOOK, BulkSender, Outgoing, Result

_scripts = count(5_000)


def beginning(script_id: int, name: str = "begin", text: str = "Rain.") -> Submission:
    create = ScriptCreate(title="A script", lines=(Line("l1", "action", text),))
    return Submission(script_id=script_id, submission_id=name, author="user", base_version=0, commands=(create,))


def outgoing(*submissions: Submission, user_id: int | None = None) -> list[Outgoing]:
    return [Outgoing.of(key, submission, user_id) for key, submission in enumerate(submissions, 1)]


class Place:
    """A ledger with workers that drain when they are asked to, and the bells that were rung."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.unit_of_work = UnitOfWork(engine)
        self.ledger = Ledger(self.unit_of_work)
        self.rung: list[int] = []

    def sender(self) -> BulkSender:
        return BulkSender(self.unit_of_work, self._ring)

    def drain(self) -> None:
        for script_id in self.rung:
            self.ledger.drain(script_id)

    def pending(self, script_id: int) -> int:
        with self.unit_of_work.reading() as tx:
            return len(tx.inbox.arrivals(script_id))

    def version(self, script_id: int) -> int:
        with self.unit_of_work.reading() as tx:
            return tx.heads.require(script_id).version

    def packet_bytes(self) -> int:
        """The size of the largest statement that the server takes; a file has no such limit."""
        if self._engine.dialect.name == "sqlite":
            return 1 << 30
        with self._engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT @@max_allowed_packet").scalar_one())

    def _ring(self, scripts: Iterable[int]) -> None:
        self.rung += scripts


@pytest.fixture
def place(migrated: Engine) -> Place:
    return Place(migrated)


def outcomes(results: Iterable[Result]) -> dict[int, str]:
    return {
        result.key: result.answer.outcome if result.answer else (result.refusal.code if result.refusal else "")
        for result in results
    }


def collected(sender: BulkSender) -> dict[int, str]:
    found: dict[int, str] = {}
    while results := sender.collect():
        found |= outcomes(results)
    return found


def test_each_submission_is_answered_once_and_each_script_rung_for_once(place: Place):
    scripts = [next(_scripts) for _ in range(250)]
    sender = place.sender()

    assert sender.put(outgoing(*(beginning(script_id) for script_id in scripts))) == []
    assert place.rung == scripts
    assert (sender.outstanding, sender.collect()) == (250, [])

    place.drain()
    assert collected(sender) == dict.fromkeys(range(1, 251), "applied")
    assert sender.outstanding == 0


def test_what_was_answered_before_is_found_without_another_row(place: Place):
    script_id = next(_scripts)
    batch = outgoing(beginning(script_id), beginning(script_id, "late"))
    first = place.sender()
    first.put(batch)
    place.drain()

    again = place.sender().put(batch)
    assert [(result.key, result.before) for result in again] == [(1, True), (2, True)]
    assert outcomes(again) == {1: "applied", 2: "refused"}
    assert place.pending(script_id) == 0
    assert place.version(script_id) == 1


def test_a_sender_that_died_is_continued_by_another(place: Place):
    scripts = [next(_scripts) for _ in range(5)]
    batch = outgoing(*(beginning(script_id) for script_id in scripts))
    place.sender().put(batch[:2])
    place.drain()
    place.sender().put(batch[2:4])  # it died before they were answered

    sender = place.sender()
    assert outcomes(sender.put(batch)) == {1: "applied", 2: "applied"}
    assert sender.outstanding == 3
    assert [place.pending(script_id) for script_id in scripts] == [0, 0, 1, 1, 1]
    place.drain()
    assert collected(sender) == {3: "applied", 4: "applied", 5: "applied"}


def test_other_content_under_an_id_is_refused_wherever_the_first_is(place: Place):
    scripts = [next(_scripts) for _ in range(4)]
    answered, pending, outstanding, together = scripts
    place.sender().put(outgoing(beginning(answered)))
    place.drain()
    place.sender().put(outgoing(beginning(pending)))
    sender = place.sender()
    sender.put([Outgoing.of(100, beginning(outstanding))])

    others = [beginning(script_id, text="Snow.") for script_id in (answered, pending, outstanding)]
    results = sender.put(
        [*outgoing(*others), *(Outgoing.of(key, beginning(together, text=str(key))) for key in (8, 9))]
    )

    assert outcomes(results) == dict.fromkeys((1, 2, 3, 9), "same_id_other_content")
    place.drain()
    assert collected(sender) == {100: "applied", 8: "applied"}


def test_a_submission_that_is_sent_twice_has_one_effect_and_two_results(place: Place):
    script_id = next(_scripts)
    sender = place.sender()
    sender.put([Outgoing.of(1, beginning(script_id)), Outgoing.of(2, beginning(script_id))])
    sender.put([Outgoing.of(3, beginning(script_id))])

    assert place.pending(script_id) == 1
    place.drain()
    assert collected(sender) == {1: "applied", 2: "applied", 3: "applied"}


def test_one_that_is_too_large_for_the_database_stops_no_other(place: Place):
    scripts = [next(_scripts) for _ in range(3)]
    lines = tuple(Line(f"l{number}", "action", "x" * 1_000_000) for number in range(9))
    large = msgspec.structs.replace(beginning(scripts[1]), commands=(ScriptCreate(title="Large", lines=lines),))
    sender = place.sender()

    results = sender.put(outgoing(beginning(scripts[0]), large, beginning(scripts[2])))
    fits = place.packet_bytes() > 2 * 9_100_000  # each byte of a payload is two digits in the statement
    refused = {} if fits else {2: "too_large_for_database"}
    assert outcomes(results) == refused
    place.drain()
    answered = (1, 2, 3) if fits else (1, 3)
    assert collected(sender) == dict.fromkeys(answered, "applied")


def test_a_user_and_a_program_do_not_take_over_each_other_s_submissions(place: Place):
    with place.unit_of_work.records() as tx:
        ann, ben = (tx.users.add(f"{name}{next(_scripts)}@example.org", 1) for name in ("ann", "ben"))
    script_id = next(_scripts)
    first = beginning(script_id)
    place.sender().put(outgoing(first, user_id=ann))

    assert outcomes(place.sender().put(outgoing(first, user_id=ben))) == {1: "same_id_other_content"}
    assert place.sender().put(outgoing(first, user_id=ann)) == []
    with place.unit_of_work.reading() as tx:
        held = tx.inbox.held(script_id, "begin")
    assert held is not None
    assert held.user_id == ann

    assert place.sender().put(outgoing(first)) == []  # the program is responsible from now on
    with place.unit_of_work.reading() as tx:
        held = tx.inbox.held(script_id, "begin")
    assert held is not None
    assert held.user_id is None


def test_senders_at_the_same_moment_send_each_submission_once(place: Place):
    scripts = [next(_scripts) for _ in range(60)]
    batch = outgoing(*(beginning(script_id) for script_id in scripts))
    senders = [place.sender() for _ in range(3)]
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda sender: sender.put(batch), senders)) == [[], [], []]

    assert [place.pending(script_id) for script_id in scripts] == [1] * 60
    place.drain()
    for sender in senders:
        assert collected(sender) == dict.fromkeys(range(1, 61), "applied")


def test_what_has_no_answer_does_not_hide_the_answers_of_others(place: Place):
    silent, answered = next(_scripts), next(_scripts)
    sender = place.sender()
    sender.put(outgoing(*(beginning(silent, f"s{number}") for number in range(ANSWERS_PER_LOOK + 10))))
    sender.put([Outgoing.of(9_000, beginning(answered))])
    place.ledger.drain(answered)

    found: dict[int, str] = {}
    for _ in range(2):
        found |= outcomes(sender.collect())
    assert found == {9_000: "applied"}
    assert len(sender.give_up({silent})) == ANSWERS_PER_LOOK + 10
    assert sender.outstanding == 0
