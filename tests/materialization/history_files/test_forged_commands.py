"""A consistent history file with a command that no submission could contain is not imported."""
# ruff: noqa: E501 -- a forgery a line

from __future__ import annotations

from pathlib import Path

import pytest

from domain.submissions.submission import MAX_COMMANDS
from tests.materialization.history_files.forged_history import Lines, change_payload, command_of
from tests.materialization.history_files.refused_history import Forge, deep, one_history, require_refused


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return one_history(tmp_path_factory.mktemp("history"))


def of_command(name: str, position: int = 0, /, **fields: object) -> Forge:
    return lambda lines: command_of(lines, name, position).update(fields)


def of_payload(name: str, /, **fields: object) -> Forge:
    return lambda lines: change_payload(command_of(lines, name), **fields)


def line_of(**fields: object) -> Forge:
    line = {"id": "z1", "format": "action", "text": "x", **fields}
    return of_payload("h-late", lines=[line])


def a_stale_replace(lines: Lines) -> None:
    change_payload(command_of(lines, "n-archive"), kind="script.replace", lines=["l0"], confirm_shrink=True)
    command_of(lines, "n-archive")["base_version"] = 2


FORGERIES: dict[str, tuple[Forge, str]] = {
    "ESC in a text": (line_of(text="\x1b]0;owned\x07"), "control character"),
    "line end in a text": (line_of(text="a\nb"), "line end"),
    "words in a separator": (line_of(sep="INSERTED"), "line ends"),
    "an id with a slash": (line_of(id="../<script>"), "not an id"),
    "a text too long": (line_of(text="x" * (1 << 21)), "bytes, more than"),
    "attributes with controls": (line_of(attrs={"name": "\x00"}), "control character"),
    "an attribute with no name": (line_of(attrs={"A B": 1}), "attribute name"),
    "a number of a title": (of_payload("k-with-no-op", fields={"title": 5}), "title"),
    "a long title": (of_payload("k-with-no-op", fields={"title": "t" * 5_000}), "title"),
    "an odd status": (of_payload("k-with-no-op", fields={"status": "x" * 50}), "status"),
    "an owner by metadata": (of_payload("k-with-no-op", fields={"owner": 1}), "owner"),
    "a payload too deep": (of_payload("l-things", element={"id": "e1", "type": "a", "payload": {"x": deep(40)}}), "deep"),
    "a payload far too deep": (of_command("n-archive", payload='{"a":' * 9_000 + "}" * 9_000), "nested too deep|cannot be read"),
    "not a number": (of_command("n-archive", payload='{"kind":"script.archive","x":NaN}'), "cannot be read"),
    "an unknown field": (of_command("n-archive", payload='{"kind":"script.archive","x":1}'), "unknown field"),
    "a field twice in a payload": (of_command("n-archive", payload='{"kind":"script.archive","kind":"script.archive"}'), "payload"),
    "another way to write a payload": (of_command("n-archive", payload='{"kind": "script.archive"}'), "canonical form"),
    "an unknown kind": (of_command("n-archive", kind="script.explode", payload='{"kind":"script.explode"}'), "cannot be read"),
    "another kind than its payload": (of_command("n-archive", kind="script.unarchive"), "its kind is"),
    "a stale edit": (of_payload("b-edit", expect="0" * 12), "not what this edit was made for"),
    "an edit without its hash": (of_payload("b-edit", expect=None), "without `expect`"),
    "an edit that changes nothing": (of_payload("k-with-no-op", fields={"title": "Ünïcode"}), "changes nothing"),
    "a locked label moved": (of_payload("n-archive", kind="version.label", name="Draft 1", version=2), "locked"),
    "a label of no version": (of_payload("m-label", version=900), "no version 900"),
    "an edit of an archived script": (of_payload("o-unarchive", kind="script.set_metadata", fields={"x": "y"}), "archived"),
    "a second create": (of_payload("n-archive", kind="script.create", title="T"), "exists already"),
    "no create": (of_command("a-create", kind="script.archive", payload='{"kind":"script.archive"}'), "no script"),
    "a replace for another version": (a_stale_replace, "base version"),
    "an actor with ESC": (of_command("n-archive", actor="\x1b[31mRosa"), "control character"),
    "a long actor": (of_command("n-archive", actor="x" * 500), "actor"),
    "an unknown author": (of_command("n-archive", author="martian"), "no author"),
    "a time beyond": (of_command("n-archive", occurred_at=1 << 60), "occurred_at"),
    "a time beyond a column": (of_command("n-archive", occurred_at=10**30), "occurred_at"),
    "a time before 1970": (of_command("n-archive", occurred_at=-1), "occurred_at"),
    "a record beyond": (of_command("n-archive", recorded_at=1 << 60), "recorded_at"),
    "a base in the future": (of_command("n-archive", base_version=400), "ahead of the script"),
    "a base below zero": (of_command("n-archive", base_version=-1), "base_version"),
    "a cause that is none": (of_command("n-archive", cause="not json"), "cause"),
    "a cause with other fields": (of_command("n-archive", cause='{"by":"me"}'), "cause"),
    "a cause with ESC": (of_command("n-archive", cause='{"model":"\\u001b[2J"}'), "canonical|control"),
    "a cause that counts below zero": (of_command("n-archive", cause='{"undoes":-4}'), "cause"),
    "a cause written otherwise": (of_command("n-archive", cause='{ }'), "canonical form"),
    "an AI that names nothing": (of_command("n-archive", author="ai"), "model"),
    "an AI that archives": (of_command("n-archive", author="ai", cause='{"model":"m","prompt":"p","run_id":"r"}'), "AI may not"),
    "a long submission id": (of_command("n-archive", submission_id="x" * 100), "not an id"),
    "a submission id of signs": (of_command("n-archive", submission_id="\U0001f600"), "not an id"),
    "an index beyond": (of_command("n-archive", submission_index=MAX_COMMANDS), "submission_index"),
    "an index below zero": (of_command("n-archive", submission_index=-1), "submission_index"),
    "an index twice": (of_command("c-splices", 1, submission_index=0), "submission_index 0 follows 0"),
    "an index that falls": (of_command("c-splices", 0, submission_index=2), "submission_index 1 follows 2"),
    "two actors in a submission": (of_command("c-splices", 1, actor="Eve"), "differs from the others"),
    "two bases in a submission": (of_command("c-splices", 1, base_version=1), "differs from the others"),
    "two causes in a submission": (of_command("c-splices", 1, cause='{"undoes":1}'), "differs from the others"),
    "a submission in two parts": (of_command("f-partly", submission_id="c-splices"), "differs|answer"),
    "more values than a submission has": (of_payload("l-things", element={"id": "e1", "type": "theme", "payload": {"a": [{}] * 600_000}}), "1000000 values"),
    "a gap in the versions": (of_command("f-partly", version=9), "version 9 follows version 5"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_command_that_no_submission_holds_is_refused(history: bytes, tmp_path: Path, name: str) -> None:
    require_refused(history, tmp_path, *FORGERIES[name])
