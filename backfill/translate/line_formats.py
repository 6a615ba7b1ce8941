"""Line formats of legacy applications, and ours."""

from __future__ import annotations

from typing import get_args

from domain.script.line import LineFormat

# The attribute that keeps a legacy format which is none of ours; its line becomes action, as in the legacy application.
LEGACY_FORMAT = "legacy_format"
MAX_LEGACY_FORMAT = 120

# Words are compared in lower case, with `_` for spaces and hyphens.
_OURS: dict[str, LineFormat] = {
    "header": "scene_heading",
    "heading": "scene_heading",
    "scene": "scene_heading",
    "scene_header": "scene_heading",
    "slug": "scene_heading",
    "slugline": "scene_heading",
    "speaker": "character",
    "cue": "character",
    "dialog": "dialogue",
    "speech": "dialogue",
    "direction": "parenthetical",
    "directions": "parenthetical",
    "lyrics": "lyric",
    "comment": "note",
    "chapter": "chapter_break",
    "text": "action",
    "untagged": "action",
    "plain": "action",
    "": "action",
}
# Words that need no change.
_WORDS: dict[str, LineFormat] = {**_OURS, **{word: word for word in get_args(LineFormat)}}


def our_format(word: str) -> LineFormat | None:
    """Our format for a legacy word; None if the word is unknown."""
    if (exact := _WORDS.get(word)) is not None:
        return exact
    known = word.strip().lower().replace("-", "_").replace(" ", "_")
    return _WORDS.get(known)
