"""The published JSON Schema agrees with the program: accepted submissions are valid, invalid ones are refused."""

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

# A producer can detect these with the schema alone, before it sends.
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

PROPERTY = settings(max_examples=40)
MAX_BYTES = 2_000  # Python's own JSON reader accepts no number of 5,000 digits

ONLY_IN_PROGRAM = re.compile(rb": (1\.0|1e999)\}")  # in a schema 1.0 is an integer, and no number is too large

SPOILS: list[Any] = [None, True, -1, 0, 1.5, 1 << 53, 1 << 64, "", "a b", "x" * 200, "a\nb", "\x01", [], {}, ["x"]]


@st.composite
def submissions(draw: DrawFn) -> Submission:
    """A submission with a command of any kind, made for some script."""
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


def accepted(data: bytes) -> bool:
    """Whether the program accepts a submission."""
    try:
        decode_submission(data)
    except Rejected:
        return False
    return True


def test_the_schema_is_valid():
    Draft202012Validator.check_schema(PUBLISHED)


@PROPERTY
@given(submissions())
def test_accepted_submissions_are_valid(submission: Submission):
    data = encode_submission(submission)
    if accepted(data):
        VALIDATOR.validate(json.loads(data))


@PROPERTY
@given(submissions(), st.data())
def test_invalid_submissions_are_refused(submission: Submission, data: st.DataObject):
    spoilt = json.loads(encode_submission(submission))
    spoil(spoilt, data.draw)

    if not VALIDATOR.is_valid(spoilt):
        assert not accepted(json.dumps(spoilt).encode())


@pytest.mark.parametrize("name", sorted(REFUSED_BY_BOTH))
def test_the_schema_detects_the_error_too(name: str):
    cases = [data for data, _ in AT_THE_DOOR[name] if len(data) < MAX_BYTES and not ONLY_IN_PROGRAM.search(data)]
    validity = [VALIDATOR.is_valid(json.loads(data)) for data in cases]

    assert validity
    assert not any(validity)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_in_the_schema(kind: str):
    assert kind in json.dumps(PUBLISHED["$defs"]["Submission"]["properties"]["commands"])


def test_the_submissions_in_the_docs_are_valid():
    for page in ("submissions.md", "wire-format.md"):
        shown = re.findall(r"```json\n(\{.*?\n\})\n```", (ROOT / "docs" / page).read_text(), re.DOTALL)
        submissions = [json.loads(submission) for submission in shown if '"commands": [\n    {"kind"' in submission]
        assert submissions, page
        for submission in submissions:
            VALIDATOR.validate(submission)
            decode_submission(json.dumps(submission).encode())


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
    """Every place in a document, as its container and key."""
    if not isinstance(value, dict | list):
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        yield from walk(inner)
