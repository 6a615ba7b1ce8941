"""Seeds: characters, limits and accepted values (L11, L12, L16, L19, L24, L25, L29)."""

from __future__ import annotations

from tests.legacy.clean_rows import json_save
from tests.legacy.defects.draft import Draft

MOJIBAKE = "Un café à Málaga".encode().decode("cp1252")
API_KEY = "sk-" + "q7Z" * 14
TEXTS = (("scripts", "title"), ("personas", "description"), ("chat_history", "content"), ("chat_messages", "content"))


def lost_emoji(draft: Draft) -> None:
    draft.script("L11", title="A party ????")


def double_encoded(draft: Draft) -> None:
    for table, column in TEXTS:
        if draft.has(table, column):
            if table == "scripts":
                draft.script("L12", title=MOJIBAKE)
            else:
                draft.add(table, "L12", **{column: MOJIBAKE})


def enum_errors(draft: Draft) -> None:
    draft.script("L16", status="")
    if "status:varchar" in draft.tables["scripts"].columns:
        draft.script("L24", status="paused")


def control_characters(draft: Draft) -> None:
    for title in ("A\x00B", "Bell\x07"):
        draft.script("L19", title=title)
    for table, column in TEXTS[1:]:
        if draft.has(table, column):
            draft.add(table, "L19", **{column: "one\r\ntwo\nthree"})
            if draft.dialect == "sqlite" or draft.tables[table].charset == "utf8mb4":
                draft.add(table, "L19", **{column: "\ufeffwith a mark"})


def secrets(draft: Draft) -> None:
    for table, column in (*TEXTS[2:], ("chat_messages", "user_prompt"), ("conversations", "prompt")):
        if draft.has(table, column):
            draft.add(table, "L25", **{column: f"use {API_KEY} in {table}"})


def refused_values(draft: Draft) -> None:
    draft.script("L29", title="Two\nlines")
    if draft.has("scripts", "description"):
        draft.script("L29", description="long " * 300_000)
    if draft.has("script_versions"):
        for lines in (
            [("with a space", "action", "Text.")],
            [("a", "action", "Two\nlines.")],
            [("a", "action", "x" * ((1 << 20) + 1))],
        ):
            script = draft.script(versions=())
            draft.version(script, 1, "L29", content=json_save(lines))
            draft.expect_of_head("L29", script)


SEEDS = (lost_emoji, double_encoded, enum_errors, control_characters, secrets, refused_values)
