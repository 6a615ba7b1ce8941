"""Bad input to a scan: it is named, never passed over, and costs a bounded time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gates.static_scan.files.source_files import MAX_FILE_BYTES, Excluded
from gates.static_scan.inventory import Inventory, take_inventory
from tests.cpu_limit import cpu_limit

WRITE = 'cursor.execute("DELETE FROM scripts WHERE id = 1")\n'


def scanned(tmp_path: Path, name: str, data: str | bytes) -> Inventory:
    """The inventory of a folder with one file."""
    (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return take_inventory(tmp_path)


def codes(inventory: Inventory) -> list[str]:
    return [each.code for each in inventory.unread]


def test_a_part_that_does_not_parse_is_named_and_the_rest_is_read(tmp_path: Path):
    found = scanned(tmp_path, "a.py", f"{WRITE}\n\ndef (:\n")
    assert [(each.line, each.code) for each in found.unread] == [(4, "unparsed")]
    assert [each.line for each in found.touchpoints] == [1]


@pytest.mark.parametrize(
    ("name", "code", "line"),
    [
        ("a.py", "def broken(:\n    pass\n", 1),
        ("a.py", "x = 1\ndef f():\n", 2),
        ("a.py", "import\ncursor.execute('DELETE FROM scripts')\n", 1),
        ("a.js", "f();\nif (a\n  g();\n", 2),
    ],
)
def test_code_that_the_parser_completes_is_named(tmp_path: Path, name: str, code: str, line: int):
    assert [(each.line, each.code) for each in scanned(tmp_path, name, code).unread] == [(line, "unparsed")]


def test_an_import_of_several_lines_is_read(tmp_path: Path):
    found = scanned(tmp_path, "a.py", "from a import (\n    b,\n)\nimport c, \\\n    d\n")
    assert codes(found) == []


def test_a_minified_file_of_10_mb_is_not_read_and_named(tmp_path: Path):
    with cpu_limit(1, "a large file"):
        found = scanned(tmp_path, "bundle.min.js", 'function a(b){return b("x")}' * 380_000)
    assert codes(found) == ["too_large"]


def test_a_large_file_of_settings_is_read_if_it_holds_no_command(tmp_path: Path):
    plain = 'key = "Set the title (or select one) and create a table of contents from it"\n' * 16_000
    with cpu_limit(3, "a large file of settings"):
        assert codes(scanned(tmp_path, "a.yaml", plain)) == []
        for text in ("run: mysql app < seed.sql\n", "a: delete from users where id = 1\n", "a: python3 -c 'x'\n"):
            (unread,) = scanned(tmp_path, "a.yaml", f"{plain}{text}").unread
            assert (unread.code, unread.line) == ("too_large", 16_001)
            assert "this line may hold a command or SQL" in unread.sentence


def test_settings_of_more_than_16_mib_are_not_read_and_named(tmp_path: Path):
    (unread,) = scanned(tmp_path, "a.yaml", "a: b\n" * 3_400_000).unread
    assert unread.sentence.startswith("It has more than 16 MiB: it was not read. Exclude it in gates.toml")


def test_a_smaller_minified_file_costs_a_bounded_time(tmp_path: Path):
    with cpu_limit(2, "a minified file"):
        found = scanned(tmp_path, "bundle.js", 'a.b("c",[1]);' * 70_000)
    assert codes(found) == ["minified"]


def parts(*, executed: int) -> str:
    """Texts that each hold the one before 90 times."""
    assigned = "".join(f'a{number + 1} = f"' + f"{{a{number}}}" * 90 + '"\n' for number in range(9))
    return assigned + "cursor.execute(a9)\n" * executed


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("members.py", "x = a" + ".b" * 40_000 + "()\ncursor.execute(x)\n"),
        ("members.js", "x = a" + "\n.b" * 40_000 + "()\npool.query(x)\n"),
        ("smaller.ts", "x = " + "a <\n" * 40_000 + "b\n"),
        ("nested.js", "f(" * 20_000 + ")" * 20_000),
        ("chain.js", "a" + "\n.b()" * 40_000),
        ("sum.js", "x = " + "'UPDATE '\n+ " * 20_000 + "'a'"),
        ("sum.py", "x = (" + "'UPDATE '\n+ " * 20_000 + "'a')"),
        ("template.js", "`${" * 30_000),
        ("brackets.py", "[\n" * 60_000),
        ("strings.py", "f'{" * 60_000),
        ("comments.js", 'db.query("' + "/* " * 30_000 + '");'),
        ("parentheses.js", 'db.query("SELECT ' + "(" * 30_000 + '");'),
        ("semicolons.js", 'db.query("' + "DELETE FROM a;" * 5_000 + '");'),
        ("assigned.py", "x = 1\n" * 30_000 + "cursor.execute(x)\n" * 500),
        pytest.param("typed.ts", "const f = (a: Pool) => a.query(x);\n" * 20_000, marks=pytest.mark.slow),
        ("keys.ts", "const o = {" + "text: 'DELETE FROM users WHERE id = 1',\n" * 8_000 + "};"),
        ("parts.py", parts(executed=3)),
        pytest.param("parts.py", parts(executed=90), marks=pytest.mark.slow),
        ("loops.py", "Q = [" + "'DELETE FROM users',\n" * 8_000 + "]\n" + "for q in Q:\n    cursor.execute(q)\n" * 30),
        (
            "results.py",
            "".join(f"def f{n}(x): return f{n + 1}(x) + f{n + 1}(x)\n" for n in range(90)) + "cursor.execute(f0(a))\n",
        ),
        ("grown.py", 'cursor.execute("a"' + f".replace('a', '{'a' * 50_000}')" * 8 + ")\n"),
        ("own_part.py", "q = f\"{q.replace('a', f'{q}')}\"\ncursor.execute(q)\n"),
        ("signs.py", "cursor.execute('a'.replace('a', --5))\n"),
        ("digits.js", r'db.query("\8\9");'),
        ("circle.py", "a = b + c\nb = a + c\nc = a + b\ncursor.execute(a)\n"),
        ("doubled.py", "".join(f"a{n + 1} = a{n} + a{n}\n" for n in range(60)) + "cursor.execute(a60)\n"),
    ],
)
def test_hostile_code_costs_a_bounded_time(tmp_path: Path, name: str, code: str):
    assert len(code) < MAX_FILE_BYTES
    with cpu_limit(6, name):
        scanned(tmp_path, name, code)


@pytest.mark.slow
def test_many_texts_that_files_export_to_each_other_cost_a_bounded_time(tmp_path: Path):
    names = [f"USAGE{number}" for number in range(100)]
    for place in range(30):
        texts = "".join(f'export const {name} = "DELETE FROM users";\n' for name in names)
        (tmp_path / f"help{place}.ts").write_text(f'{texts}export * from "./help{(place + 1) % 30}";\n')
        uses = "".join(f'import {{ {name} }} from "./help{place}";\nconsole.log({name});\n' for name in names)
        (tmp_path / f"use{place}.ts").write_text(uses)
    with cpu_limit(6, "30 files that export 100 texts"):
        found = take_inventory(tmp_path)
    assert (len(found.texts), found.touchpoints) == (3_000, [])


@pytest.mark.parametrize(("levels", "expected"), [(900, []), (1_100, ["too_deep"])])
def test_code_that_nests_deeper_than_people_write_is_named(tmp_path: Path, levels: int, expected: list[str]):
    assert codes(scanned(tmp_path, "a.js", "x = " + "'a' +\n" * levels + "b;\n")) == expected


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path):
    assert codes(scanned(tmp_path, "a.py", b"x = '\xff\xfe'\n")) == ["not_utf8"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path, encoding: str):
    found = scanned(tmp_path, "a.py", f"# é 😀\n{WRITE}".encode(encoding))
    assert codes(found) == []
    assert [each.line for each in found.touchpoints] == [2]


def test_positions_are_right_after_text_in_any_alphabet(tmp_path: Path):
    found = scanned(tmp_path, "a.js", 'const é = "😀日本";\n\nconst 名 = `UPDATE scripts SET a = "é"`; db.query(名);\n')
    assert [(each.line, each.table) for each in found.touchpoints] == [(3, "scripts")]


@pytest.mark.parametrize(
    ("name", "code", "line"),
    [
        ("a.py", "x = 1  # a\rcursor.execute(build())\r", 1),
        ("a.py", "x = 1\r\ncursor.execute(build())\r\n", 2),
        ("a.js", "// a\u2028pool.query(build());\n", 1),
        ("a.js", "const é = 1; // a\u2029pool.query(build());\n", 1),
        ("a.ts", "// a\rpool.query(build());\n", 1),
        ("a.py", "cursor.\uff45xecute(build())\n", 1),
        ("a.py", "\U0001d4ec\U0001d4fe\U0001d4fb.\U0001d4ee\U0001d4fdxecute(build())\n".replace("\U0001d4fdx", "x"), 1),
    ],
)
def test_code_that_another_way_to_write_hides_is_found(tmp_path: Path, name: str, code: str, line: int):
    found = scanned(tmp_path, name, code)
    assert [(each.line, each.access) for each in found.touchpoints] == [(line, "unknown")]
    assert found.unread == []


def test_a_name_that_is_written_with_escapes_is_named(tmp_path: Path):
    found = scanned(tmp_path, "a.js", "const a = 'caf\\u00e9';\npool.\\u0071uery(build());\n")
    assert [(each.line, each.code) for each in found.unread] == [(2, "escaped_name")]


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("# -*- coding: utf-7 -*-", ["encoding"]),
        ("#!/usr/bin/python\n# vim: set fileencoding=unicode_escape :", ["encoding"]),
        ("# coding=utf-16", ["encoding"]),
        (f"# {'x' * 300} coding: utf-7", ["encoding"]),
        ("# x\r# coding: utf-7", ["encoding"]),
        ("# coding: utf-8", []),
        ("# -*- coding: UTF8 -*-", []),
        ("# coding: latin-1", []),
        ("x = 1\n\n# coding: utf-7", []),
    ],
)
def test_python_in_an_encoding_that_hides_code_is_named(tmp_path: Path, declaration: str, expected: list[str]):
    assert codes(scanned(tmp_path, "a.py", f"{declaration}\n# +AAo-import pymysql\n")) == expected


def test_a_circle_of_links_ends_and_a_link_out_of_the_tree_is_named(tmp_path: Path):
    tree = tmp_path / "tree"
    (tree / "a").mkdir(parents=True)
    (tree / "a" / "back").symlink_to(tree)
    (tmp_path / "outside.py").write_text(WRITE)
    (tree / "out.py").symlink_to(tmp_path / "outside.py")
    (tree / "gone.py").symlink_to(tmp_path / "nowhere.py")
    (tree / "self.py").symlink_to(tree / "self.py")

    found = take_inventory(tree)

    assert [(each.path) for each in found.skipped] == ["a/back/", "gone.py", "self.py"]
    assert [(each.file, each.code) for each in found.unread] == [("out.py", "link")]


def test_a_link_to_a_file_that_is_not_read_by_its_own_name_is_read(tmp_path: Path):
    (tmp_path / "data.txt").write_text(WRITE)
    (tmp_path / "code.py").symlink_to("data.txt")
    (tmp_path / "page.js").symlink_to("own.py")
    (tmp_path / "own.py").write_text(WRITE)
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "out.py").write_text(WRITE)
    (tmp_path / "in.py").symlink_to("left/out.py")
    (tmp_path / "in").symlink_to("left")

    found = take_inventory(tmp_path, excluded=[Excluded("left", "generated")])

    assert [each.file for each in found.touchpoints] == ["code.py", "in.py", "own.py", "page.js"]
    assert [(each.file, each.code) for each in found.unread] == [("in/", "link")]
    assert found.skipped == [("left/", "generated")]


def test_a_pipe_with_the_name_of_a_source_file_is_named(tmp_path: Path):
    os.mkfifo(tmp_path / "a.py")
    assert codes(take_inventory(tmp_path)) == ["no_file"]


def test_installed_packages_are_left_out_and_named(tmp_path: Path):
    for folder in ("node_modules/x", "server/node_modules", ".venv"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text(WRITE)
    found = take_inventory(tmp_path)
    assert found.files == 0
    assert [each.path for each in found.skipped] == [".venv/", "node_modules/", "server/node_modules/"]


def test_an_excluded_path_is_named_with_its_reason(tmp_path: Path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.py").write_text(WRITE)
    found = take_inventory(tmp_path, excluded=[Excluded("made", "generated")])
    assert (found.files, found.skipped) == (0, [("made/", "generated")])


def test_a_program_without_a_suffix_is_read_by_its_first_line(tmp_path: Path):
    found = scanned(tmp_path, "migrate", f"#!/usr/bin/env python3\n{WRITE}")
    assert [each.file for each in found.touchpoints] == ["migrate"]
    assert scanned(tmp_path, "README", WRITE).files == 1


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    usual = Path.open

    def refusing(path: Path, *args: str, **options: str) -> object:
        if path.name == "a.py":
            raise PermissionError(13, "Permission denied")
        return usual(path, *args, **options)

    (tmp_path / "a.py").write_text(WRITE)
    monkeypatch.setattr(Path, "open", refusing)
    assert codes(take_inventory(tmp_path)) == ["unreadable"]
