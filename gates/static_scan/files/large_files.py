"""Large files of settings and data, like descriptions of interfaces: whether one may hold a command or SQL at all."""

from __future__ import annotations

import re

# A larger file is not looked through.
MAX_SETTINGS_BYTES = 16 << 20
_EXCLUDE = "Exclude it in gates.toml, with a reason, if nothing in it reaches the database."
# What may be a command or a statement, without reading the file as one.
_TELLING = re.compile(
    r"mysql|mariadb|mycli|sqlite3|psql|manage\.py|django-admin|\b(?:python|node|deno|bun)[\w.]{0,8}\s{1,8}-"
    r"|\b(?:INSERT|UPDATE|DELETE|REPLACE|TRUNCATE|CREATE|ALTER|DROP|CALL|LOAD|GRANT|REVOKE|RENAME|MERGE|SELECT|EXECUTE"
    r"|PREPARE|HANDLER|COPY)\s"
    r"|(?i:\b(?:insert|replace)\s{1,8}(?:ignore\s{1,8})?into\s|\bdelete\s{1,8}from\s|\bupdate\s{1,8}\S{1,60}\s{1,8}set\s"
    r"|\b(?:drop|alter|truncate|create|rename)\s{1,8}(?:table|view|database|user|index)\s|\bselect\s{1,8}\*)"
)


def refusal(data: bytes, *, is_settings: bool) -> tuple[int, str, str] | None:
    """Why a large file is not read: the line, a code and a sentence; None for settings that hold no command."""
    if not is_settings or len(data) > MAX_SETTINGS_BYTES:
        size = "16 MiB" if is_settings else "1 MiB, as minified and generated code has"
        return 1, "too_large", f"It has more than {size}: it was not read. {_EXCLUDE}"
    text = data.decode(errors="replace")
    match = _TELLING.search(text)
    if match is None:
        return None
    sentence = f"It has more than 1 MiB, and this line may hold a command or SQL: it was not read. {_EXCLUDE}"
    return text.count("\n", 0, match.start()) + 1, "too_large", sentence
