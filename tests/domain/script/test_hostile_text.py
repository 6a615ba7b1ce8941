"""Checks of hostile texts, up to the limits and beyond, are fast: the length is checked first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from domain.accounts import check_email, email_key
from domain.chat import ChatMessage, Usage, check_message, check_usage
from domain.commands.kinds.version_label import VersionLabel
from domain.errors import Corrupt, Rejected
from domain.formats import fdx, fountain
from domain.proposals.model_output import decode_proposed
from domain.script.line import Line
from domain.script.metadata import check_metadata
from domain.script.validation import (
    MAX_TEXT_BYTES,
    check_attrs,
    check_expect,
    check_id,
    check_line,
    check_name,
    check_payload,
    check_sep,
    check_text,
)
from domain.submissions.submission import decode_commands, decode_submission
from materialization.diff.word_diff import compare_words, count_words
from tests.cpu_limit import cpu_limit
from tests.domain.submissions.bad_submissions import beat, edit, sent

MAX_SECONDS = 2.0
UNITS = (
    "\r\n", "\n", "\r", "\n\r", "a", "a ", " ", "\t", "\\", "\\\\", "\\\"", "'", "\"", "`", " - at `$", "`$.a`",
    "a@", "@", "0315\u0315\u0300", "\u0315\u0316", "\ufdfa", "’", "a’", "_", "[[", "]]", "/*", "*/", "<", ">", "#", "(",
    "INT. ", "a:", "=", "~", "\U0001f600", "\u2028", "\x00", "\x9b", "\ud800", "{", "}", "{0}", "%s", "\\ud800", "\\u",
)  # fmt: skip
ENDS = ("", "x\x00")


def texts(size: int) -> Iterator[str]:
    for unit in UNITS:
        for end in ENDS:
            yield unit * (size // len(unit)) + end


def lines_of(text: str) -> bytes:
    return text.encode(errors="replace")


def ids() -> Callable[[], str]:
    numbers = count()
    return lambda: f"n{next(numbers)}"


CHECKS: dict[str, Callable[[str], Any]] = {
    "text": lambda text: check_text("f", text),
    "prose": lambda text: check_text("f", text, line_ends=True),
    "separator": lambda text: check_sep("f", text),
    "id": lambda text: check_id("f", text),
    "name": lambda text: check_name("f", text),
    "expect": lambda text: check_expect("f", text),
    "attribute": lambda text: check_attrs("f", {"a": text}),
    "attribute name": lambda text: check_attrs("f", {text: True}),
    "line": lambda text: check_line("f", Line(id="l", format="action", text=text, sep=text)),
    "payload": lambda text: check_payload("f", {"a": text}),
    "payload's name": lambda text: check_payload("f", {text: 1}),
    "metadata": lambda text: check_metadata({"title": text}),
    "metadata name": lambda text: check_metadata({text: "x"}),
    "label": lambda text: VersionLabel(name=text, version=1).check(),
    "colour": lambda text: VersionLabel(name="a", version=1, color=text).check(),
    "email": check_email,
    "email key": email_key,
    "chat": lambda text: check_message(ChatMessage(role="user", content=text, intent=text, metadata={"a": text})),
    "usage": lambda text: check_usage(Usage(model=text, currency=text)),
    "submission": lambda text: decode_submission(text.encode(errors="surrogatepass")),
    "submission's unknown field": lambda text: decode_submission(edit(**{text: 1})),
    "submission's unknown kind": lambda text: decode_submission(edit(kind=text)),
    "submission's text": lambda text: decode_submission(edit(text=text, sep=text)),
    "submission's hash": lambda text: decode_submission(edit(expect=text, line=text)),
    "submission's payload": lambda text: decode_submission(beat({text: text})),
    "submission's frame": lambda text: decode_submission(
        sent(actor=text, after_submission=text, cause={"prompt": text, "prompt_sha256": text, "model": text})
    ),
    "half a surrogate": lambda text: decode_submission(edit(text="?").replace(b"?", text.encode(errors="replace"))),
    "stored commands": lambda text: decode_commands(b"[" + text.encode(errors="replace")),
    "answer of a model": lambda text: decode_proposed(json.dumps({text: text})[: 256 << 10].encode()),
}
READERS: dict[str, Callable[[str], Any]] = {
    "words": count_words,
    "words compared": lambda text: compare_words(text, text[1:] + "!"),
    "fountain": lambda text: fountain.read(lines_of(text), ids()),
    "fountain's title page": lambda text: fountain.read(lines_of("Title: x\n" + text), ids()),
    "fdx": lambda text: fdx.read(lines_of(text), ids()),
    "fdx's text": lambda text: fdx.read(paragraph(text), ids()),
    "fdx's attribute": lambda text: fdx.read(paragraph("x", ScriptLedger=json.dumps({"sep": text})), ids()),
    "fdx's runs": lambda text: fdx.read(paragraph("x", Number=text, Type=text), ids()),
}


def paragraph(text: str, **attributes: str) -> bytes:
    given = "".join(f" {name}='{escaped(value)}'" for name, value in ({"Type": "Action"} | attributes).items())
    xml = f"<FinalDraft><Content><Paragraph{given}><Text>{escaped(text)}</Text></Paragraph></Content></FinalDraft>"
    return xml.encode(errors="replace")


def escaped(text: str) -> str:
    return "".join(
        character if character.isalnum() or character in " :.[]*/#()_-" else f"&#{ord(character)};"
        for character in text
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_a_check_is_fast(name: str) -> None:
    for text in texts(MAX_TEXT_BYTES):
        with (
            cpu_limit(MAX_SECONDS, f"{name} of {text[:20]!r}…{text[-2:]!r}"),
            suppress(Rejected, Corrupt, UnicodeError),
        ):
            CHECKS[name](text)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_reader_is_fast(name: str) -> None:
    for text in texts(MAX_TEXT_BYTES >> 5):
        with cpu_limit(MAX_SECONDS, f"{name} of {text[:20]!r}…{text[-2:]!r}"), suppress(Rejected):
            READERS[name](text)


@pytest.mark.parametrize("pairs", [20, 40, 500, 1 << 19])
def test_long_separators_with_other_characters_are_refused_quickly(pairs: int) -> None:
    with cpu_limit(MAX_SECONDS, "a separator"), pytest.raises(Rejected) as refused:
        decode_submission(edit(sep="\r\n" * pairs + "x"))

    assert refused.value.code == "bad_separator"


def test_a_payload_of_many_deep_values_is_refused_by_its_size() -> None:
    """Its path of 6 KB was once built for each of 8 million values."""
    payload: Any = [0] * 2_000_000
    for _ in range(30):
        payload = {"n" * 200: payload}

    with cpu_limit(MAX_SECONDS, "a payload"), pytest.raises(Rejected) as refused:
        check_payload("payload", payload)

    assert refused.value.code == "text_too_long"


def test_the_path_of_a_deep_refused_value_is_named() -> None:
    with pytest.raises(Rejected) as refused:
        decode_submission(beat({"a": [1, {"b": ["x", "\x00"]}]}))

    assert refused.value.facts["field"] == "commands[0].element.payload.a[1].b[1]"
