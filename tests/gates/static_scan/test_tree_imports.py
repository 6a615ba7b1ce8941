"""Files of Python that get SQL, or a handle of the database, from other files of their tree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gates.static_scan.inventory import take_inventory

QUERIES = """
from .names import TABLE, VERB
PURGE = VERB + " FROM " + TABLE
READ = "SELECT id FROM " + TABLE
def removal(table):
    return VERB + f" FROM {table} WHERE id = %s"
def reading(columns, table=TABLE):
    return "SELECT " + ", ".join(columns) + " FROM " + table
def either(is_read):
    return reading(["id"]) if is_read else removal("users")
def passed(text):
    return text
"""
NAMES = 'TABLE = "scripts"\nVERB = "DELETE"\n'
HANDLES = """
from contextlib import contextmanager
import pymysql
@contextmanager
def working():
    connection = pymysql.connect(host="h")
    with connection.cursor() as c:
        yield c
def worker():
    with working() as w:
        return w
def handed(function):
    def inner(*values):
        with working() as w:
            return function(w, *values)
    return inner
def each():
    while True:
        yield pymysql.connect(host="h").cursor()
def unrelated():
    return object()
"""


def found(tmp_path: Path, files: Mapping[str, str], name: str) -> list[tuple[int, str, str]]:
    """The writes of one file of a tree."""
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    touchpoints = take_inventory(tmp_path).touchpoints
    kept = [each for each in touchpoints if each.file == name and each.access in ("write", "unknown")]
    return list(dict.fromkeys((each.line, each.access, each.table) for each in kept))


def test_a_text_is_followed_to_the_file_that_makes_it(tmp_path: Path):
    code = """
from app.queries import PURGE, READ, reading, removal, either, passed
from . import queries
def f(cursor, other, given):
    cursor.execute(READ)
    cursor.execute(reading(["id", "title"]))
    cursor.execute(queries.reading(["id"], table="users"))
    cursor.execute(PURGE)
    other.execute(removal("users"))
    other.execute(queries.PURGE)
    cursor.execute(either(given))
    cursor.execute(passed(given))
    cursor.execute(passed("DELETE FROM sessions"))
"""
    tree = {"app/__init__.py": "", "app/queries.py": QUERIES, "app/names.py": NAMES, "app/run.py": code}
    assert found(tmp_path, tree, "app/run.py") == [
        (8, "write", "scripts"),
        (9, "write", "users"),
        (10, "write", "scripts"),
        (11, "write", "users"),
        (12, "unknown", ""),
        (13, "write", "sessions"),
    ]


def test_a_name_of_two_files_is_not_followed(tmp_path: Path):
    code = "from queries import READ\ndef f(cursor):\n    cursor.execute(READ)\n"
    tree = {"a/queries.py": 'READ = "SELECT 1"', "b/queries.py": 'READ = "DELETE FROM users"', "c/run.py": code}
    assert found(tmp_path, tree, "c/run.py") == [(3, "unknown", "")]


def test_a_package_gives_what_it_imports(tmp_path: Path):
    code = "from app.sql import READ, PURGE\ndef f(cursor):\n    cursor.execute(READ)\n    cursor.execute(PURGE)\n"
    tree = {
        "app/sql/__init__.py": "from .texts import READ, PURGE\n",
        "app/sql/texts.py": 'READ = "SELECT 1"\nPURGE = "TRUNCATE TABLE " + "users"\n',
        "app/run.py": code,
    }
    assert found(tmp_path, tree, "app/run.py") == [(4, "write", "users")]


def test_files_that_import_each_other_end(tmp_path: Path):
    code = "from {} import {}\n{} = {} + 'x'\ndef f(cursor):\n    cursor.execute({})\n"
    tree = {"a.py": code.format("b", "B", "A", "B", "A"), "b.py": code.format("a", "A", "B", "A", "B")}
    assert found(tmp_path, tree, "a.py") == [(4, "unknown", "")]


def test_a_handle_is_known_in_the_files_that_get_it(tmp_path: Path):
    code = """
from contextlib import ExitStack
from .handles import working, worker, handed, each, unrelated
import app.handles as h
def f(parts, stack: ExitStack):
    with working() as a:
        a.execute(parts[0])
    worker().execute(parts[1])
    b = next(each())
    b.execute(parts[2])
    c = stack.enter_context(working())
    c.execute(parts[3])
    for d in each():
        d.execute(parts[4])
    e = unrelated()
    e.execute(parts[5])
@handed
def g(first, parts):
    first.execute(parts[6])
"""
    tree = {"app/__init__.py": "", "app/handles.py": HANDLES, "app/run.py": code}
    lines = [line for line, access, _ in found(tmp_path, tree, "app/run.py") if access == "unknown"]
    assert lines == [7, 8, 10, 12, 14, 19]


def test_a_member_is_a_handle_where_a_class_of_the_same_line_makes_it_one(tmp_path: Path):
    base = "class Base:\n    def run(self, parts):\n        self.work.execute(parts[0])\n"
    made = """
from .base import Base
class Made(Base):
    def __init__(self, connection):
        self.work = connection.cursor()
"""
    below = (
        "from .made import Made\nclass Below(Made):\n    def go(self, parts):\n        self.work.execute(parts[1])\n"
    )
    other = "class Other:\n    def run(self, parts):\n        self.work.execute(parts[0])\n"
    tree = {"a/base.py": base, "a/made.py": made, "a/below.py": below, "a/other.py": other, "a/__init__.py": ""}
    assert found(tmp_path, tree, "a/base.py") == [(3, "unknown", "")]
    assert found(tmp_path, tree, "a/below.py") == [(4, "unknown", "")]
    assert found(tmp_path, tree, "a/other.py") == []
