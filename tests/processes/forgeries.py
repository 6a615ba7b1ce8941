"""Histories that agree with themselves in everything but one rule of the history checker."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from msgspec.structs import replace

from domain.script.hashing import expect_hash
from domain.submissions.submission import decode_submission, encode_command, encode_submission
from tests.processes.true_history import LINES, Case
from tests.processes.violations import Write

FORGERIES: list[tuple[str, Write]] = []


def violates_only(rule: str) -> Callable[[Write], Write]:
    """A forgery that agrees with itself in everything but this rule."""

    def add(write: Write) -> Write:
        FORGERIES.append((rule, write))
        return write

    return add


@violates_only("acknowledged_is_answered")
def the_last_update_is_lost_with_its_answer(case: Case) -> None:
    case.forget_answers_given()
    case.execute("DELETE FROM submissions WHERE script_id = :script AND submission_id = 'c3'")
    case.forge(case.stored.commands[:-1])


@violates_only("effects_are_as_sent")
def a_text_is_changed(case: Case) -> None:
    *log, last = case.stored.commands
    case.forge([*log, replace(last, payload=last.payload.replace(b'"last"', b'"lost"'))])


@violates_only("effects_are_as_sent")
def a_base_version_is_changed(case: Case) -> None:
    log = case.stored.commands
    log[2] = replace(log[2], base_version=2)
    case.forge(log)


@violates_only("effects_are_as_sent")
def a_command_that_no_producer_sent_is_slipped_in(case: Case) -> None:
    case.records[:] = [one for one in case.records if one.submission_id != "c3"]


@violates_only("effects_are_as_sent")
def half_of_an_atomic_submission_is_missing(case: Case) -> None:
    case.forget_answers_given()
    *log, edit, _, mine, last = case.stored.commands
    case.forge([*log, edit, mine, last])


@violates_only("no_update_is_lost")
def an_edit_overwrites_what_its_author_had_not_seen(case: Case) -> None:
    log = case.stored.commands
    [one] = [one for one in case.records if one.submission_id == "b4"]
    submission = decode_submission(one.payload)
    edit, insert = submission.commands
    stale = replace(submission, commands=(replace(edit, expect=expect_hash(LINES["b"])), insert))
    payload = encode_submission(stale)
    case.tell("b4", payload=payload)
    case.execute(
        "UPDATE submissions SET content_hash = :hash WHERE script_id = :script AND submission_id = 'b4'",
        hash=sha256(payload).digest(),
    )
    place = next(place for place, entry in enumerate(log) if entry.submission_id == "b4")
    log[place] = replace(log[place], payload=encode_command(stale.commands[0]))
    case.forge(log)


@violates_only("producers_keep_their_order")
def two_submissions_of_a_producer_change_places(case: Case) -> None:
    case.forget_answers_given()
    log = case.stored.commands
    case.forge([*log[:1], log[4], *log[2:4], log[1], *log[5:]])
