"""No method and no statement changes or deletes a row of the log."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from sqlalchemy import Delete, Insert, Update

import repos
from repos.log.commands import AppendableCommands, Commands
from repos.log.keyframes import WritableKeyframes
from repos.log.versions import WritableVersions
from repos.schema.core_tables import script_commands, submissions
from repos.submissions.answers import WritableSubmissions
from repos.unit_of_work import RecordsTransaction

LOG = {script_commands.name, submissions.name}
# Alembic's environment can only be imported by Alembic.
MODULES = [
    module.name
    for module in walk_packages(repos.__path__, "repos.")
    if not module.ispkg and module.name != "repos.migrations.env"
]


def public_methods(cls: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(cls, inspect.isfunction) if not name.startswith("_")}


def test_the_log_can_be_read_and_appended_to_and_nothing_else():
    assert public_methods(AppendableCommands) - public_methods(Commands) == {"append"}


@pytest.mark.parametrize(
    ("repository", "compared_by"),
    [(WritableVersions, {"differences"}), (WritableKeyframes, set()), (WritableSubmissions, set())],
)
def test_tables_derived_from_the_log_can_be_read_and_put(repository: type, compared_by: set[str]):
    (readable,) = repository.__bases__
    assert public_methods(repository) - public_methods(readable) - compared_by == {"put"}


def test_a_unit_of_work_without_a_head_lock_cannot_write_a_script():
    writers = {AppendableCommands, WritableVersions, WritableKeyframes, WritableSubmissions}

    held = {type(value) for value in vars(RecordsTransaction(None)).values()}  # type: ignore[arg-type]

    assert not held & writers


@pytest.mark.parametrize("module", MODULES)
def test_no_statement_changes_or_deletes_rows_of_the_log(module: str):
    for name, value in vars(import_module(module)).items():
        if isinstance(value, (Update, Delete)):
            assert value.table.name not in LOG, name
        if isinstance(value, Insert) and value.table.name in LOG:
            assert value._post_values_clause is None, name


def test_no_sql_text_changes_or_deletes_rows_of_the_log():
    change = re.compile(rf"\b(UPDATE|DELETE\s+FROM|REPLACE\s+INTO|TRUNCATE)\s+({'|'.join(LOG)})\b", re.IGNORECASE)
    root = Path(repos.__path__[0])
    sources = [path for path in root.rglob("*.py") if "migrations" not in path.relative_to(root).parts]
    assert len(sources) >= len(MODULES)
    for path in sources:
        for constant in strings_of(path):
            assert not change.search(constant), path


def strings_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
