"""Text of a model's answer: finds the JSON in what models write around it.

Taken are a byte order mark, a block of thoughts before the answer, a code fence, sentences around the JSON, and commas
before a closing bracket. An answer that is broken or cut is none, and no part of it is taken for the whole. JSON values
that follow each other, such as one hunk per row, are one answer; with words between them they are returned for
correction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from domain.proposals.refusals import ModelOutputNotJson, ModelRefused
from domain.script.json_depth import cut_deep

MAX_PROBLEM = 300
# Places at which JSON is looked for; each failed attempt may read the rest of the answer.
MAX_ATTEMPTS = 24

_THOUGHTS = re.compile(r"\A\s*<(think|thinking|thought|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
# A chat template may write the opening tag itself: then the answer has only the closing one.
_END_OF_THOUGHTS = re.compile(r"\A[^{]*?</(?:think|thinking|thought|reasoning)>", re.DOTALL | re.IGNORECASE)
_UNENDED_THOUGHTS = re.compile(r"\A\s*<(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
_OPENING = re.compile(r'\{\s*"|\[\s*\{')
# Strings are skipped whole, even one that does not end: a comma in them stays.
_TRAILING_COMMA = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+|,(?=\s*[}\]])', re.DOTALL)
_REFUSAL = re.compile(
    r"\W*(?:(?:i['’]?m|i am)\s+(?:so |very |really )?(?:sorry|afraid|unable|not able)|sorry\b"
    r"|i (?:can['’]?t|cannot|can not|won['’]?t|will not|must decline|decline)"
    r"|unfortunately,? i (?:can|am|must)|as an ai\b)",
    re.IGNORECASE,
)
_scanner = json.JSONDecoder()
_KEYS = ("hunks", "edits", "lines", "edit")
# What is broken is an answer if it begins like one, or has one of its keys before the place that cannot be read.
_ANSWER_OPENING = re.compile(r'\[\s*\{|\{\s*"(?:hunks|edits?|lines|why)"')
_ANSWER_KEY = re.compile(r'"(?:hunks|edits?|lines|why)"\s*:')
# What may be between values that are one answer.
_SEPARATOR = re.compile(r"[\s,;]*")


class _Found(NamedTuple):
    """A JSON value, the text between it and the value before, and whether something before could not be read."""

    value: Any
    before: str
    after_failure: bool


def text_of(output: bytes) -> str:
    """The words of an answer, without thoughts.

    Raises:
        ModelOutputNotJson: it is not text, or only thoughts.
    """
    try:
        text = output.decode()
    except UnicodeDecodeError as error:
        raise ModelOutputNotJson(problem=str(error)[:MAX_PROBLEM]) from None
    text = text.lstrip("\ufeff")
    for thoughts in (_THOUGHTS, _END_OF_THOUGHTS):
        text = thoughts.sub("", text, count=1)
    if _UNENDED_THOUGHTS.match(text):
        raise ModelOutputNotJson(problem="its thoughts do not end")
    return text.strip()


def json_in(text: str) -> Any:
    """The JSON value in an answer that proposes edits; if there is none, the only other value.

    Raises:
        ModelRefused: it is a refusal in words.
        ModelOutputNotJson: there is none.
    """
    try:
        value = _whole(text)
    except ValueError as error:
        problem = str(error)[:MAX_PROBLEM]
    else:
        with suppress(ValueError):
            # Some models encode their JSON twice.
            return _whole(value) if isinstance(value, str) else value
        return value
    found = _embedded(text)
    proposed = [each for each in found if _holds_edits(each.value)]
    if proposed:
        return _joined(proposed)
    named = [each.value for each in found if _proposes(each.value)]
    if named or len(found) == 1:
        return (named or [found[0].value])[-1]
    if _REFUSAL.match(text) and "{" not in text and "```" not in text:
        raise ModelRefused(words=text[:MAX_PROBLEM])
    raise ModelOutputNotJson(problem=problem)


def holds_answer(text: str) -> bool:
    """Whether there is the beginning of a JSON answer in a text."""
    opening = _OPENING.search(text)
    return opening is not None and _ANSWER_KEY.search(text, opening.start()) is not None


def without_fence(text: str) -> str:
    """The content of the only code fence in a text, or the text."""
    fences = _FENCE.findall(text)
    return fences[0].strip() if len(fences) == 1 else text


def _whole(text: str) -> Any:
    data = text.encode(errors="replace")
    shallow = cut_deep(data) or data
    try:
        return msgspec.json.decode(shallow)
    except msgspec.DecodeError:
        mended = _TRAILING_COMMA.sub(lambda found: "" if found[0] == "," else found[0], shallow.decode())
        if len(mended) == len(shallow.decode()):
            raise
        return msgspec.json.decode(mended)


def _embedded(text: str) -> list[_Found]:
    """JSON values in an answer, in order: those in each fence, or else wherever something begins like one.

    Raises:
        ModelOutputNotJson: an answer among them is broken or cut.
    """
    fences = [found for found in _FENCE.findall(text)[:MAX_ATTEMPTS] if _OPENING.match(found.strip())]
    pieces = [list(_values(piece)) for piece in fences or [text]]
    for piece in pieces[1:]:
        piece[:1] = [first._replace(before="```") for first in piece[:1]]
    return [found for piece in pieces for found in piece]


def _values(text: str) -> Iterator[_Found]:
    begin = end = attempts = 0
    mended = _TRAILING_COMMA.sub(lambda found: "" if found[0] == "," else found[0], text)
    while opening := _OPENING.search(mended, end):
        start = opening.start()
        if attempts == MAX_ATTEMPTS:
            raise ModelOutputNotJson(problem=f"{attempts} places in it begin like JSON and are none")
        try:
            end = _scanner.raw_decode(mended, start)[1]
            # Only the end is taken from this decoder, which allows NaN and half surrogates.
            found = _Found(_whole(mended[start:end]), mended[begin:start], attempts > 0)
        except (ValueError, RecursionError) as error:
            rest = end if end > start else len(mended)
            read = error.pos if isinstance(error, json.JSONDecodeError) else rest
            if _ANSWER_OPENING.match(mended, start) or _ANSWER_KEY.search(mended, start, read):
                raise ModelOutputNotJson(problem=f"its answer is broken or cut: {error}"[:MAX_PROBLEM]) from None
            attempts += 1
            end = opening.end()
        else:
            yield found
            begin = end


def _joined(proposed: list[_Found]) -> Any:
    """One answer of all values that hold edits; a value that is repeated counts once.

    Raises:
        ModelOutputNotJson: an edit without the answer around it may be part of a broken one; or there are words between
            the values, so that one of them may be a thought.
    """
    if any(
        not _is_wrapped(each.value) and (each.after_failure or _ANSWER_KEY.search(each.before)) for each in proposed
    ):
        raise ModelOutputNotJson(problem="there is an edit in it, but not as part of an answer")
    different = list({msgspec.json.encode(each.value): each for each in reversed(proposed)}.values())[::-1]
    if len(different) == 1:
        return different[0].value
    if all(_SEPARATOR.fullmatch(each.before) for each in different[1:]):
        return [part for each in different for part in _parts(each.value)]
    raise ModelOutputNotJson(problem=f"{len(different)} JSON values in it propose edits; send one with all hunks")


def _parts(value: Any) -> list[Any]:
    """The hunks in a value, or its edits, or itself."""
    if isinstance(value, dict) and isinstance(value.get("hunks"), list):
        return list(value["hunks"])
    if isinstance(value, dict) and "edits" not in value and "edit" not in value:
        return [{"why": value.get("why"), "edits": [{**value, "edit": "replace"}]}]
    return value if isinstance(value, list) else [value]


def _is_wrapped(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_wrapped(each) for each in value)
    return isinstance(value, dict) and ("hunks" in value or "edits" in value)


def _holds_edits(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, dict) and _holds_edits(each) for each in value)
    if not isinstance(value, dict):
        return False
    return "edit" in value or any(isinstance(value.get(key), list) and value[key] for key in _KEYS)


def _proposes(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, dict) and _proposes(each) for each in value)
    return isinstance(value, dict) and any(key in value for key in _KEYS)
