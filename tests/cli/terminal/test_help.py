"""The help is quick, ends in an example, and imports only what it needs."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from importlib import import_module, metadata

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.command_line import VERBS, command_line, module_of
from cli.terminal.exit_status import MEANINGS, Exit
from cli.terminal.root_help import MAX_HELP_LINES, SENTENCE
from repos.schema.revision import wanted_revision
from tests.cli.running import COMMAND, ROOT

NAMES = [name for names in VERBS.values() for name in names]
HEAVY = {"sqlalchemy", "celery", "alembic", "kombu", "pymysql"}


@pytest.mark.parametrize("name", NAMES)
def test_a_verb_s_help_ends_in_an_example(name: str):
    command = get_command(import_module(module_of(name)).app)
    commands = list(command.commands.values()) if isinstance(command, TyperGroup) else [command]

    for command in commands:
        assert command.help
        assert command.epilog
        examples = command.epilog.partition("\n\n")[2].splitlines()
        assert examples
        assert all(f"scriptledger {name}" in example for example in examples)


def test_every_file_of_a_verb_is_a_verb():
    files = {path.stem for path in (ROOT / "cli" / "verbs").glob("*/*.py")} - {"__init__"}
    assert files == {module_of(name).rpartition(".")[2] for name in NAMES}


def test_the_list_of_verbs_shows_the_first_line_of_each_file():
    for command in command_line().commands.values():
        docstring = import_module(module_of(str(command.name))).__doc__
        assert command.help == docstring.partition("\n")[0]


def test_the_list_of_verbs_fits_one_screen():
    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, cwd=ROOT, check=True)

    rows = done.stdout.splitlines()
    assert len(rows) <= MAX_HELP_LINES
    assert max(map(len, rows)) <= 80
    assert [name for name in NAMES if f" {name} " not in done.stdout] == []
    bare = subprocess.run([*COMMAND], capture_output=True, text=True, cwd=ROOT, check=False)
    assert bare.stdout.strip() == done.stdout.strip()


def test_every_verb_is_one_sentence_that_fits_its_row():
    sentences = {name: str(command.help) for name, command in command_line().commands.items()}

    assert [row for row in sentences.items() if len(row[1]) > SENTENCE] == []
    assert [row for row in sentences.items() if not re.fullmatch(r"[A-Z].*\.", row[1])] == []


def test_the_version_includes_that_of_the_schema():
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, cwd=ROOT, check=True)

    assert done.stdout == f"scriptledger {metadata.version('scriptledger')}, schema {wanted_revision()}\n"


@pytest.mark.parametrize(
    ("words", "completions"),
    [("im", {"import"}), ("import draft.fountain --ti", {"--title", "--timeout"}), ("db up", {"upgrade"})],
)
def test_a_shell_completes_verbs_and_their_options(words: str, completions: set[str]):
    typed = f"scriptledger {words}"
    environ = {**os.environ, "_SCRIPTLEDGER_COMPLETE": "complete_bash", "COMP_WORDS": typed}
    environ["COMP_CWORD"] = str(len(typed.split()) - 1)

    done = subprocess.run(COMMAND, capture_output=True, text=True, cwd=ROOT, env=environ, check=False)

    assert set(done.stdout.split()) == completions


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_of_a_shell_can_be_printed(shell: str):
    # `--show-completion` prints for the current shell; this variable names one.
    environ = {**os.environ, "_SCRIPTLEDGER_COMPLETE": f"source_{shell}"}

    done = subprocess.run(COMMAND, capture_output=True, text=True, cwd=ROOT, env=environ, check=True)

    assert f"_SCRIPTLEDGER_COMPLETE=complete_{shell}" in done.stdout


def test_every_exit_status_has_a_meaning():
    assert set(MEANINGS) == set(Exit)


def test_the_list_of_verbs_needs_no_database_and_no_queue():
    probe = "import sys; from cli.command_line import command_line; command_line(); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, cwd=ROOT, check=True)

    assert HEAVY & set(done.stdout.split()) == set()


@pytest.mark.slow
def test_the_list_of_verbs_is_fast():
    took = []
    for _ in range(5):
        began = _seconds_of_children()
        subprocess.run([*COMMAND, "--help"], capture_output=True, cwd=ROOT, check=True)
        took.append(_seconds_of_children() - began)

    assert min(took) < 1.0  # 0.3 s


def _seconds_of_children() -> float:
    """The processor time of ended child processes, because other processes disturb the elapsed time."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
