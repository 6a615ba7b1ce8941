"""Check of a history file's answers: each belongs to one submission and agrees with what its commands did."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from domain.errors import MAX_MESSAGE
from domain.script.json_depth import cut_deep
from domain.script.json_values import MAX_VALUES, count_values
from domain.script.validation import EXACT, MAX_DEPTH, check_id, check_name
from domain.submissions.answer import Answer, CommandAnswer, Refusal, decode_answer, encode_answer
from domain.submissions.submission import MAX_COMMANDS
from materialization.history_files.format import ExportedAnswer, Header
from repos.submissions.answers import Answered

SEAL_BYTES = 16
CONTENT_HASH_BYTES = 32
MAX_FACT = 1 << 63

# A command that became a version: its index in the submission, and the note in its answer.
Effect = tuple[int, str | None]


class Settled(Struct):
    """The part of a submission that its answer repeats; its commands became versions."""

    submission_id: str
    base_version: int
    first_version: int
    recorded_at: int
    effects: list[Effect]

    @property
    def last_version(self) -> int:
        return self.first_version + len(self.effects) - 1


class AnswerCheck:
    """Checks the answers of a file against its submissions, keeping 24 bytes of each submission.

    Every check raises ValueError or `Rejected`; the message names the problem.
    """

    def __init__(self, header: Header) -> None:
        self._header = header
        self._first_versions = array("q")
        self._seals = bytearray()
        self._met = 0
        self._last_id = ""

    def settled(self, submission: Settled) -> None:
        """Remember a submission; called in the order of their versions."""
        over = _over(submission.base_version, submission.first_version)
        self._first_versions.append(submission.first_version)
        self._seals += _seal(
            submission.submission_id, submission.first_version, over, submission.recorded_at, submission.effects
        )

    def answered(self, exported: ExportedAnswer) -> Answered:
        """An answer of the file, checked."""
        data = exported.answer.encode()
        if count_values(data) > MAX_VALUES:
            raise ValueError(f"the answer holds more than the {MAX_VALUES} values allowed")
        if cut_deep(data) is not None:
            raise ValueError("the answer nests too deep")
        answer = decode_answer(data)
        if encode_answer(answer) != data:
            raise ValueError("the answer is not in canonical form")
        content_hash = bytes.fromhex(exported.content_hash)
        if len(content_hash) != CONTENT_HASH_BYTES or content_hash.hex() != exported.content_hash:
            raise ValueError("content_hash must be 64 digits 0-9 and a-f")
        if not 0 <= exported.recorded_at < EXACT:
            raise ValueError("recorded_at must be microseconds since 1970")
        if answer.script_id != self._header.script_id:
            raise ValueError(f"it answers for script {answer.script_id}, not {self._header.script_id}")
        check_id("submission_id", answer.submission_id)
        if answer.submission_id <= self._last_id:
            raise ValueError(f"the answer to {answer.submission_id!r} does not follow that to {self._last_id!r}")
        self._last_id = answer.submission_id
        _check_shape(answer, self._header.versions)
        if answer.first_version is not None:
            self._require_settled(answer, exported.recorded_at)
        return Answered(answer, content_hash, exported.recorded_at)

    def finish(self) -> None:
        """Refuse a file in which a submission has no answer."""
        if self._met != len(self._first_versions):
            missing = len(self._first_versions) - self._met
            raise ValueError(f"{missing} of the submissions that made its versions have no answer")

    def _require_settled(self, answer: Answer, recorded_at: int) -> None:
        first = answer.first_version or 0
        at = bisect_left(self._first_versions, first)
        seal = _seal(answer.submission_id, first, answer.rebased_over, recorded_at, _effects(answer))
        if (
            at == len(self._first_versions)
            or self._first_versions[at] != first
            or self._seals[at * SEAL_BYTES : (at + 1) * SEAL_BYTES] != seal
        ):
            raise ValueError(f"the answer to {answer.submission_id!r} is not what its commands lead to")
        # No id is answered twice, so each submission is counted once.
        self._met += 1


def _check_shape(answer: Answer, versions: int) -> None:
    """Refuse an answer whose fields contradict each other."""
    became_versions = answer.outcome in ("applied", "partly")
    if became_versions != (answer.first_version is not None) or became_versions != (answer.last_version is not None):
        raise ValueError(f"an answer that is {answer.outcome} has versions, or lacks them")
    if answer.rebased_over is not None and not 1 <= answer.rebased_over[0] <= answer.rebased_over[1] <= versions:
        raise ValueError("rebased_over are versions of the script, the first of them first")
    if (answer.outcome in ("partly", "refused")) != (answer.refusal is not None):
        raise ValueError(f"an answer that is {answer.outcome} has a refusal, or lacks one")
    if answer.refusal is not None:
        _check_refusal(answer.refusal)
    _check_commands(answer)


def _check_commands(answer: Answer) -> None:
    commands = answer.commands
    indexes = [each.index for each in commands]
    if indexes != sorted(set(indexes)) or any(not 0 <= index < MAX_COMMANDS for index in indexes):
        raise ValueError("the commands of an answer are in order, each with a place in the submission")
    for each in commands:
        _check_command(each)
    outcomes = {each.outcome for each in commands}
    count = len(commands) + (_versions(answer) - len(_applied(commands)) if answer.outcome == "applied" else 0)
    if answer.outcome != "applied" and commands and indexes != list(range(count)):
        raise ValueError("the answer skips a command")
    if commands and indexes[-1] >= count:
        raise ValueError("the answer names commands that were never sent")
    fits = {
        "applied": outcomes <= {"applied", "no_op"},
        "no_op": outcomes == {"no_op"},
        "partly": {"applied", "refused"} <= outcomes,
        "refused": "applied" not in outcomes and (not commands or "refused" in outcomes),
    }
    if not fits[answer.outcome]:
        raise ValueError(f"the outcomes of its commands do not make the answer {answer.outcome}")
    refusals = [each.refusal for each in commands if each.refusal is not None]
    if refusals and msgspec.json.encode(refusals[0]) != msgspec.json.encode(answer.refusal):
        raise ValueError("the answer does not give the first refusal")


def _check_command(command: CommandAnswer) -> None:
    if (command.outcome == "applied") != (command.version is not None):
        raise ValueError(f"command {command.index} of an answer has a version, or lacks one")
    if (command.outcome == "refused") != (command.refusal is not None):
        raise ValueError(f"command {command.index} of an answer has a refusal, or lacks one")
    if command.note is not None and command.outcome != "applied":
        raise ValueError(f"command {command.index} of an answer has a note, and no version")
    if command.refusal is not None:
        _check_refusal(command.refusal)


def _check_refusal(refusal: Refusal) -> None:
    check_name("code", refusal.code)
    if not 1 <= len(refusal.message) <= MAX_MESSAGE:
        raise ValueError(f"a refusal has a sentence of at most {MAX_MESSAGE} characters")
    _check_fact(refusal.facts, MAX_DEPTH)


def _check_fact(value: Any, depth: int) -> None:
    if depth == 0:
        raise ValueError(f"the facts of a refusal are nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _check_fact(inner, depth - 1)
    elif isinstance(value, int | float) and not -MAX_FACT < value < MAX_FACT:
        raise ValueError("a number among the facts of a refusal is too large")


def _effects(answer: Answer) -> list[Effect]:
    """The commands that became versions: those the answer lists, or for an applied one all that it does not exclude."""
    applied = _applied(answer.commands)
    notes = {each.index: each.note for each in applied}
    indexes: Iterable[int] = notes
    if answer.outcome == "applied":
        no_ops = {each.index for each in answer.commands if each.outcome == "no_op"}
        indexes = [index for index in range(_versions(answer) + len(no_ops)) if index not in no_ops]
    effects = [(index, notes.get(index)) for index in indexes]
    first = answer.first_version or 0
    versions = {index: first + position for position, (index, _) in enumerate(effects)}
    if any(versions.get(each.index) != each.version for each in applied) or len(effects) != _versions(answer):
        raise ValueError(f"the versions in the answer to {answer.submission_id!r} do not fit each other")
    if answer.outcome == "applied" and any(each.note is None for each in applied):
        raise ValueError(f"the answer to {answer.submission_id!r} lists an applied command without a note")
    return effects


def _applied(commands: Iterable[CommandAnswer]) -> list[CommandAnswer]:
    return [each for each in commands if each.outcome == "applied"]


def _versions(answer: Answer) -> int:
    """The number of versions in an answer; a submission makes at most one per command."""
    count = (answer.last_version or 0) - (answer.first_version or 0) + 1
    if not 1 <= count <= MAX_COMMANDS:
        raise ValueError("the versions of an answer are those of its commands")
    return count


def _over(base_version: int, first_version: int) -> tuple[int, int] | None:
    """The versions between the base of a submission and the head it was applied to."""
    return (base_version + 1, first_version - 1) if base_version + 1 < first_version else None


def _seal(
    submission_id: str, first_version: int, over: tuple[int, int] | None, recorded_at: int, effects: list[Effect]
) -> bytes:
    """A digest of everything in which commands and answer must agree."""
    facts = msgspec.json.encode((submission_id, first_version, over, recorded_at, effects))
    return blake2b(facts, digest_size=SEAL_BYTES).digest()
