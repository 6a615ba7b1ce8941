"""The sessions of `docs/migration`, run for real on the samples they make."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.samples import make_sample_file
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from tests.cli.running import ROOT
from tests.docs.console import agrees, commands, run
from tests.docs.warm_program import warm_program

DAYS = [ROOT / "docs" / "migration" / f"day-{number}.md" for number in (1, 2)]
PAGE = DAYS[0]


@pytest.mark.slow
@pytest.mark.parametrize("page", DAYS, ids=lambda page: page.stem)
def test_every_command_prints_what_the_page_shows(page: Path, tmp_path: Path):
    programs = tmp_path / "bin"
    programs.mkdir()
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SCRIPTLEDGER_")}
    environ = {
        **ours,
        "PATH": f"{programs}:{ours['PATH']}",
        "PYTHONPATH": str(ROOT),
        "SCRIPTLEDGER_HOME": str(tmp_path / "home"),
    }
    with warm_program(programs / "scriptledger"):
        for command in commands(page.read_text()):
            status, printed = run(command, tmp_path, environ)
            assert status == command.status, printed
            if command.output:
                assert agrees(command.output, printed), "\n".join(printed)


def test_the_page_shows_a_rule_that_is_drafted(tmp_path: Path):
    shown = PAGE.read_text().partition("```toml\n")[2].partition("```")[0]
    assert shown.startswith("[tables.users]")
    assert shown in _drafted(tmp_path)


def _drafted(folder: Path) -> str:
    make_sample_file(folder / "legacy.db")
    with open_source(f"sqlite:///{folder}/legacy.db") as source:
        return mapping_text(draft(read_catalog(source)))
