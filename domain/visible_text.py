"""Visible text: untrusted text, made safe to print next to our own words.

A terminal obeys control characters, and a terminal or a browser lets bidirectional overrides reorder what stands
around them. `visible` shows such a character as an escape (`\\x1b`, `\\u202e`) and leaves readable text unchanged:
right-to-left letters, combining accents, emoji with their joiners and variation selectors.
"""

from __future__ import annotations

import re

# C1 controls and DEL, soft hyphen, bidirectional marks, overrides and isolates, line and paragraph separators, and
# characters without a glyph. Not among them: ZWNJ and ZWJ, which join letters and emoji, and variation selectors.
_HIDDEN = (
    "\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    "\ud800-\udfff"  # lone surrogates: a file name that is not UTF-8
)
_IN_A_LINE = re.compile(f"[\x00-\x08\x0a-\x1f{_HIDDEN}]")
_IN_LINES = re.compile(f"[\x00-\x08\x0b-\x1f{_HIDDEN}]")
_IN_JSON = re.compile(f"[{_HIDDEN}]")


def visible(text: str) -> str:
    """Escape a text onto one line: line ends are escaped too, so that it cannot pass for a line of ours."""
    return _IN_A_LINE.sub(_escape, text)


def visible_lines(text: str) -> str:
    """Escape a text of several lines: line feeds stay."""
    return _IN_LINES.sub(_escape, text)


def ascii_escapes(json: str) -> str:
    """Return an equivalent JSON document with ``\\uXXXX`` for hidden characters; JSON always escapes C0.

    A lone surrogate, which many JSON readers refuse, becomes the text of its escape instead.
    """
    return _IN_JSON.sub(_json_escape, json)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] in _SHORT:
        return _SHORT[match[0]]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    if "\ud800" <= match[0] <= "\udfff":
        return f"\\{_escape(match)}"
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


_SHORT = {"\n": "\\n", "\r": "\\r"}
