"""Every way a history can be wrong that the history checker must find, each with the rule that must say so."""

from __future__ import annotations

import json
from collections.abc import Callable

from msgspec.structs import replace

from domain.script.keyframe import encode_keyframe
from domain.script.state import State
from tests.processes.true_history import Case

Write = Callable[[Case], None]
VIOLATIONS: list[tuple[str, Write]] = []


def violates(rule: str) -> Callable[[Write], Write]:
    """A way to damage a history, and the rule that must find it."""

    def add(write: Write) -> Write:
        VIOLATIONS.append((rule, write))
        return write

    return add


# Damage to single rows.


@violates("numbers_are_dense")
def a_version_is_dropped(case: Case) -> None:
    case.execute("DELETE FROM script_versions WHERE script_id = :script AND version_number = 3")


@violates("numbers_are_dense")
def a_command_is_dropped_with_its_version(case: Case) -> None:
    for table in ("script_versions", "script_commands"):
        case.execute(f"DELETE FROM {table} WHERE script_id = :script AND version_number = 3")


@violates("numbers_are_dense")
def the_end_is_truncated(case: Case) -> None:
    for table in ("script_versions", "script_commands"):
        case.execute(f"DELETE FROM {table} WHERE script_id = :script AND version_number > 5")


@violates("numbers_are_dense")
def everything_is_gone_but_the_head(case: Case) -> None:
    for table in ("script_versions", "script_commands"):
        case.execute(f"DELETE FROM {table} WHERE script_id = :script")


@violates("numbers_are_dense")
def the_head_runs_ahead(case: Case) -> None:
    case.execute("UPDATE script_heads SET version_number = version_number + 1 WHERE script_id = :script")


@violates("chain_hashes_follow")
def a_payload_byte_is_changed(case: Case) -> None:
    payload = case.stored.commands[1].payload.replace(b"a one", b"a 0ne")
    case.execute(
        "UPDATE script_commands SET payload = :payload WHERE script_id = :script AND version_number = 2",
        payload=payload,
    )


@violates("chain_hashes_follow")
def an_author_is_changed(case: Case) -> None:
    case.execute("UPDATE script_commands SET author = 'system' WHERE script_id = :script AND version_number = 2")


@violates("chain_hashes_follow")
def two_commands_are_swapped(case: Case) -> None:
    for old, new in ((2, 1_000), (3, 2), (1_000, 3)):
        case.execute(
            "UPDATE script_commands SET version_number = :new WHERE script_id = :script AND version_number = :old",
            old=old,
            new=new,
        )


@violates("chain_hashes_follow")
def the_chain_of_the_head_is_changed(case: Case) -> None:
    case.execute("UPDATE script_heads SET chain_hash = :zero WHERE script_id = :script", zero=bytes(32))


@violates("commands_fold_to_their_versions")
def a_version_lacks_what_another_wrote(case: Case) -> None:
    stored = case.stored
    case.execute(
        "UPDATE script_versions SET state_hash = :old WHERE script_id = :script AND version_number = 4",
        old=stored.versions[2].state_hash,
    )


@violates("commands_fold_to_their_versions")
def a_line_count_is_changed(case: Case) -> None:
    case.execute("UPDATE script_versions SET line_count = 9 WHERE script_id = :script AND version_number = 4")


@violates("commands_fold_to_their_versions")
def the_state_of_the_head_is_changed(case: Case) -> None:
    case.execute("UPDATE script_heads SET state_hash = :zero WHERE script_id = :script", zero=bytes(16))


@violates("deltas_lead_to_their_versions")
def a_delta_byte_is_changed(case: Case) -> None:
    delta = case.stored.versions[1].delta.replace(b"a one", b"a 0ne")
    case.execute(
        "UPDATE script_versions SET delta = :delta WHERE script_id = :script AND version_number = 2", delta=delta
    )


@violates("deltas_lead_to_their_versions")
def a_delta_is_no_delta(case: Case) -> None:
    case.execute("UPDATE script_versions SET delta = :delta WHERE script_id = :script", delta=b"\xff\x00")


@violates("deltas_lead_to_their_versions")
def a_keyframe_is_of_another_state(case: Case) -> None:
    another = encode_keyframe(State.empty())
    case.execute("UPDATE script_keyframes SET state = :state WHERE script_id = :script", state=another)


@violates("deltas_lead_to_their_versions")
def a_keyframe_is_cut_short(case: Case) -> None:
    [keyframe] = case.stored.keyframes.values()
    case.execute("UPDATE script_keyframes SET state = :state WHERE script_id = :script", state=keyframe.state[:-8])


@violates("deltas_lead_to_their_versions")
def a_keyframe_is_dropped(case: Case) -> None:
    case.execute("DELETE FROM script_keyframes WHERE script_id = :script")


@violates("acknowledged_is_answered")
def an_answer_is_removed(case: Case) -> None:
    case.execute("DELETE FROM submissions WHERE script_id = :script AND submission_id = 'b2'")


@violates("acknowledged_is_answered")
def a_submission_still_waits(case: Case) -> None:
    case.execute(
        "INSERT INTO submission_inbox (script_id, submission_id, payload, attempts, enqueued_at) "
        "VALUES (:script, 'late', :payload, 0, 1)",
        payload=b"{}",
    )


@violates("acknowledged_is_answered")
def an_answer_is_for_another_content(case: Case) -> None:
    case.execute(
        "UPDATE submissions SET content_hash = :zero WHERE script_id = :script AND submission_id = 'a1'",
        zero=bytes(32),
    )


@violates("acknowledged_is_answered")
def the_script_is_gone(case: Case) -> None:
    for table in ("script_keyframes", "script_versions", "script_commands", "submissions", "script_heads"):
        case.execute(f"DELETE FROM {table} WHERE script_id = :script")


@violates("answers_say_what_their_columns_say")
def an_answer_says_another_outcome_than_its_column(case: Case) -> None:
    case.execute("UPDATE submissions SET outcome = 'no_op' WHERE script_id = :script AND submission_id = 'b2'")


@violates("every_answer_is_the_same")
def a_second_answer_was_another(case: Case) -> None:
    first, _ = case.records[1].answers
    case.tell("a1", answers=(first, first.replace(b'"applied"', b'"refused"')))


@violates("every_answer_is_the_same")
def the_stored_answer_is_not_the_one_given(case: Case) -> None:
    rest = json.loads(case.stored.answers["b2"].answer)
    rest["refusal"]["message"] = "No."
    case.execute(
        "UPDATE submissions SET answer = :answer WHERE script_id = :script AND submission_id = 'b2'",
        answer=json.dumps(rest).encode(),
    )


@violates("answers_say_what_their_columns_say")
def an_answer_cannot_be_read(case: Case) -> None:
    case.execute("UPDATE submissions SET answer = :answer WHERE script_id = :script", answer=b"{")


@violates("script_is_in_service")
def the_script_is_quarantined(case: Case) -> None:
    case.execute("UPDATE script_heads SET health = 'quarantined' WHERE script_id = :script")


@violates("script_is_in_service")
def the_list_of_scripts_shows_another_title(case: Case) -> None:
    case.execute("UPDATE scripts SET title = 'False' WHERE id = :script")


# Forgeries, in which every hash fits.


@violates("effects_are_as_answered")
def a_submission_has_its_effect_twice(case: Case) -> None:
    log = case.stored.commands
    case.forge([*log, log[3]], answers=False)


@violates("effects_are_as_answered")
def an_update_is_lost_and_its_answer_stays(case: Case) -> None:
    log = case.stored.commands
    case.forge([*log[:3], *log[4:]], answers=False)


@violates("effects_are_as_answered")
def two_commands_are_swapped_and_the_answers_stay(case: Case) -> None:
    log = case.stored.commands
    case.forge([log[0], log[2], log[1], *log[3:]], answers=False)


@violates("effects_are_as_answered")
def a_refused_submission_has_an_effect(case: Case) -> None:
    log = case.stored.commands
    case.forge([*log, replace(log[3], submission_id="b2", actor="b")], answers=False)


@violates("effects_are_as_answered")
def an_effect_has_no_answer(case: Case) -> None:
    case.execute("DELETE FROM submissions WHERE script_id = :script AND submission_id = 'c3'")


@violates("effects_are_as_answered")
def the_commands_of_a_submission_change_places(case: Case) -> None:
    *log, edit, insert, mine, last = case.stored.commands
    case.forge([*log, insert, edit, mine, last])
