"""Files that are no code by themselves: pages with scripts, notebooks, SQL, scripts of a shell, other languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gates.static_scan.inventory import Inventory, take_inventory
from tests.cpu_limit import cpu_limit

VUE = """<template>
  <p>DELETE FROM scripts WHERE id = 1</p>
</template>
<script setup lang="ts">
const go = async (p: Pool) => p.query("DELETE FROM scripts WHERE id = 1");
</script>
<style>select { color: red }</style>
"""
SVELTE = """<script>
  export let db;
</script>
<h1>Update</h1>
<script context="module">
  db.query("UPDATE scripts SET a = 1");
</script>
"""
ASTRO = """---
await pool.query(`DELETE FROM users WHERE id = 1`);
---
<p>Select from the list</p>
"""
HTML = """<!doctype html>
<script type="application/json">{"sql": "DELETE FROM scripts WHERE id = 1"}</script>
<SCRIPT>pool.query(text)</SCRIPT>
"""
SCHEMA = """-- DELETE FROM nothing;
CREATE TABLE scripts (id INT);
INSERT INTO scripts VALUES (1), ('a;b');
INSERT INTO scripts VALUES (2);
DELIMITER //
CREATE PROCEDURE p() BEGIN DELETE FROM users; UPDATE users SET a = 1; END //
DELIMITER ;
/* UPDATE nothing SET a = 1; */ SELECT 1;
/*!40000 ALTER TABLE personas DISABLE KEYS */;
"""
SHELL = """#!/usr/bin/env bash
# mysql app -e "DELETE FROM nothing"
echo "UPDATE scripts SET a = 1 would be wrong"
mysql app -e "DELETE FROM scripts WHERE id = $id"
mysql app <<'SQL'
UPDATE personas SET a = 1;
SQL
zcat dump.gz | mysql app
mysql --version
mysqldump app > dump.sql
"""


def scanned(tmp_path: Path, name: str, text: str) -> Inventory:
    """The inventory of a folder with one file."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return take_inventory(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("A.vue", VUE, [(5, "write", "scripts")]),
        ("a.svelte", SVELTE, [(6, "write", "scripts")]),
        ("a.astro", ASTRO, [(2, "write", "users")]),
        ("a.html", HTML, [(3, "unknown", "")]),
        (
            "a.sql",
            SCHEMA,
            [(2, "write", "scripts"), (6, "write", "users"), (6, "unknown", ""), (9, "unknown", "personas")],
        ),
        ("a.sh", SHELL, [(4, "write", "scripts"), (5, "write", "personas"), (8, "unknown", "")]),
        ("deploy", SHELL, [(4, "write", "scripts"), (5, "write", "personas"), (8, "unknown", "")]),
        ("a.sql", "DELETE FROM scripts", [(1, "write", "scripts")]),
        ("a.sql", "CALL p();\nSET SESSION TRANSACTION READ WRITE;", [(1, "unknown", ""), (2, "connection", "")]),
        (
            "odd.sql",
            "SELECT DATE_ADD();\nSELECT {: 'a'};\nSELECT () => 1;\nDELETE FROM scripts;",
            [(4, "write", "scripts")],
        ),
        ("empty.sql", "", []),
        ("unclosed.sql", "INSERT INTO scripts VALUES ('", [(1, "write", "scripts")]),
    ],
)
def test_code_and_sql_are_found_at_their_lines(tmp_path: Path, name: str, text: str, found: list[tuple[int, str, str]]):
    inventory = scanned(tmp_path, name, text)
    assert [(each.line, each.access, each.table) for each in inventory.touchpoints if each.access != "read"] == found
    assert inventory.unread == []
    assert inventory.paths == [name]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT LOW_PRIORITY IGNORE INTO a VALUES (1);\nINSERT LOW_PRIORITY IGNORE INTO scripts VALUES (1);",
        "INSERT /* of the dump */ INTO a VALUES (1);\nINSERT /* of the dump */ INTO scripts VALUES (1);",
        "INSERT INTO a VALUES (1);\n--\tit's\nDELETE FROM scripts;",
        "INSERT INTO app . a VALUES (1);\nINSERT INTO app . scripts VALUES (1);",
        "INSERT INTO a VALUES (1);\nDELIMITER //\nINSERT INTO a VALUES (2); DELETE FROM scripts //",
    ],
)
def test_an_insert_hides_no_other_statement(tmp_path: Path, text: str):
    found = scanned(tmp_path, "a.sql", text)
    assert [each.table for each in found.touchpoints if each.access == "write"][1:] in (["scripts"], ["app.scripts"])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("n=$((1<<shift))\nzcat dump.gz | mysql app", [2]),
        ('mysql app <<< "DELETE FROM scripts"\nzcat dump.gz | mysql app', [1, 2]),
        ("ssh db <<EOF\nmysql app < dump.sql\nEOF", [2]),
        ("cat <<EOF\nmysql app < dump.sql\n  EOF\nmysql app < dump.sql", [4]),
        ("command -v mysql && mysql app < dump.sql", [1]),
        ("command mysql app < dump.sql", [1]),
        ('echo "DELETE FROM scripts" | $CLIENT', [1]),
        ('echo "DELETE FROM scripts WHERE a = 1 | 2"', []),
        ("apt-get install -y mysql; mysql app < dump.sql", [1]),
        ("apt-get install -y mysql", []),
    ],
)
def test_every_client_that_a_shell_starts_is_found(tmp_path: Path, text: str, lines: list[int]):
    found = scanned(tmp_path, "a.sh", f"{text}\n")
    assert [each.line for each in found.touchpoints] == lines


def notebook(*cells: list[str], kernel: str = "python") -> str:
    """A notebook as Jupyter writes it."""
    listed = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell} for cell in cells]
    text = {"cell_type": "markdown", "source": ["DELETE FROM scripts WHERE id = 1"]}
    return json.dumps({"cells": [text, *listed], "metadata": {"language_info": {"name": kernel}}}, indent=1)


def test_the_cells_of_a_notebook_are_read_at_the_lines_of_the_file(tmp_path: Path):
    first = ["import pymysql\n", 'cursor.execute("DELETE FROM scripts WHERE id = 1")  # é\n', "cursor.execute(q)"]
    text = notebook(first, ["%sql UPDATE users SET a = 1"], ["%%sql\n", "DELETE FROM personas"], ["!mysql app < x"])
    found = scanned(tmp_path, "a.ipynb", text)
    lines = text.split("\n")
    assert found.unread == []
    assert [(lines[each.line - 1].strip(' ",')[:14], each.access) for each in found.touchpoints] == [
        ("import pymysql", "connection"),
        ("cursor.execute", "write"),
        ("cursor.execute", "unknown"),
        ("%sql UPDATE us", "write"),
        ("DELETE FROM pe", "write"),
        ("!mysql app < x", "unknown"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        notebook(["SELECT 1"], kernel="sql"),
        json.dumps(json.loads(notebook(["a = 1\n", "cursor.execute(q)"]))),
        notebook(["%%sql\nDELETE FROM scripts WHERE id = 1"]),
        '{"cells": ' + "[" * 200_000,
    ],
)
def test_a_notebook_whose_lines_are_not_known_is_named(tmp_path: Path, text: str):
    found = scanned(tmp_path, "a.ipynb", text)
    assert [each.code for each in found.unread] == ["notebook"]
    assert found.touchpoints == []


def test_files_of_languages_that_are_not_read_are_counted(tmp_path: Path):
    for name in ("a.php", "b.php", "c.rb", "d.txt", "e.md"):
        (tmp_path / name).write_text("```sql\nDELETE FROM users;\n```\n```bash\nmysql app < x.sql\n```\n")
    found = take_inventory(tmp_path)
    assert (found.touchpoints, found.unread) == ([], [])
    assert found.skipped == [
        ("*.md", "1 file of Markdown, which is not read"),
        ("*.php", "2 files of PHP, which is not read"),
        ("*.rb", "1 file of Ruby, which is not read"),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sql", "INSERT INTO a VALUES (1);\n" * 38_000),
        pytest.param("b.sql", ";" * 1_000_000, marks=pytest.mark.slow),
        ("c.sql", "DELIMITER x\n" * 80_000),
        ("d.sql", "/*" * 500_000),
        ("e.sql", "'" * 999_999),
        pytest.param("f.sh", 'mysql <<A\n"' * 80_000, marks=pytest.mark.slow),
        pytest.param("g.sh", "mysql <<" + "A" * 70 + "\n" + "x\n" * 400_000, marks=pytest.mark.slow),
        ("h.vue", "<script " * 120_000),
        ("i.vue", "<script>\n" * 100_000),
        ("j.sh", '"\n' * 400_000),
        pytest.param("k.sql", "".join(f"UPDATE t{n} SET a = 1;\n" for n in range(2_000)), marks=pytest.mark.slow),
    ],
)
def test_hostile_files_cost_a_bounded_time(tmp_path: Path, name: str, text: str):
    with cpu_limit(6, name):
        scanned(tmp_path, name, text)


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("package.json", '{\n"scripts": {\n"wipe": "mysql app < wipe.sql",\n"t": "jest"}\n}', [3]),
        ("Procfile", "web: gunicorn app\nwipe: mysql app < wipe.sql\n", [2]),
        ("Jenkinsfile", "stage('x') {\n  steps {\n    sh 'mysql app < wipe.sql'\n  }\n}\n", [3]),
        ("wipe.service", '[Service]\nExecStart=/usr/bin/mysql app -e "DELETE FROM users"\n', [2]),
        ("justfile", "wipe:\n    mysql app < wipe.sql\n", [2]),
        ("wipe.bat", "@echo off\nrem mysql app < no.sql\nmysql app < wipe.sql\n", [3]),
        ("a.bat", '"C:\\Program Files\\MySQL\\bin\\mysql.exe" app < a\r\nC:\\bin\\mysql.exe app < b\r\n', [1, 2]),
        ("b.bat", "docker exec db ^\r\n  mysql app < wipe.sql\r\n", [1]),
        ("devcontainer.json", '// see x\n{\n"postCreateCommand": "mysql -h db app < seed.sql",\n"a": 1\n}\n', [3]),
        ("package.json", '{\n"a": "\\ud83d\\ude00",\n"scripts": {\n"seed": "mysql app < seed.sql"}\n}', [4]),
        ("q.yml", "# \u2028\u2028\u2028\u2028\nrun: mysql app < wipe.sql\n", [2]),
        ("r.yml", "a: 1\rrun: mysql app < wipe.sql\rb: 2\r", [1]),
        ("crontab", "0 3 * * * backup mysql app < wipe.sql\n", []),
        ("crontab", "0 3 * * * www python manage.py shell -c 'Script.objects.all().delete()'\n", [1]),
        ("crontab", "0 3 * * * echo python manage.py shell -c 'Script.objects.all().delete()'\n", []),
        ("cron.d/app", "0 3 * * * backup mysql app < wipe.sql\n0 3 * * * mysql app < wipe.sql\n", [1, 2]),
        ("i.toml", "x = [" + "'a b', " * 150 + "'mysql app < wipe.sql']\n", [1]),
        ("chart.yaml", "{{- if .Values.wipe }}\ncommand: mysql app -e 'DELETE FROM users'\n{{- end }}\n", [2]),
        ("pnpm-lock.yaml", "packages:\n  command: mysql app < wipe.sql\n", []),
        ("a.yml", "x: &x {run: mysql app < a}\ny: *x\nz:\n  ? [a, b]\n  : {run: mysql app < b}\n", [1, 5]),
    ],
)
def test_commands_are_found_in_files_of_other_things(tmp_path: Path, name: str, text: str, lines: list[int]):
    found = scanned(tmp_path, name, text)
    assert [each.line for each in found.touchpoints] == lines
    assert found.unread == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yml", "run: mysql\n" + "[" * 400_000),
        ("b.yml", "run: mysql\na: " + "{a: " * 100_000),
        ("c.yml", "a: &a [mysql -e x]\n" + "b: *a\n" * 80_000),
        ("d.yml", "- run: 'mysql\n" * 20_000),
        ("e.yml", "command:\n" + "- mysql\n" * 30_000),
        ("f.sh", "mysql -e '\n" * 30_000),
        ("g.sh", "mysql $(" * 100_000),
        pytest.param("h.sh", "python -c 'x'\n" * 8_000, marks=pytest.mark.slow),
        pytest.param("Makefile", "a:\n" + "\tmysql \\\n" * 80_000, marks=pytest.mark.slow),
        ("crontab", "* " * 400_000 + "mysql"),
        ("Dockerfile", "RUN mysql " + "--a=b " * 100_000),
        pytest.param("i.toml", "a = 'mysql\n" * 60_000, marks=pytest.mark.slow),
        ("j.py", "X = [\n" + "*X,\n" * 3_000 + "'mysql']\n" + "subprocess.run(X)\n" * 50),
        ("s.py", "Y=[" + "#\n" * 90_000 + "]\nX=[\n" + "*Y,\n" * 2_000 + "'mysql']\n" + "subprocess.run(X)\n" * 50),
        pytest.param("t.js", "class A extends B{}\n" * 20_000 + "this.query(x);\n" * 35_000, marks=pytest.mark.slow),
        pytest.param("k.sh", 'x="$(mysql -e a)"\n' * 10_000, marks=pytest.mark.slow),
        pytest.param(
            "l.sh",
            "mysql <<A; " * 4_000 + "\nINSERT INTO t VALUES (1);\n" + "-- x\n" * 150_000 + "A\n",
            marks=pytest.mark.slow,
        ),
        ("m.sh", ("echo '" + "UPDATE t SET a=1 /* */;" * 900 + "' | sh -c '" + "a;" * 10_000 + "'\n") * 20),
        pytest.param("n.sh", "a=my" + " x" * 1_900 + "\n" + ("$a;" * 16_000 + "\n") * 15, marks=pytest.mark.slow),
        pytest.param("o.sh", "".join(f"a{number}=my$\n" for number in range(90_000)), marks=pytest.mark.slow),
        pytest.param("p.sh", ("mysql " + "${" * 24_000 + "\n") * 20, marks=pytest.mark.slow),
        pytest.param("q.sh", "python - <<E\n" + "f(x);" * 190_000 + "\nE\n", marks=pytest.mark.slow),
        pytest.param("package.json", '{"scripts": {' + ",".join(['"a": "my"'] * 90_000) + "}}", marks=pytest.mark.slow),
        ("r.yml", "? |\n  a." + "x" * 500_000 + "\n:\n" + "  - my\n" * 60_000),
    ],
)
def test_hostile_files_of_commands_cost_a_bounded_time(tmp_path: Path, name: str, text: str):
    with cpu_limit(6, name):
        scanned(tmp_path, name, text)
