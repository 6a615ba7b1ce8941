"""Text of a model's answer: finds the JSON in what models write around it.

Taken are a byte order mark, a block of thoughts before the answer, a code fence, sentences around the JSON, and commas
before a closing bracket. Of several JSON values that propose edits the last one counts: models think first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

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
    found = list(_embedded(text))
    for value in reversed(found):
        if _proposes(value):
            return value
    if len(found) == 1:
        return found[0]
    if _REFUSAL.match(text):
        raise ModelRefused(words=text[:MAX_PROBLEM])
    raise ModelOutputNotJson(problem=problem)


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


def _embedded(text: str) -> Iterator[Any]:
    """JSON values in an answer, in order: the content of each fence, or else what begins like one."""
    fences = [found for found in _FENCE.findall(text)[:MAX_ATTEMPTS] if _OPENING.match(found.strip())]
    for content in fences:
        try:
            yield _whole(content.strip())
        except ValueError:
            continue
    if fences:
        return
    end = attempts = 0
    mended = _TRAILING_COMMA.sub(lambda found: "" if found[0] == "," else found[0], text)
    while attempts < MAX_ATTEMPTS and (opening := _OPENING.search(mended, end)):
        try:
            end = _scanner.raw_decode(mended, opening.start())[1]
            # Only the end is taken from this decoder, which allows NaN and half surrogates.
            yield _whole(mended[opening.start() : end])
        except (ValueError, RecursionError):
            attempts += 1
            end = opening.end()


def _proposes(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(each, dict) and _proposes(each) for each in value)
    return isinstance(value, dict) and any(key in value for key in _KEYS)
