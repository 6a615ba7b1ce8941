"""The help of verbs in groups: paragraphs without the line breaks of their docstrings."""

from __future__ import annotations

import pytest
import typer

from cli.verbs.migrate import backfill, gates, legacy


@pytest.mark.parametrize("app", [backfill.app, gates.app, legacy.app], ids=["backfill", "gates", "legacy"])
def test_the_help_of_each_verb_has_whole_paragraphs(app: typer.Typer):
    texts = [command.help for command in app.registered_commands]
    assert texts
    assert all(text and "\n" not in text.replace("\n\n", "") for text in texts)
