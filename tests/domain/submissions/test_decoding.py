"""Submissions are decoded strictly: each refusal has its stable code and names the field."""

from __future__ import annotations

import json

import pytest

from domain.commands.kinds.line_edit import LineEdit
from domain.errors import MAX_MESSAGE, Rejected
from domain.script.validation import MAX_TEXT_BYTES
from domain.submissions.submission import MAX_COMMANDS, decode_submission
from tests.domain.submissions.bad_submissions import AT_THE_DOOR, EDIT, edit, sent


@pytest.mark.parametrize(
    ("name", "at"), [(name, at) for name, cases in AT_THE_DOOR.items() for at in range(len(cases))]
)
def test_invalid_content_is_refused_at_decoding(name: str, at: int) -> None:
    data, sentence = AT_THE_DOOR[name][at]
    with pytest.raises(Rejected) as refused:
        decode_submission(data)

    assert type(refused.value).__name__ == name
    assert sentence in refused.value.message
    assert len(refused.value.message) <= MAX_MESSAGE


def test_an_answer_names_the_field_as_a_fact() -> None:
    with pytest.raises(Rejected) as refused:
        decode_submission(sent(EDIT, EDIT | {"text": "a\nb"}))

    assert refused.value.facts == {"field": "commands[1].text", "position": 1}


def test_a_refused_command_is_named_even_without_a_field() -> None:
    with pytest.raises(Rejected) as refused:
        decode_submission(sent(EDIT, {"kind": "script.set_metadata", "fields": {"title": None}}))

    assert refused.value.facts["field"] == "commands[1]"


def test_a_long_message_is_truncated() -> None:
    with pytest.raises(Rejected) as refused:
        decode_submission(edit(**{"x" * 100_000: 1}))

    assert len(refused.value.message) <= MAX_MESSAGE
    assert len(json.dumps(refused.value.facts)) <= MAX_MESSAGE


@pytest.mark.parametrize(
    "name", ["\x1b[2J", "a\x00\x7f\x9b", "\u202eabc\u2066", "two\r\nlines", "x" * 990 + "\x07" * 99]
)
def test_a_message_escapes_control_characters(name: str) -> None:
    with pytest.raises(Rejected) as refused:
        decode_submission(edit(**{name: 1}))

    assert refused.value.message.replace("…", "").isprintable()
    assert len(refused.value.message) <= MAX_MESSAGE
    assert name[:50] in refused.value.facts["problem"]


def test_of_a_field_sent_twice_the_last_counts() -> None:
    twice = edit().replace(b'"text": "x"', b'"text": "first", "text": "last"')

    assert decode_submission(twice) == decode_submission(edit(text="last"))


def test_characters_that_screenplays_need_are_accepted() -> None:
    text = "\té e\u0301 👩\u200d👩\u200d👧 “…” \u2028 \ufeff \\ud800 \U0010ffff"

    command = decode_submission(edit(text=text)).commands[0]

    assert isinstance(command, LineEdit)
    assert command.text == text


def test_the_largest_text_is_accepted() -> None:
    decode_submission(edit(text="x" * MAX_TEXT_BYTES))


def test_the_largest_number_of_commands_is_accepted() -> None:
    assert len(decode_submission(sent(*[EDIT] * MAX_COMMANDS)).commands) == MAX_COMMANDS
