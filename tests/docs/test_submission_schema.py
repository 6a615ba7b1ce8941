"""The published JSON Schema and the program: what the program takes is valid, and what is not valid it refuses."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from jsonschema import Draft202012Validator

from domain.commands.base import KINDS
from domain.commands.registry import KINDS as ALL_KINDS
from domain.errors import Rejected
from domain.submissions.submission import Cause, Submission, decode_submission, encode_submission
from tests.cli.running import ROOT
from tests.domain.strategies import command_at, histories
from tests.domain.submissions.bad_submissions import AT_THE_DOOR

PUBLISHED = json.loads((ROOT / "docs" / "reference" / "submission.schema.json").read_text())
VALIDATOR = Draft202012Validator(PUBLISHED)

REFUSED_BY_BOTH = {
    "UnknownField",
    "MissingField",
    "WrongType",
    "UnknownKind",
    "NoCommands",
    "BadId",
    "AuthorIncomplete",
    "NotForAi",
}
"""What a producer can find out with the schema alone, before it sends."""

PROPERTY = settings(max_examples=40)
LONGEST = 2_000  # bytes: Python's own reader of JSON takes no number of 5,000 digits

ONLY_FOR_US = re.compile(rb": (1\.0|1e999)\}")  # to a schema 1.0 is a whole number; and no number is too large for it

SPOILS: list[Any] = [None, True, -1, 0, 1.5, 1 << 53, 1 << 64, "", "a b", "x" * 200, "a\nb", "\x01", [], {}, ["x"]]


@st.composite
def submissions(draw: DrawFn) -> Submission:
    """One with a command of any kind, made for some script."""
    steps = draw(histories(limit=4))
    kind = draw(st.sampled_from(sorted(ALL_KINDS)))
    command = draw(command_at(kind, [step.after for step in steps], wild=draw(st.booleans())))
    author = draw(st.sampled_from(["user", "ai", "system", "import", "backfill"]))
    cause = Cause(model="m", run_id="r", prompt="p") if author == "ai" else Cause()
    return Submission(
        script_id=draw(st.integers(1, (1 << 53) - 1)),
        submission_id=draw(st.from_regex(re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII), fullmatch=True)),
        author=author,
        base_version=draw(st.integers(0, 1 << 52)),
        commands=(command,),
        cause=cause,
        occurred_at=draw(st.none() | st.integers(0, 1 << 52)),
    )


def taken(data: bytes) -> bool:
    """Whether the program takes a submission."""
    try:
        decode_submission(data)
    except Rejected:
        return False
    return True


def test_the_schema_is_one():
    Draft202012Validator.check_schema(PUBLISHED)


@PROPERTY
@given(submissions())
def test_what_the_program_takes_is_valid(submission: Submission):
    data = encode_submission(submission)
    if taken(data):
        VALIDATOR.validate(json.loads(data))


@PROPERTY
@given(submissions(), st.data())
def test_what_is_not_valid_the_program_refuses(submission: Submission, data: st.DataObject):
    spoilt = json.loads(encode_submission(submission))
    spoil(spoilt, data.draw)

    if not VALIDATOR.is_valid(spoilt):
        assert not taken(json.dumps(spoilt).encode())


@pytest.mark.parametrize("name", sorted(REFUSED_BY_BOTH))
def test_the_schema_finds_it_too(name: str):
    cases = [data for data, _ in AT_THE_DOOR[name] if len(data) < LONGEST and not ONLY_FOR_US.search(data)]
    found = [VALIDATOR.is_valid(json.loads(data)) for data in cases]

    assert found
    assert not any(found)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_in_it(kind: str):
    assert kind in json.dumps(PUBLISHED["$defs"]["Submission"]["properties"]["commands"])


def test_the_submissions_that_the_pages_show_are_valid():
    for page in ("submissions.md", "wire-format.md"):
        shown = re.findall(r"```json\n(\{.*?\n\})\n```", (ROOT / "docs" / page).read_text(), re.DOTALL)
        found = [json.loads(each) for each in shown if '"commands": [\n    {"kind"' in each]
        assert found, page
        for each in found:
            VALIDATOR.validate(each)
            decode_submission(json.dumps(each).encode())


def spoil(document: dict[str, Any], draw: Any) -> None:
    """Change one thing somewhere in a document."""
    places = list(walk(document))
    holder, key = draw(st.sampled_from(places))
    what = draw(st.sampled_from(["replace", "remove", "add"]))
    if what == "replace":
        holder[key] = draw(st.sampled_from(SPOILS))
    elif what == "remove":
        del holder[key]
    elif isinstance(holder, dict):
        holder["surplus"] = 1
    else:
        holder.append(draw(st.sampled_from(SPOILS)))


def walk(value: Any) -> Any:
    """Every place in a document, as what holds it and the key."""
    if not isinstance(value, dict | list):
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        yield from walk(inner)
