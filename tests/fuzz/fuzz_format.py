"""Fuzz targets for file formats: bytes become lines or are refused; the lines can be written, read and submitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from domain.commands.kinds.script_create import ScriptCreate
from domain.errors import Rejected
from domain.formats.format import Format, Imported
from domain.script.line import Line
from domain.submissions.submission import Submission, check_submission, decode_submission, encode_submission
from tests.fuzz.fuzz_target import ACCEPTED, Feed, Target, check_shown, code_of
from tests.fuzz.mutations import mutated_bytes


def target(file_format: Format, documents: SearchStrategy[bytes], tokens: Sequence[bytes]) -> Target:
    """The target of a format, with documents to mutate and the tokens of the format."""
    inputs = mutated_bytes(documents, tokens) | st.binary(max_size=200)

    @contextmanager
    def opened(_folder: Path) -> Iterator[Feed]:
        yield lambda data: feed(file_format, data)

    return Target(file_format.name, inputs, opened)


def feed(file_format: Format, data: bytes) -> str:
    """Read an input; the lines must be valid and survive a round trip."""
    try:
        read = file_format.read(data, ids())
    except Rejected as refusal:
        return code_of(refusal)
    reread = file_format.read(file_format.write(read.lines), ids())
    assert contents(reread.lines) == contents(read.lines)
    problem = file_format.problem(data)
    for text in (*read.left_out, *read.hints, problem or ""):
        check_shown(text)
    return submitted(read)


def submitted(read: Imported) -> str:
    """ACCEPTED where the lines can be submitted as a script, else the code of the refusal."""
    create = ScriptCreate(title=read.title or "Untitled", lines=read.lines)
    submission = Submission(script_id=1, submission_id="s1", author="import", base_version=0, commands=(create,))
    try:
        check_submission(submission)
        assert decode_submission(encode_submission(submission)) == submission
    except Rejected as refusal:
        return code_of(refusal)
    return ACCEPTED


def contents(lines: Sequence[Line]) -> list[tuple[object, ...]]:
    return [(line.format, line.text, line.sep, line.attrs) for line in lines]


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"n{next(numbers)}"
