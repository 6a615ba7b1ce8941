"""The help is quick, ends in an example that parses, and imports nothing that it does not need."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib import import_module

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.command_line import VERBS, command_line, module_of
from cli.ending import MEANINGS, Exit
from tests.cli.running import COMMAND, ROOT

NAMES = [name for names in VERBS.values() for name in names]
HEAVY = {"sqlalchemy", "celery", "alembic", "kombu", "pymysql"}


@pytest.mark.parametrize("name", NAMES)
def test_a_verb_s_help_ends_in_an_example(name: str):
    command = get_command(import_module(module_of(name)).app)
    commands = list(command.commands.values()) if isinstance(command, TyperGroup) else [command]

    for each in commands:
        assert each.help
        assert each.epilog
        examples = each.epilog.partition("\n\n")[2].splitlines()
        assert examples
        assert all(f"scriptledger {name}" in example for example in examples)


def test_every_file_of_a_verb_is_a_verb():
    files = {path.stem for path in (ROOT / "cli" / "verbs").glob("*.py")} - {"__init__"}
    assert files == {module_of(name).rpartition(".")[2] for name in NAMES}


def test_the_list_of_verbs_says_what_each_file_says():
    for command in command_line().commands.values():
        docstring = import_module(module_of(str(command.name))).__doc__
        assert command.help == docstring.partition("\n")[0]


def test_every_exit_status_has_a_meaning():
    assert set(MEANINGS) == set(Exit)


def test_the_list_of_verbs_needs_no_database_and_no_queue():
    probe = "import sys; from cli.command_line import command_line; command_line(); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, cwd=ROOT, check=True)

    assert HEAVY & set(done.stdout.split()) == set()


@pytest.mark.slow
def test_the_list_of_verbs_comes_at_once():
    took = []
    for _ in range(5):
        began = time.monotonic()
        subprocess.run([*COMMAND, "--help"], capture_output=True, cwd=ROOT, check=True)
        took.append(time.monotonic() - began)

    assert min(took) < 1.5  # 0.3 s on an idle machine; tests have it never for themselves
