"""Intake tests: a message goes into the inbox or the dead letters, exactly once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from domain.refusals import SameIdOtherContent
from domain.submissions.submission import MAX_SUBMISSION_BYTES, Submission, decode_submission, encode_submission
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.submissions.dead_letters import DeadLetter
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, B, ScriptEditor, create, edit
from workers.app import app
from workers.intake.intake import KEPT_BYTES, Intake
from workers.messaging.bell import LoneBell
from workers.process.roles import ROLES, MixedRolesError, transport_options
from workers.producers.producer import Producer

UNREACHABLE = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module")
def unit_of_work(database_url: str) -> Iterator[UnitOfWork]:
    engine = make_engine(database_url)
    upgrade.upgrade(engine)
    yield UnitOfWork(engine)
    engine.dispose()


@pytest.fixture
def editor(unit_of_work: UnitOfWork) -> ScriptEditor:
    return ScriptEditor(unit_of_work, Ledger(unit_of_work, clock=count(1_000).__next__)).begin(A, B)


@pytest.fixture(scope="module")
def intake(unit_of_work: UnitOfWork) -> Intake:
    """An intake whose broker is unreachable: ringing is left to the reconciler and must not fail."""
    return Intake(unit_of_work, LoneBell(UNREACHABLE))


def as_object(submission: Submission) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(encode_submission(submission))
    return decoded


def dead_letters(unit_of_work: UnitOfWork, submission_id: str) -> list[DeadLetter]:
    with unit_of_work.reading() as tx:
        return [row for row in tx.rejected.read(limit=10_000) if row.submission_id == submission_id]


@pytest.mark.parametrize("form", ["text", "object"])
def test_a_submission_is_answered_like_any_other(intake: Intake, editor: ScriptEditor, form: str):
    submission = editor.submission(edit(A, "É, written elsewhere."))
    argument = as_object(submission) if form == "object" else json.dumps(as_object(submission), indent=2)

    intake.take_message([argument], {}, "message-1")

    assert editor.drain() == 1
    assert editor.texts()[0] == "É, written elsewhere."


def test_a_new_script_can_be_created(intake: Intake, editor: ScriptEditor):
    new = ScriptEditor(editor.unit_of_work, editor.ledger)

    intake.take(encode_submission(new.submission(create(A), base=0)), "message-2")

    new.drain()
    assert new.version == 1


def test_a_message_delivered_twice_is_applied_and_answered_once(intake: Intake, editor: ScriptEditor):
    payload = encode_submission(editor.submission(edit(A, "Once."), id="twice"))

    intake.take(payload, "message-3")
    intake.take(json.dumps(json.loads(payload), indent=1).encode(), "message-3")
    assert editor.waiting() == 1
    editor.drain()
    intake.take(payload, "message-3")
    editor.drain()

    assert editor.version == 2
    assert editor.dead() == []


def test_a_pending_submission_in_another_field_order_is_the_same(intake: Intake, editor: ScriptEditor):
    submission = editor.submission(edit(A, "Once."), id="by-hand")
    editor.enqueue_bytes("by-hand", json.dumps(as_object(submission), indent=2, sort_keys=True).encode())

    intake.take(encode_submission(submission), "message-9")
    Producer(editor.unit_of_work, LoneBell(UNREACHABLE)).enqueue(submission)

    assert (editor.waiting(), editor.dead()) == (1, [])
    with pytest.raises(SameIdOtherContent):
        Producer(editor.unit_of_work, LoneBell(UNREACHABLE)).enqueue(editor.submission(edit(A, "Other."), id="by-hand"))


def test_the_same_id_with_other_content_becomes_one_dead_letter(intake: Intake, editor: ScriptEditor):
    first, second = (encode_submission(editor.submission(edit(A, text), id="same")) for text in ("One.", "Two."))
    intake.take(first, "message-4")

    intake.take(second, "message-5")
    intake.take(second, "message-5")

    assert [(row.code, row.payload) for row in editor.dead()] == [("same_id_other_content", second)]
    editor.drain()
    assert editor.texts()[0] == "One."


@pytest.mark.parametrize("depth", [500, 5_000, 100_000])
def test_a_deeply_nested_submission_is_answered_on_every_interpreter(intake: Intake, editor: ScriptEditor, depth: int):
    right = encode_submission(editor.submission(edit(A, "?"), id=f"deep-{depth}"))
    # The nesting precedes the id, which is still read.
    deep = right.replace(b"{", b'{"more":' + b"[" * depth + b"]" * depth + b",", 1)

    intake.take(deep, "message-9")

    editor.drain()
    answer = editor.answer(f"deep-{depth}")
    assert answer
    assert answer.refusal
    assert answer.refusal.code == "unknown_field"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"commands": [{"kind": "line.invent"}]}, "unknown_kind"),
        ({"base_version": "1"}, "wrong_type"),
        ({"commands": []}, "no_commands"),
        ({"extra": 1}, "unknown_field"),
        ({"author": "ai"}, "author_incomplete"),
    ],
)
def test_an_invalid_submission_that_names_its_script_is_answered(
    intake: Intake, editor: ScriptEditor, change: dict[str, Any], code: str
):  # fmt: skip
    wrong = {**as_object(editor.submission(edit(A, "?"), id="wrong")), **change}

    intake.take_message([wrong], {}, "message-6")

    editor.drain()
    answer = editor.answer("wrong")
    assert answer
    assert answer.refusal
    assert (answer.outcome, answer.refusal.code) == ("refused", code)
    assert [row.code for row in editor.dead()] == [code]
    assert editor.version == 1


@pytest.mark.parametrize(
    ("args", "kwargs", "code"),
    [
        (["{"], {}, "undecodable"),
        ([""], {}, "undecodable"),
        (["\ud800"], {}, "undecodable"),
        (['{"script_id": 1}'], {}, "missing_field"),
        (['{"script_id": 0, "submission_id": "x"}'], {}, "missing_field"),
        (['{"script_id": 9223372036854775808, "submission_id": "x"}'], {}, "missing_field"),
        (['{"script_id": 1, "submission_id": "no id"}'], {}, "missing_field"),
        (["[" * 100_000], {}, "wrong_type"),
        ([], {}, "undecodable"),
        ([1], {}, "undecodable"),
        ([{}, {}], {}, "undecodable"),
        ([{}], {"more": 1}, "undecodable"),
        ([{"script_id": 1, "submission_id": "x", "base_version": float("nan")}], {}, "undecodable"),
    ],
)
def test_a_message_without_a_script_becomes_one_dead_letter(
    intake: Intake, unit_of_work: UnitOfWork, args: list[Any], kwargs: dict[str, Any], code: str
):
    message = f"lost-{abs(hash((repr(args)[:200], repr(kwargs))))}"

    intake.take_message(args, kwargs, message)
    intake.take_message(args, kwargs, message)

    [row] = dead_letters(unit_of_work, message)
    assert (row.script_id, row.code) == (0, code)
    assert row.payload if args != [""] else row.payload == b""


def test_a_payload_that_is_too_large_is_cut_in_its_dead_letter(intake: Intake, editor: ScriptEditor):
    payload = encode_submission(editor.submission(edit(A, "x" * MAX_SUBMISSION_BYTES), id="large"))

    intake.take(payload, "message-7")

    [row] = editor.dead()
    assert (row.submission_id, row.code, row.payload) == ("large", "submission_too_large", payload[:KEPT_BYTES])
    assert editor.waiting() == 0


def test_a_payload_that_the_broker_changed_becomes_a_dead_letter(intake: Intake, unit_of_work: UnitOfWork):
    # kombu turns such objects into dates: content that a submission sent as text would have kept.
    intake.take_message([{"script_id": 1, "at": {1, 2}}], {}, "no-json")

    assert [row.code for row in dead_letters(unit_of_work, "no-json")] == ["undecodable"]


def test_a_valid_submission_is_stored_in_canonical_form(intake: Intake, editor: ScriptEditor):
    submission = editor.submission(edit(A, "x"), id="canonical")

    intake.take(json.dumps(as_object(submission), indent=2).encode(), "message-8")

    with editor.unit_of_work.reading() as tx:
        waiting = tx.inbox.payload_of(editor.script_id, "canonical")
    assert waiting == encode_submission(submission)
    assert decode_submission(waiting) == submission


def test_the_role_serves_the_queue_that_its_tasks_are_routed_to():
    role = ROLES["intake"]

    assert (role.queue, role.acknowledges) == ("intake", True)
    app.loader.import_default_modules()
    for name in ("scriptledger.intake", "scriptledger.set_aside"):
        assert app.conf.task_routes[name] == {"queue": "intake"}
        task = app.tasks[name]
        assert (task.acks_late, task.reject_on_worker_lost, task.acks_on_timeout) == (True, True, False)
        assert task.send_events is False, "its arguments are the script"


@pytest.mark.parametrize("other", [role for role in ROLES.values() if role.acknowledges], ids=lambda role: role.name)
def test_commands_cannot_be_served_with_an_acknowledging_queue(other: Any):
    with pytest.raises(MixedRolesError):
        transport_options(["commands", other.queue], {})
