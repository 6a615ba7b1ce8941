"""`gates inventory` and `gates check`: reports, policies, rules of one's own, and a baseline that may only shrink."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import CommandLine, sentence

POLICY = """
format = 1
[allowed]
writes = ["repos"]
versions = ["materializer.py"]
connections = ["repos"]
[ai]
paths = ["ai"]
"""
FILES = {
    "repos/scripts.py": 'import pymysql\ncursor.execute("UPDATE scripts SET a = 1")\n',
    "repos/versions.py": 'cursor.execute("INSERT INTO script_versions VALUES (1)")\n',
    "materializer.py": 'cursor.execute("INSERT INTO script_versions VALUES (1)")\n',
    "ai/chain.ts": 'await db.query("UPDATE scripts SET a = 1");\n',
    "ai/submit.ts": 'await db.query("INSERT INTO submission_inbox (a) VALUES (1)");\n',
    "server/index.js": 'const db = require("mysql2");\nawait db.query("DELETE FROM users WHERE id = 1");\n',
    "server/session.py": 'conn.execute("SET SESSION TRANSACTION READ WRITE")\n',
    "server/read.py": 'conn.execute("SELECT id FROM users WHERE id = 1")\n',
}
EXPECTED = [
    ("ai/chain.ts", 1, "ai-write"),
    ("repos/versions.py", 1, "version-write-outside-materializer"),
    ("server/index.js", 1, "driver-route"),
    ("server/index.js", 2, "write-outside-repositories"),
    ("server/session.py", 1, "driver-route"),
]


@pytest.fixture
def warm(home: Path) -> CommandLine:
    """A command line in an empty home."""
    return CommandLine(home, warm=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small application with its policy."""
    root = tmp_path / "application"
    for name, code in {**FILES, "gates.toml": POLICY}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(code)
    return root


def places(document: Any) -> list[tuple[str, int, str]]:
    return [(each["file"], each["line"], each["rule"]) for each in document["findings"]]


def test_what_the_policy_forbids_is_found_and_fails(warm: CommandLine, tree: Path):
    ran = warm("gates", "check", tree, "--json")
    assert (ran.status, places(ran.json), ran.json["passed"]) == (1, EXPECTED, False)
    assert "server/index.js:2: write-outside-repositories" in warm("gates", "check", tree).out


def test_the_same_findings_are_a_sarif_log(warm: CommandLine, tree: Path):
    warm("gates", "check", tree, "--sarif", tree / "gates.sarif")
    log = json.loads((tree / "gates.sarif").read_text())
    assert log["version"] == "2.1.0"
    run = log["runs"][0]
    found = [
        (place["artifactLocation"]["uri"], place["region"]["startLine"], each["ruleId"])
        for each in run["results"]
        for place in [each["locations"][0]["physicalLocation"]]
    ]
    assert found == EXPECTED
    assert all(run["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"] for each in run["results"])


def test_a_baseline_may_only_shrink(warm: CommandLine, tree: Path):
    baseline = tree / "gates-baseline.json"
    update = ("gates", "check", tree, "--baseline", baseline, "--update-baseline")
    assert warm("gates", "check", tree, "--baseline", baseline).status == 2
    assert warm(*update).status == 0
    before = baseline.read_bytes()

    (tree / "server/index.js").write_text("\n\n" + FILES["server/index.js"])
    moved = warm("gates", "check", tree, "--baseline", baseline, "--json")
    assert (moved.status, moved.json["known"], moved.json["gone"]) == (0, 5, 0)

    (tree / "server/more.js").write_text('db.query("DELETE FROM personas WHERE id = 1");\n')
    grown = warm("gates", "check", tree, "--baseline", baseline, "--json")
    assert (grown.status, places(grown.json)) == (1, [("server/more.js", 1, "write-outside-repositories")])
    refused = warm(*update)
    assert (refused.status, baseline.read_bytes()) == (1, before)
    assert "may only shrink" in sentence(refused)

    (tree / "server/more.js").unlink()
    (tree / "server/index.js").unlink()
    assert warm("gates", "check", tree, "--baseline", baseline, "--json").json["gone"] == 2
    assert warm(*update).status == 0
    assert len(json.loads(baseline.read_bytes())["findings"]) == 3


def test_a_baseline_shrinks_to_nothing_with_the_last_file_it_knows(warm: CommandLine, tree: Path):
    baseline = tree / "b.json"
    for name in ("ai/chain.ts", "repos/versions.py", "server/session.py"):
        (tree / name).unlink()
    update = ("gates", "check", tree, "--baseline", baseline, "--update-baseline")
    assert warm(*update).status == 0
    (tree / "server/index.js").unlink()
    assert warm("gates", "check", tree, "--baseline", baseline, "--json").json["gone"] == 2
    assert warm(*update).status == 0
    assert json.loads(baseline.read_bytes())["findings"] == []


def test_an_exclusion_of_nothing_is_noted_and_a_folder_without_code_refused(warm: CommandLine, tree: Path):
    (tree / "gates.toml").write_text(
        POLICY + '[exclude]\n"servr" = "typing error"\n"server" = "right"\n"*.js" = "too"\n'
    )
    ran = warm("gates", "check", tree, "--json").json
    assert ran["notes"] == [f"The exclusion of {each} leaves nothing out: remove it." for each in ("servr", "*.js")]
    (tree / "empty").mkdir()
    (tree / "empty/gates.toml").write_text("format = 1\n")
    assert "no source file" in sentence(warm("gates", "check", tree / "empty"))


def test_no_line_is_a_command_of_a_code_host(warm: CommandLine, tree: Path):
    (tree / "::error file=x::.py").write_text('cursor.execute("DELETE FROM users WHERE id = 1")\n')
    (tree / " ::notice file=x::.py").write_text('cursor.execute("DELETE FROM a WHERE id = 1")  # ##[add-mask]a\n')
    (tree / "more.py").write_text('x = """\n::stop-commands::x""", cursor.execute("DELETE FROM users WHERE id = 1")\n')
    lines = warm("gates", "check", tree).out.splitlines()
    assert len([line for line in lines if "::error file=x::.py" in line or "::stop-commands::" in line]) == 2
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in lines)


@pytest.mark.parametrize(
    "options",
    [
        "check",
        "check --json",
        "check --sarif /dev/stdout",
        "inventory",
        "inventory --json",
        "inventory --html /dev/stdout",
    ],
)
def test_no_output_holds_a_command_of_a_ci_system(warm: CommandLine, tree: Path, options: str):
    (tree / "##vso[task.setvariable variable=a]b.js").write_text("db.query(`DELETE FROM ##vso[build.addbuildtag]a`);\n")
    (tree / "::add-mask::c.js").write_text("db.query('DELETE FROM a WHERE b = 1'); // ##teamcity[buildStop]\n")
    (tree / "::error::d.js").write_text("db.query(; ##[error]\n")
    verb, *others = options.split()
    ran = warm("gates", verb, tree, *others)
    lines = [*ran.out.splitlines(), *ran.err.splitlines()]
    assert any("vso[" in line for line in lines)
    assert any("teamcity[" in line for line in lines)
    assert not [line for line in lines if line.lstrip().startswith("::") or "##vso[" in line or "##teamcity[" in line]
    assert not [line for line in lines if "##[" in line]


RULE = "id: no-sleep\nlanguage: JavaScript\nmessage: It sleeps.\nrule: {pattern: sleep($$$)}\n"


def test_a_rule_of_ones_own_is_checked(warm: CommandLine, tree: Path):
    (tree / "gates.toml").write_text(POLICY + '[rules]\nfiles = ["own.yml"]\n')
    (tree / "own.yml").write_text(RULE)
    (tree / "server/late.js").write_text("await sleep(3);\n")
    ran = warm("gates", "check", tree, "--json")
    assert ("server/late.js", 1, "no-sleep") in places(ran.json)


def test_a_mistake_in_any_file_is_refused_in_one_sentence(warm: CommandLine, tree: Path):
    (tree / "b.json").write_text("{")
    assert "is not a baseline" in sentence(warm("gates", "check", tree, "--baseline", tree / "b.json"))
    (tree / "gates.toml").write_text(POLICY.replace('paths = ["ai"]', 'paths = ["ai-chains"]'))
    assert "no file that is read has it" in sentence(warm("gates", "check", tree))
    (tree / "gates.toml").write_text(POLICY + '[rules]\nfiles = ["own.yml"]\n')
    assert "no file of rules" in sentence(warm("gates", "check", tree))
    (tree / "gates.toml").write_text(POLICY + '[rules]\nfiles = ["**own.yml"]\n')
    assert "no file of rules" in sentence(warm("gates", "check", tree))
    (tree / "gates.toml").write_text(POLICY + '[rules]\nfiles = ["own.yml"]\n')
    (tree / "own.yml").write_text(RULE.replace("pattern", "patern"))
    assert "patern" in sentence(warm("gates", "check", tree))
    (tree / "own.yml").write_text(RULE + "---\n" + RULE)
    assert "two rules have the id" in sentence(warm("gates", "check", tree))


def test_a_file_that_is_not_read_fails_and_no_baseline_knows_it(warm: CommandLine, tree: Path):
    (tree / "server/broken.py").write_text("def (\n")
    baseline = tree / "b.json"
    assert warm("gates", "check", tree, "--baseline", baseline, "--update-baseline").status == 1
    ran = warm("gates", "check", tree, "--baseline", baseline, "--json")
    assert (ran.status, places(ran.json)) == (1, [("server/broken.py", 1, "not-read")])
    (tree / "gates.toml").write_text(POLICY + '[exclude]\n"server/broken.py" = "a template"\n')
    assert warm("gates", "check", tree, "--baseline", baseline).status == 0


def test_an_exception_excuses_one_rule_in_one_path(warm: CommandLine, tree: Path):
    excuse = '[[exceptions]]\nrule = "driver-route"\npath = "{}"\nreason = "known"\n'
    (tree / "gates.toml").write_text(POLICY + excuse.format("server/index.js") + excuse.format("repos"))
    ran = warm("gates", "check", tree, "--json")
    assert ("server/index.js", 1, "driver-route") not in places(ran.json)
    assert ran.json["excused"] == 1
    assert ran.json["notes"] == ["The exception of driver-route for repos excuses nothing: remove it."]


def test_the_example_is_a_policy_and_without_one_there_is_no_check(warm: CommandLine, tree: Path):
    (tree / "gates.toml").unlink()
    assert warm("gates", "check", tree).status == 2
    (tree / "gates.toml").write_text(warm("gates", "check", "--example").out)
    assert "no file that is read has it" in sentence(warm("gates", "check", tree))


def test_an_inventory_is_a_document_a_page_and_markdown(warm: CommandLine, tree: Path):
    (tree / "odd.js").write_text("db.query(\"UPDATE scripts SET a = '<script>|`'\"); // <b>|`\n")
    ran = warm(
        "gates", "inventory", tree, "--json", "--html", tree / "a.html", "--markdown", tree / "a.md",
        "--sarif", tree / "a.sarif",
    )  # fmt: skip
    assert ran.status == 0
    assert {each["domain"] for each in ran.json["domains"]} == {"users", "commands", "scripts", "versions", "other"}
    page = (tree / "a.html").read_text()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "<script" not in page
    assert "\\|\\`" in (tree / "a.md").read_text()
    assert len(json.loads((tree / "a.sarif").read_text())["runs"][0]["results"]) == len(ran.json["touchpoints"])


def test_sql_that_is_only_shown_is_listed_apart_and_fails_no_check(warm: CommandLine, tree: Path):
    (tree / "server/usage.py").write_text('EXAMPLE = "DELETE FROM users WHERE id = 1"\nprint(EXAMPLE)\n')
    ran = warm("gates", "inventory", tree, "--json", "--html", tree / "a.html", "--markdown", tree / "a.md")
    assert [(each["file"], each["line"]) for each in ran.json["texts"]] == [("server/usage.py", 1)]
    foot = "SQL in 1 text (1 write) that code only keeps and shows is not counted."
    shown = warm("gates", "inventory", tree).out
    assert all(foot in page for page in (shown, (tree / "a.html").read_text(), (tree / "a.md").read_text()))
    assert "| server/usage.py:1 |" in (tree / "a.md").read_text().split("## Texts that are only kept and shown")[1]
    checked = warm("gates", "check", tree, "--json").json
    assert (places(checked), checked["texts"], checked["other_stores"]) == (EXPECTED, 1, 0)
    assert f"{foot} `scriptledger gates inventory --json` lists what is not." in warm("gates", "check", tree).out


def test_one_report_goes_to_standard_output_alone(warm: CommandLine, tree: Path):
    for verb in ("check", "inventory"):
        alone = warm("gates", verb, tree, "--sarif", "-").out
        warm("gates", verb, tree, "--sarif", tree / "a.sarif")
        assert alone == (tree / "a.sarif").read_text()
        assert "takes one report" in sentence(warm("gates", verb, tree, "--sarif", "-", "--json"))
    assert warm("gates", "inventory", tree, "--markdown", "-").out.startswith("# Database touchpoints")
    assert warm("gates", "inventory", tree, "--html", "-", "--markdown", "-").status == 2
    assert not Path("-").exists()


def test_an_inventory_of_nothing_and_of_a_broken_file(warm: CommandLine, tmp_path: Path):
    assert warm("gates", "inventory", tmp_path / "nowhere").status == 2
    assert warm("gates", "inventory", tmp_path).status == 0
    (tmp_path / "a.py").write_text("def (\n")
    ran = warm("gates", "inventory", tmp_path)
    assert ran.status == 1
    assert "does not parse" in ran.err
