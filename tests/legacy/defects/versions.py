"""Seeds: numbers, histories and pointers (L01, L02, L03, L04, L27, L39, L41, L42, L43, L44)."""

from __future__ import annotations

from tests.legacy.defects.draft import Draft, at, usual_save


def overwritten(draft: Draft) -> None:
    if draft.has("scripts", "version_number"):
        draft.add("scripts", "L01", version_number=53)


def doubled_numbers(draft: Draft) -> None:
    if draft.has("script_versions") and not draft.has("script_versions", "branch_id"):
        script = draft.script(versions=("", ""))
        # A later save under the same number, and one of the same time: it is unknown which came first.
        draft.version(script, 2, "L02", command=False, content=usual_save("other"), created_at=at(hours=2.5))
        script = draft.script(versions=("", ""))
        tied = draft.version(script, 2, "L02", command=False, content=usual_save("tied"), created_at=at(hours=2))
        draft.expect("L09", "script_versions", tied)


def gaps(draft: Draft) -> None:
    if draft.has("script_versions"):
        script = draft.script(versions=("", ""))
        draft.version(script, 5, "L03")


def no_numbers(draft: Draft) -> None:
    if not draft.has("script_versions"):
        return
    for number in (None, 0, -1):
        script = draft.script()
        draft.version(script, number, "L04", command=False, created_at=at(hours=0.5 if number is None else 0.1))


def other_hands(draft: Draft) -> None:
    if draft.has("script_versions", "author_id"):
        script = draft.script()
        draft.version(script, 2, "L27", author_id=draft.add("users"))


def pointers(draft: Draft) -> None:
    if draft.has("script_commands"):
        script = draft.script()
        draft.add("script_commands", "L39", script_id=script, payload='{"versionNumber":77}', type="save_version")
        draft.version(script, 2, "L39", command=False)


def no_version(draft: Draft) -> None:
    if draft.has("script_versions"):
        script = draft.script("L41", versions=(), **({"content": ""} if draft.has("scripts", "content") else {}))
        draft.expect_of_head("L22", script)


def newer_head(draft: Draft) -> None:
    if draft.has("script_versions") and draft.has("scripts", "content"):
        script = draft.script("L42", versions=("", ""), updated_at=at(days=2))
        draft.rows["scripts"][-1]["content"] = usual_save("newest")
        assert draft.rows["scripts"][-1]["id"] == script
    if draft.has("revisions"):
        script = draft.add("scripts")
        draft.add("revisions", script_id=script, number=1, content=None, patch="@@ -1 +1 @@\n-a\n+b\n")
        both = {"content": "b", "patch": "@@ -1 +1 @@\n-b\n+c\n", "created_at": at(hours=2)}
        draft.add("revisions", "L42", script_id=script, number=2, **both)
        draft.add("revisions", script_id=script, number=3, content="c", patch=None, created_at=at(days=1))


def branches(draft: Draft) -> None:
    if draft.has("script_versions", "branch_id"):
        script = draft.script()
        draft.version(script, 2, "L43", branch_id=MAIN + 1)
    if draft.has("script_lines"):
        script = draft.add("scripts")
        first = draft.add("script_lines", "L43", script_id=script)
        second = draft.add("script_lines", script_id=script, previous=first, next=first)
        draft.rows["script_lines"][-2].update(previous=second, next=second)


def not_rebuilt(draft: Draft) -> None:
    if draft.has("revisions"):
        script = draft.add("scripts")
        draft.add("revisions", "L44", script_id=script, number=1, content=None, patch="@@ -1 +1 @@\n*a\n")
        draft.add("revisions", script_id=script, number=2, content="b", patch=None, created_at=at(days=1))
        script = draft.add("scripts")
        draft.add("revisions", "L44", script_id=script, number=1, content=None, patch="@@ -1 +1 @@\n-a\n+b\n")
        patch = {"content": None, "patch": "@@ -1 +1 @@\n-b\n+c\n", "created_at": at(days=1)}
        draft.add("revisions", "L44", script_id=script, number=2, **patch)
        # A patch that can be read and does not fit.
        script = draft.add("scripts")
        draft.add("revisions", "L44", script_id=script, number=1, content=None, patch="@@ -1 +1 @@\n-a\n+x\n")
        draft.add("revisions", script_id=script, number=2, content="b", patch=None, created_at=at(days=1))


MAIN = 900

SEEDS = (
    overwritten,
    doubled_numbers,
    gaps,
    no_numbers,
    other_hands,
    pointers,
    no_version,
    newer_head,
    branches,
    not_rebuilt,
)
