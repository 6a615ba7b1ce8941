"""A history file with an impossible answer is not imported."""
# ruff: noqa: E501 -- a forgery a line

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest

from tests.materialization.history_files.forged_history import Lines, answer_of, set_answer
from tests.materialization.history_files.refused_history import Forge, deep, one_history, require_refused


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return one_history(tmp_path_factory.mktemp("history"))


def of_answer(name: str, /, *without: str, **fields: object) -> Forge:
    def forge(lines: Lines) -> None:
        line, answer = answer_of(lines, name)
        order = ("script_id", "submission_id", "outcome", "first_version", "last_version", "rebased_over", "refusal")
        rest = {key: value for key, value in {**answer, **fields}.items() if key not in without}
        known = {key: rest.pop(key) for key in (*order, "commands") if key in rest}
        set_answer(line, {**known, **rest})

    return forge


def far_too_deep(lines: Lines) -> None:
    """Nested deeper than some interpreters can read."""
    line, _ = answer_of(lines, "e-refused")
    line["answer"] = line["answer"].replace('"facts":{', '"facts":{"x":' + "[" * 5_000 + "]" * 5_000 + ",", 1)


FORGERIES: dict[str, tuple[Forge, str]] = {
    "for another script": (of_answer("d-no-op", script_id=99), "answers for script 99"),
    "for a submission that made no version": (of_answer("d-no-op", outcome="applied", first_version=3, last_version=3), "not what its commands|names|fit"),
    "for versions of another": (of_answer("b-edit", first_version=3, last_version=5), "not what its commands"),
    "for fewer versions": (of_answer("c-splices", last_version=4), "not what its commands"),
    "for more versions": (of_answer("c-splices", last_version=6), "not what its commands"),
    "for versions beyond": (of_answer("c-splices", last_version=10**12), "those of its commands"),
    "for versions beyond any": (of_answer("b-edit", first_version=10**30, last_version=10**30), "not what its commands|out of range"),
    "for versions below zero": (of_answer("b-edit", first_version=-2, last_version=-2), "not what its commands"),
    "for a script beyond any": (of_answer("b-edit", script_id=10**30), "answers for script|out of range"),
    "facts of many digits": (of_answer("e-refused", refusal={"code": "poison", "message": "No.", "facts": {"x": 10**300}}), "too large|out of range"),
    "for no versions": (of_answer("c-splices", "first_version", "last_version"), "lacks them"),
    "refused where it was applied": (of_answer("b-edit", "first_version", "last_version", outcome="refused", refusal={"code": "poison", "message": "No."}), "have no answer"),
    "applied with a refusal": (of_answer("b-edit", refusal={"code": "poison", "message": "No."}), "refusal"),
    "refused without a refusal": (of_answer("e-refused", "refusal"), "refusal"),
    "a refusal of no code": (of_answer("e-refused", refusal={"code": "No Code", "message": "No."}), "code"),
    "a refusal of a long code": (of_answer("e-refused", refusal={"code": "a" * 65, "message": "No."}), "code"),
    "a refusal of many words": (of_answer("e-refused", refusal={"code": "poison", "message": "No." * 900}), "sentence"),
    "facts too deep": (of_answer("e-refused", refusal={"code": "poison", "message": "No.", "facts": {"x": deep(40)}}), "deep"),
    "facts far too deep": (far_too_deep, "nests too deep"),
    "facts too large": (of_answer("e-refused", refusal={"code": "poison", "message": "No.", "facts": {"x": 1 << 63}}), "too large"),
    "another outcome": (of_answer("d-no-op", outcome="well"), "cannot be read"),
    "no-op without its commands": (of_answer("d-no-op", "commands"), "no_op"),
    "another note": (of_answer("j-noted", commands=[{"index": 0, "outcome": "applied", "version": 9, "note": "\x1b[2J"}]), "not what its commands"),
    "no note": (of_answer("j-noted", "commands"), "not what its commands"),
    "a note of another version": (of_answer("j-noted", commands=[{"index": 0, "outcome": "applied", "version": 8, "note": "placed:before"}]), "fit each other"),
    "a command applied that is listed for nothing": (of_answer("b-edit", commands=[{"index": 0, "outcome": "applied", "version": 2}]), "without a note"),
    "a no-op where a version was": (of_answer("k-with-no-op", commands=[{"index": 1, "outcome": "no_op"}]), "not what its commands"),
    "a no-op that was left out": (of_answer("k-with-no-op", "commands"), "not what its commands"),
    "an index beyond": (of_answer("k-with-no-op", commands=[{"index": 9, "outcome": "no_op"}]), "never sent"),
    "indexes that fall": (of_answer("g-all-refused", commands=[{"index": 1, "outcome": "no_op"}, {"index": 0, "outcome": "no_op"}]), "in order"),
    "another first refusal": (of_answer("g-all-refused", refusal={"code": "poison", "message": "No."}), "first refusal"),
    "rebased over others": (of_answer("h-late", rebased_over=[3, 5]), "not what its commands"),
    "rebased over what is to come": (of_answer("d-no-op", rebased_over=[3, 500]), "rebased_over"),
    "rebased backwards": (of_answer("d-no-op", rebased_over=[3, 2]), "rebased_over"),
    "an unknown field": (of_answer("d-no-op", colour="red"), "canonical form"),
    "a submission id that is none": (of_answer("a-create", submission_id="\U0001f600"), "not an id"),
    "a hash too short": (lambda lines: answer_of(lines, "d-no-op")[0].update(content_hash="00"), "content_hash"),
    "a hash with spaces": (lambda lines: answer_of(lines, "d-no-op")[0].update(content_hash="00 " * 32), "content_hash"),
    "a hash in capitals": (lambda lines: answer_of(lines, "d-no-op")[0].update(content_hash="AB" * 32), "content_hash"),
    "a time beyond": (lambda lines: answer_of(lines, "d-no-op")[0].update(recorded_at=1 << 60), "recorded_at"),
    "another time": (lambda lines: answer_of(lines, "b-edit")[0].update(recorded_at=1), "not what its commands"),
    "two of one id": (lambda lines: lines.insert(20, deepcopy(lines[20])), "does not follow"),
    "out of order": (lambda lines: lines.insert(19, lines.pop(20)), "does not follow"),
    "among the commands": (lambda lines: lines.insert(3, lines.pop(20)), "header names|follows an answer"),
    "more values than it may": (of_answer("e-refused", refusal={"code": "x", "message": "No.", "facts": {"a": [{}] * 600_000}}), "1000000 values"),
    "not one": (lambda lines: lines.pop(17), "have no answer"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_an_answer_that_its_commands_do_not_lead_to_is_refused(history: bytes, tmp_path: Path, name: str) -> None:
    require_refused(history, tmp_path, *FORGERIES[name])
