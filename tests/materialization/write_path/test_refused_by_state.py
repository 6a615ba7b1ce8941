"""Submissions refused by the state of a script, and the listing of scripts."""

from __future__ import annotations

from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive, ScriptUnarchive
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.whole_script.script_replace import ScriptReplace
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, ScriptEditor, create, edit, keystrokes


def refused_with(editor: ScriptEditor, code: str, *commands: LineEdit, **more: object) -> None:
    before = editor.everything()
    refusal = editor.send(*commands, **more).refusal
    assert refusal
    assert refusal.code == code
    assert editor.everything() == before


def test_a_script_that_was_never_created_accepts_no_edit(editor: ScriptEditor):
    refused_with(editor, "unknown_script", edit(A, "x"))
    assert editor.head is None


def test_a_script_is_created_once(editor: ScriptEditor):
    editor.begin()
    refused_with(editor, "script_exists", create(title="Again"))


def test_a_base_ahead_of_the_head_is_refused(editor: ScriptEditor):
    editor.begin()
    refused_with(editor, "base_in_future", edit(A, "x"), base=2)


def test_an_archived_script_accepts_no_edit_until_it_is_unarchived(editor: ScriptEditor):
    editor.begin()
    editor.send(ScriptArchive())
    with editor.unit_of_work.reading() as tx:
        assert (row := tx.scripts.get(editor.script_id))
        assert row.archived == 1
    refused_with(editor, "script_archived", edit(A, "x"))

    editor.send(ScriptUnarchive())

    assert editor.send(edit(A, "x")).outcome == "applied"


def test_a_replace_that_drops_most_lines_must_confirm_it(editor: ScriptEditor):
    editor.begin()
    refused_with(editor, "shrink_refused", ScriptReplace(lines=("a",)))

    assert editor.send(ScriptReplace(lines=("a",), confirm_shrink=True)).outcome == "applied"
    assert editor.texts() == ["Line a."]


def test_a_replace_needs_the_head_as_its_base(editor: ScriptEditor):
    editor.begin()
    editor.send(edit(A, "x"))
    refused_with(editor, "stale_base", ScriptReplace(lines=("a", "b", "c")), base=1)


def test_an_unknown_owner_owns_nothing(editor: ScriptEditor, unit_of_work: UnitOfWork):
    refused_with(editor, "unknown_owner", create(A, owner=987_654))
    assert editor.head is None

    with unit_of_work.records() as tx:
        owner = tx.users.add(f"ann.{editor.script_id}@example.com", 1)
    assert editor.send(create(A, owner=owner)).outcome == "applied"
    with unit_of_work.reading() as tx:
        assert (row := tx.scripts.get(editor.script_id))
        assert row.user_id == owner


def test_the_listed_title_and_status_follow_the_commands(editor: ScriptEditor):
    editor.begin()
    editor.send(ScriptSetMetadata(fields={"title": "Nächte 🎬", "status": "complete"}, expect={}))

    with editor.unit_of_work.reading() as tx:
        row = tx.scripts.get(editor.script_id)
    assert row
    assert (row.title, row.status, row.version_number) == ("Nächte 🎬", "complete", 2)


def test_the_listed_version_and_time_are_those_of_the_head(editor: ScriptEditor):
    editor.begin()
    for submission in keystrokes(editor, 8):
        assert editor.ledger.submit(submission).outcome == "applied"

    with editor.unit_of_work.reading() as tx:
        head, row = tx.heads.get(editor.script_id), tx.scripts.get(editor.script_id)
    assert head
    assert row
    assert (row.version_number, row.updated_at) == (9, head.updated_at)
