"""Samples of code: every write is found at its line, and nothing in code that only talks about SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from gates.static_scan.check import check
from gates.static_scan.inventory import take_inventory
from gates.static_scan.policy import Policy
from tests.gates.static_scan.sample_files import Sample, samples

OFFENDING, CLEAN = samples("offending"), samples("clean")


def found(tmp_path: Path, sample: Sample) -> set[tuple[int, str, str]]:
    """The touchpoints of a sample."""
    (tmp_path / f"sample{sample.suffix}").write_text(sample.code, encoding="utf-8")
    inventory = take_inventory(tmp_path)
    assert inventory.unread == []
    return {(each.line, each.access, each.table) for each in inventory.touchpoints}


def writes(touchpoints: Iterable[tuple[int, str, str]]) -> set[tuple[int, str, str]]:
    """Those that write or may write."""
    return {each for each in touchpoints if each[1] in ("write", "unknown")}


@pytest.mark.parametrize("sample", OFFENDING, ids=lambda sample: sample.name)
def test_a_write_is_found_at_its_line(tmp_path: Path, sample: Sample):
    touchpoints = found(tmp_path, sample)
    assert writes(touchpoints) == writes(sample.marks)
    assert sample.marks <= touchpoints


@pytest.mark.parametrize("sample", CLEAN, ids=lambda sample: sample.name)
def test_code_that_talks_about_sql_is_clean(tmp_path: Path, sample: Sample):
    assert writes(found(tmp_path, sample)) == set()


def test_sql_that_javascript_only_shows_is_kept_as_a_text(tmp_path: Path):
    (tmp_path / "help.ts").write_text('const HINT = "DROP TABLE users";\nconsole.log(HINT);\n', encoding="utf-8")
    inventory = take_inventory(tmp_path)
    assert [(each.line, each.access, each.table) for each in inventory.texts] == [(1, "write", "users")]
    assert inventory.touchpoints == []


def test_calls_of_mongodb_are_listed_apart_and_fail_a_check_only_by_a_setting(tmp_path: Path):
    code = 'import mongoose from "mongoose";\nawait mongoose.model("Script", s).updateOne({ _id }, { title });\n'
    (tmp_path / "notes.ts").write_text(code, encoding="utf-8")
    inventory = take_inventory(tmp_path)
    assert [(each.line, each.api, each.domain) for each in inventory.other_stores] == [(2, "MongoDB", "other")]
    assert inventory.touchpoints == []
    assert check(inventory, Policy(1)).findings == []
    assert len(check(inventory, Policy(1, check_other_stores=True)).findings) == 1


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("from pymongo import MongoClient\ndb = MongoClient().app\ndb.scripts.update_many({}, change)\n", [3]),
        ("def f(db, row):\n    db.scripts.insert_one(row)\n", [2]),
        ("from beanie import Document\nclass Script(Document): ...\nawait Script(title='x').insert()\n", [3]),
        ("from mongoengine import Document\nScript.objects(id=1).update(title='x')\nScript(id=1).save()\n", [2, 3]),
    ],
)
def test_calls_of_mongodb_in_python_are_listed_apart(tmp_path: Path, code: str, lines: list[int]):
    (tmp_path / "notes.py").write_text(code, encoding="utf-8")
    inventory = take_inventory(tmp_path)
    assert [(each.line, each.api, each.access) for each in inventory.other_stores] == [
        (line, "MongoDB", "write") for line in lines
    ]
    assert inventory.touchpoints == []


def test_a_library_for_sql_next_to_mongodb_is_one_of_the_database(tmp_path: Path):
    code = "import pymongo\nfrom peewee import Model\nclass Script(Model): ...\nScript.insert_many(rows)\n"
    (tmp_path / "notes.py").write_text(code, encoding="utf-8")
    inventory = take_inventory(tmp_path)
    assert [(each.line, each.access, each.table) for each in inventory.touchpoints] == [(4, "write", "Script")]


@pytest.mark.parametrize(
    "part", ["err import IntegrityError", "constants import ER", "converters import escape_string"]
)
def test_a_part_of_a_driver_that_opens_nothing_is_no_connection(tmp_path: Path, part: str):
    assert found(tmp_path, Sample("part", ".py", f"from pymysql.{part}\n", frozenset())) == set()
    assert found(tmp_path, Sample("part", ".py", "from pymysql.connections import Connection\n", frozenset())) != set()


def test_there_are_enough_samples_of_each_kind():
    names = [sample.name for sample in (*OFFENDING, *CLEAN)]
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert len(OFFENDING) >= 80
    assert len(CLEAN) >= 80
    assert all(sample.marks for sample in OFFENDING)


@pytest.mark.parametrize(
    ("code", "is_run"),
    [
        ('import { USAGE } from "./help";\nawait db.query(USAGE);\n', True),
        ('import { USAGE as text } from "./help.js";\nawait run(text);\n', True),
        ('import * as help from "./help";\nawait db.query(help.USAGE);\n', True),
        ('const { USAGE } = require("./help");\nawait db.query(USAGE);\n', True),
        ('const help = require("./help");\nmodule.exports = () => db.query(help.USAGE);\n', True),
        ('await db.query((await import("./help")).USAGE);\n', True),
        ('import { USAGE } from "./more";\nawait db.query(USAGE);\n', True),
        (f'import {{ USAGE }} from "./help";\nawait db.query(USAGE);\n{"console.log(USAGE);" * 500}\n', True),
        ('import { USAGE } from "./help";\nconsole.log(USAGE);\n', False),
        ('import { USAGE } from "./more";\nconst page = <p>{USAGE}</p>;\n', False),
        ('import * as help from "./help";\nawait db.query(help.OTHER);\nconsole.log(help.USAGE);\n', False),
        ('const { OTHER } = require("./help");\nawait db.query(OTHER);\n', False),
        ('import { USAGE } from "./another";\nawait db.query(USAGE);\n', False),
        ('import { OTHER, USAGE } from "./help";\nawait run(OTHER);\nthrow new Error(USAGE);\n', False),
    ],
)
def test_a_text_for_people_that_another_file_may_run_is_a_touchpoint(tmp_path: Path, code: str, is_run: bool):
    (tmp_path / "help.ts").write_text('export const OTHER = id;\nexport const USAGE = "DELETE FROM users";\n')
    (tmp_path / "more.ts").write_text('export { USAGE } from "./help";\n')
    (tmp_path / "run.jsx").write_text(code)
    inventory = take_inventory(tmp_path)
    places = [(each.file, each.line) for each in (inventory.touchpoints if is_run else inventory.texts)]
    assert ("help.ts", 2) in places


@pytest.mark.parametrize("export", ["export default USAGE;", "module.exports = USAGE;"])
@pytest.mark.parametrize("load", ['import text from "./help";', 'const text = require("./help");'])
def test_a_text_for_people_that_is_a_module_may_be_run_by_any_name(tmp_path: Path, export: str, load: str):
    (tmp_path / "help.js").write_text(f'const USAGE = "DELETE FROM users";\n{export}\n')
    (tmp_path / "run.js").write_text(f"{load}\nawait db.query(text);\n")
    assert [each.table for each in take_inventory(tmp_path).touchpoints if each.file == "help.js"] == ["users"]
    (tmp_path / "run.js").write_text(f"{load}\nconsole.log(text);\n")
    assert take_inventory(tmp_path).touchpoints == []
