"""Seeds: contents of saves (L10, L15, L17, L22, L23, L31, L37, L38, L45)."""

from __future__ import annotations

from base64 import b64encode
from zlib import compress

from tests.legacy.clean_rows import json_save
from tests.legacy.defects.draft import Draft, usual_save

CUT = 65_535


def cut(draft: Draft) -> None:
    text = "A line of a long script that ends in the middle.\n" * 1_400
    if draft.has("script_versions"):
        script = draft.script()
        draft.version(script, 2, "L10", content=text[: CUT - 1])
        draft.expect_of_head("L10", script)
    elif draft.has("scripts", "content"):
        draft.add("scripts", "L10", content=text[:CUT])


def bad_json(draft: Draft) -> None:
    bad = ('{"text":"cut', '{"a":1,"a":2}', '{"a":NaN}', '{"a":"\\ud800"}')
    if draft.has("script_elements", "payload"):
        for payload in bad:
            draft.add("script_elements", "L15", payload=payload)
    if draft.has("script_versions"):
        script = draft.script()
        draft.version(script, 2, "L15", content=usual_save(2)[:-5])
        draft.expect_of_head("L15", script)
    elif draft.has("scripts", "content"):
        draft.add(
            "scripts", "L15", content='{"version":2,"lines":[{"id":"a","id":"b","format":"action","content":"x"}]}'
        )


def encoded(draft: Draft) -> None:
    text = "INT. FERRY - NIGHT\n\nFog on the water. Nobody speaks."
    for content in (b64encode(text.encode()).decode(), b64encode(compress(text.encode())).decode()):
        if draft.has("script_versions"):
            script = draft.script()
            draft.version(script, 2, "L45", content=content)
            draft.expect_of_head("L45", script)
        elif draft.has("scripts", "content"):
            draft.add("scripts", "L45", content=content)


def empty(draft: Draft) -> None:
    for content in ("", " \n\t "):
        if draft.has("script_versions"):
            # Before the only save, because a wiped save is a finding of its own.
            script = draft.script(versions=())
            draft.version(script, 1, "L22", content=content)
            draft.expect_of_head("L22", script)
        elif draft.has("scripts", "content"):
            draft.add("scripts", "L22", content=content)


def identical(draft: Draft) -> None:
    if draft.has("script_versions"):
        save = usual_save(1)
        script = draft.script(versions=(save,))
        draft.version(script, 2, "L23", content=save)
        spelled = save.replace('","', '", "').replace('":', '" : ')
        assert spelled != save
        draft.version(script, 3, "L23", content=spelled)


def growing(draft: Draft) -> None:
    for table, column in (
        ("script_elements", "payload"),
        ("script_elements", "content"),
        ("story_elements", "content"),
    ):
        if draft.has(table, column, "script_id"):
            script = draft.script()
            text = "The plot. He finds"
            for number in range(4):
                text += f" and then finds {number}"
                content = f'{{"text":"{text}"}}' if column == "payload" else text
                draft.add(table, *(["L31"] if number else []), script_id=script, type="theme", **{column: content})


def wiped(draft: Draft) -> None:
    if draft.has("script_versions") and not draft.has("scripts", "content"):
        whole = usual_save(1, lines=100)
        script = draft.script(versions=(whole,))
        draft.version(script, 2, "L37", content=json_save([("only", "action", "Gone.")]))
        draft.version(script, 3, content=whole)
        draft.expect("L38", "script_versions", draft.rows["script_versions"][-1]["id"])  # its ids come back


def line_ids(draft: Draft) -> None:
    if draft.has("script_versions") and not draft.has("scripts", "content"):
        script = draft.script()
        lines = [(f"k{number}", "action", f"Kept {number}.") for number in range(6)]
        draft.version(script, 2, "L38", content=json_save([*lines, ("k5", "action", "Pasted.")]))
        script = draft.script(versions=(json_save(lines), json_save(lines[:5])))
        draft.version(script, 3, "L38", content=json_save([*lines[:4], lines[5], lines[4]]))


SEEDS = (cut, bad_json, encoded, empty, identical, growing, wiped, line_ids)
