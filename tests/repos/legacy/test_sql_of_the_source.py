"""SQL against a legacy database is in `repos/legacy/` alone, and none of it writes: read from the source code.

A string is taken for SQL if it begins like a statement. Samples below prove that the rules catch what they must.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LEGACY = ROOT / "repos" / "legacy"
# Layers that work with a legacy source through values.
ABOVE = ("backfill", "gates", "workers/backfill", "cli/verbs/migrate", "cli/client", "cli/rendering", "cli/demo")
READS = ("SELECT", "SHOW", "WITH", "CHECKSUM")
# What a session is set to before anything is read.
SETTINGS = {
    "SET SESSION sql_mode='', time_zone='+00:00', net_write_timeout=600, wait_timeout=3600 "
    "/*!80000 , information_schema_stats_expiry=0, max_execution_time=0, sort_buffer_size=67108864 */ "
    "/*M!100101 , max_statement_time=0 */",
    "SET SESSION TRANSACTION READ ONLY",
    "PRAGMA query_only = ON",
}
STATEMENT = re.compile(
    r"\s*(?:/\*.*?\*/\s*)?(SELECT|SHOW|WITH|CHECKSUM|INSERT|REPLACE|UPDATE|DELETE|TRUNCATE|MERGE|CREATE|ALTER|DROP|RENAME|"
    r"GRANT|REVOKE|CALL|DO|LOAD|HANDLER|LOCK|UNLOCK|FLUSH|OPTIMIZE|ANALYZE|REPAIR|SET|PREPARE|EXECUTE|BEGIN|START|COMMIT|"
    r"ROLLBACK|SAVEPOINT|XA|USE|KILL|PRAGMA|ATTACH|DETACH|VACUUM|REINDEX)\s",
    re.DOTALL,
)
HIDDEN = re.compile(r"/\*M?!")
WRITERS = {"executemany", "begin", "commit", "insert", "update", "delete", "exec_driver_sql", "executescript"}


def statements_in(code: str) -> Iterator[str]:
    """Strings that begin like a statement, apart from docstrings and regular expressions."""
    tree = ast.parse(code)
    ignored: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            ignored.add(node.value)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            ignored.update(ast.walk(node))
        if isinstance(node, ast.JoinedStr):
            ignored.update(child for child in ast.walk(node) if child is not node)
    for node in ast.walk(tree):
        if node in ignored:
            continue
        text = _text(node)
        if text is not None and (STATEMENT.match(text) or HIDDEN.search(text)):
            yield text


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def writes_in(code: str) -> list[str]:
    """Statements that do more than read, and calls that could write."""
    found = [
        text
        for text in statements_in(code)
        if text not in SETTINGS and (not text.lstrip().startswith(READS) or HIDDEN.search(text) or ";" in text)
    ]
    calls = (node.func for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))
    found += [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in WRITERS]
    return found


def sends_in(code: str) -> list[str]:
    """What a file outside `repos/legacy/` would send to a source: its own SQL, or a call that sends SQL."""
    tree = ast.parse(code)
    imports = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    if not any(module.startswith("repos.legacy") for module in imports):
        return []
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {"fetch", "stream", "reflecting", "raw_connection", "cursor", "execute"}
    return [
        *statements_in(code),
        *(call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in names),
    ]


def files(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", sorted(LEGACY.glob("*.py")), ids=lambda path: path.name)
def test_nothing_in_repos_legacy_writes(path: Path):
    assert writes_in(path.read_text()) == []


def test_sql_against_the_source_is_in_repos_legacy_alone():
    found = {str(path.relative_to(ROOT)): sends_in(path.read_text()) for folder in ABOVE for path in files(folder)}

    assert {path: sends for path, sends in found.items() if sends} == {}
    assert any(list(statements_in(path.read_text())) for path in LEGACY.glob("*.py"))


def test_repos_legacy_is_imported_by_these_layers_alone():
    importing = {
        str(path.relative_to(ROOT))
        for folder in ("domain", "repos", "materialization", "workers", "cli", "backfill", "gates")
        for path in files(folder)
        if "repos.legacy" in path.read_text() and not path.is_relative_to(LEGACY)
    }

    assert all(path.startswith(ABOVE) for path in importing), importing


@pytest.mark.parametrize(
    "code",
    [
        "source.fetch('INSERT INTO t VALUES (1)')",
        "source.fetch(f'UPDATE {table} SET a = 1')",
        "SQL = 'DELETE ' 'FROM t'",
        "x = '''\n  DROP TABLE t'''",
        "source.fetch('SET SESSION TRANSACTION READ WRITE')",
        "source.fetch('/*! UPDATE t SET a = 1 */')",
        "source.fetch('SELECT 1 /*!, f() */')",
        "source.fetch('SELECT 1; DROP TABLE t')",
        "source.fetch('CALL p()')",
        "source.fetch('EXECUTE IMMEDIATE x')",
        "source.fetch('LOAD DATA INFILE x')",
        "connection.exec_driver_sql(sql)",
        "cursor.executemany(sql, rows)",
        "connection.commit()",
        "table.insert()",
        "x = 'PRAGMA query_only = OFF'",
    ],
)
def test_the_rule_catches_a_write(code: str):
    assert writes_in(code) != []


@pytest.mark.parametrize(
    "code", ["source.fetch(f'SELECT {x} FROM t')", "'''UPDATE t: a docstring'''", "re.compile('GRANT x')"]
)
def test_the_rule_lets_reads_and_prose_through(code: str):
    assert writes_in(code) == []


@pytest.mark.parametrize("code", ["source.fetch(sql)", "for x in source.stream(sql): ...", "SQL = 'SELECT 1 FROM t'"])
def test_the_rule_catches_sql_in_another_layer(code: str):
    assert sends_in(f"from repos.legacy.connection import Source\n{code}") != []
    assert sends_in(code) == []
