"""Legacy scripts whose revisions are stored as patches."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.backfill.domains.script_database import ScriptDatabase
from tests.legacy.clean_rows import written
from tests.legacy.patch_maker import make_patches

TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, created_at TEXT);
INSERT INTO users VALUES (1, 'ada@example.com', '2020-01-01 00:00:00');
CREATE TABLE notes (id INTEGER PRIMARY KEY, ownerId INTEGER, title TEXT, content TEXT, createdAt TEXT, updatedAt TEXT);
INSERT INTO notes VALUES (7, 1, 'The Ferry', NULL, '2021-02-01 10:00:00', '2021-02-09 10:00:00');
CREATE TABLE revisions (id INTEGER PRIMARY KEY, noteId INTEGER, patch TEXT, lastContent TEXT, content TEXT,
  length INTEGER, createdAt TEXT);
"""
FIRST = datetime(2021, 2, 1)  # noqa: DTZ001 - a DATETIME column has no zone
TEXTS = ["One 🎬.\n", "One 🎬.\nTwo.\n", "Zero.\nOne 🎬.\nTwo.\n", "Zero.\nTwo 🎬.\n"]


def add_chain(legacy: ScriptDatabase, texts: list[str], *, first: str | None = None, note: int = 7) -> None:
    """The oldest revision with `first`, the newest with its text, and patches between them."""
    patches = [None, *make_patches(texts)]
    rows = []
    for number, (text, patch) in enumerate(zip(texts, patches, strict=True), 1):
        last = text if number == len(texts) else None
        at = written(FIRST + timedelta(hours=number))
        rows.append((note * 100 + number, note, patch, first if number == 1 else None, last, len(text), at))
    legacy.add("revisions", *rows)


def saves(legacy: ScriptDatabase) -> list[str]:
    return ["\n".join(legacy.texts(7, version)) for _, version in legacy.saves(7)]
