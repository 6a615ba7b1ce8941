"""The help of verbs in groups: whole paragraphs, and nothing cut off."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from cli.verbs.migrate import backfill, gates, legacy


@pytest.mark.parametrize("app", [backfill.app, gates.app, legacy.app], ids=["backfill", "gates", "legacy"])
def test_the_help_of_each_verb_has_whole_paragraphs(app: typer.Typer):
    texts = [command.help for command in app.registered_commands]
    assert texts
    assert all(text and "\n" not in text.replace("\n\n", "") for text in texts)


@pytest.mark.parametrize("app", [backfill.app, gates.app, legacy.app], ids=["backfill", "gates", "legacy"])
def test_the_help_of_each_verb_is_whole_in_80_columns(app: typer.Typer):
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__
        shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, [name, "--help"], help_option_names=["-h", "--help"])
        assert "Options" in shown.output
        assert "…" not in shown.output, name
