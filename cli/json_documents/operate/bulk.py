"""JSON documents of the verbs that send or cancel many submissions."""

from __future__ import annotations

from typing import Literal

from cli.json_documents.base import Document


class LineProblem(Document, frozen=True):
    """A line that is no submission, or whose submission was not applied whole. Names are null where there are none."""

    line: int
    script_id: int | None
    submission_id: str | None
    code: str
    message: str


class CancelledOne(Document, frozen=True):
    """What became of a submission that was to be cancelled: cancelled, answered before, or gone without an answer.

    `outcome` is that of its answer; null if it is gone.
    """

    script_id: int
    submission_id: str
    became: Literal["cancelled", "answered", "gone"]
    outcome: str | None


class CancelledMany(Document, frozen=True, kw_only=True):
    """How many pending submissions were cancelled, and how many were answered first or are gone.

    `submissions` holds those that were named, or of a selection those that were not cancelled; at most 1,000.
    """

    cancelled: int
    answered: int
    gone: int
    submissions: list[CancelledOne]


class LetterProblem(Document, frozen=True):
    """A dead letter that could not be sent again, or whose replay was not applied whole."""

    number: int
    script_id: int | None
    submission_id: str | None
    code: str
    message: str


class ReplayedAll(Document, frozen=True, kw_only=True):
    """Dead letters that were sent again: how many were sent before and are left out, and what became of the others.

    `left_out` counts dead letters that are replays themselves. `outcomes` counts by outcome: applied, no_op, partly,
    refused, pending, invalid. `codes` counts refusals by code.
    """

    replayed: int
    replayed_before: int
    left_out: int
    outcomes: dict[str, int]
    codes: dict[str, int]
    problems: list[LetterProblem]
    seconds: float


class ManySubmitted(Document, frozen=True, kw_only=True):
    """A file of submissions: how many lines had text, what became of them, and the first problems.

    `outcomes` counts the lines by outcome: applied, no_op, partly, refused, pending, invalid. `codes` counts refusals
    and invalid lines by code. `answered_before` counts those that an earlier run had sent. `stopped` is whether lines
    are left that were not sent.
    """

    file: str
    lines: int
    answered_before: int
    outcomes: dict[str, int]
    codes: dict[str, int]
    problems: list[LineProblem]
    stopped: bool
    seconds: float
