"""Every event that the program logs is explained to operators."""

from __future__ import annotations

import re

from tests.cli.running import ROOT

FOLDERS = ("domain", "repos", "materialization", "backfill", "gates", "workers", "cli")
EVENT = re.compile(r'\.(?:debug|info|warning|error|exception)\(\s*"([a-z_]+\.[a-z_]+)"')


def test_every_logged_event_is_explained():
    sources = [file.read_text() for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    events = {event for source in sources for event in EVENT.findall(source)}
    explained = "".join(file.read_text() for file in (ROOT / "docs" / "operations").glob("*.md"))

    assert len(events) > 40
    assert sorted(event for event in events if f"`{event}`" not in explained) == []


def test_no_event_is_explained_twice():
    rows = (ROOT / "docs" / "operations" / "monitoring.md").read_text().splitlines()
    named = [
        event
        for row in rows
        for event in re.findall(r"`([a-z_]+\.[a-z_]+)`", row.partition(" | ")[0])
        if row[:1] == "|"
    ]

    assert len(named) > 40
    assert len(named) == len({*named})
