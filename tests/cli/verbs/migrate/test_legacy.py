"""`legacy inspect`, `legacy map` and `legacy sample`: what they print, refuse and leave untouched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from backfill.samples import HISTORIES, make_sample_file
from tests.cli.running import CommandLine, sentence


@pytest.fixture
def warm(home: Path) -> CommandLine:
    """A command line in an empty home."""
    return CommandLine(home, warm=True)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of the sample."""
    make_sample_file(tmp_path / "legacy.db")
    return f"sqlite:///{tmp_path}/legacy.db"


def test_the_sample_is_inspected_mapped_and_checked_and_stays_the_same(warm: CommandLine, url: str, tmp_path: Path):
    before = sha256((tmp_path / "legacy.db").read_bytes()).digest()
    inspected = warm("legacy", "inspect", url, "--json")
    assert (inspected.status, inspected.json["generations"]) == (0, [6, 5, 3, 1])
    assert {table["name"]: table["rows"] for table in inspected.json["tables"]}["script_versions"] == 8
    assert "versions (full saves)" in warm("legacy", "inspect", url).out
    drafted = warm("legacy", "map", url, "-o", "legacy.toml", "--json")
    assert (drafted.status, drafted.json["tables"], drafted.json["text"]) == (0, 11, None)
    checked = warm("legacy", "map", url, "--check", "legacy.toml", "--json")
    assert (checked.status, checked.json["fits"], checked.json["problems"]) == (0, True, [])
    assert warm("legacy", "map", SCRIPTLEDGER_LEGACY_URL=url).out == (tmp_path / "legacy.toml").read_text()
    assert sha256((tmp_path / "legacy.db").read_bytes()).digest() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["legacy.db", "legacy.toml"]


# What a scan of each sample says has to be decided.
FINDINGS = {"patches": "L44", "hashes": "L44", "branches": "L43", "linked_lines": "L43"}


@pytest.mark.parametrize("history", HISTORIES)
def test_a_sample_of_each_history_is_inspected_and_scanned(warm: CommandLine, tmp_path: Path, history: str):
    made = warm("legacy", "sample", "--history", history, "-o", "other.db", "--json")
    assert (made.status, made.json["history"], made.json["generation"]) == (0, history, None)
    url = f"sqlite:///{tmp_path}/other.db"
    assert history.replace("_", " ").rstrip("es") in warm("legacy", "inspect", url).out
    scanned = warm("legacy", "scan", url, "--findings")
    assert (scanned.status, FINDINGS[history] in scanned.out) == (FINDINGS[history] == "L44", True)
    assert warm("legacy", "sample", "--history", history, "-g", "2").status == 2


def test_the_layout_of_patches_is_written_to_the_mapping_and_checked(warm: CommandLine, tmp_path: Path):
    warm("legacy", "sample", "--history", "patches", "-o", "other.db")
    url = f"sqlite:///{tmp_path / 'other.db'}"
    drafted = warm("legacy", "map", url).out
    layout = 'patch_layout = "from_previous"\n'
    assert layout in drafted
    found = []
    for other in (layout, "", layout.replace("from_previous", "to_next"), layout.replace("previous", "nowhere")):
        (tmp_path / "mapping.toml").write_text(drafted.replace(layout, other))
        checked = warm("legacy", "map", url, "--check", "mapping.toml", "--json")
        found.append((checked.status, [each["code"] for each in checked.json["problems"]]))

    assert found == [(0, []), (0, []), (1, ["patch_layout_differs"]), (1, ["wrong_rule"])]


def test_no_value_of_a_row_is_printed(warm: CommandLine, url: str, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as file:
        for table, column in (("users", "email"), ("scripts", "title"), ("scripts", "status"), ("sessions", "token")):
            file.execute(f"UPDATE {table} SET {column} = 'MARKER' || id")
        file.commit()
    printed = [warm("legacy", "inspect", url), warm("legacy", "inspect", url, "--json"), warm("legacy", "map", url)]
    assert [ran.status for ran in printed] == [0, 0, 0]
    assert [ran for ran in printed if "MARKER" in ran.out + ran.err] == []


def test_each_problem_of_a_mapping_is_printed(warm: CommandLine, url: str, tmp_path: Path):
    warm("legacy", "map", url, "-o", "legacy.toml")
    text = (tmp_path / "legacy.toml").read_text()
    (tmp_path / "other.toml").write_text(text.replace('slug = "metadata.slug"', "").replace('= "status"', '= "state"'))
    checked = warm("legacy", "map", url, "--check", "other.toml", "--json")
    assert checked.status == 1
    assert [(each["code"], each["where"]) for each in checked.json["problems"]] == [
        ("unmapped_column", "scripts.slug"),
        ("unknown_field", "scripts.status"),
    ]
    assert "other.toml does not fit: 2 problems." in warm("legacy", "map", url, "--check", "other.toml").err


def test_a_mapping_that_may_be_edited_is_not_overwritten(warm: CommandLine, url: str, tmp_path: Path):
    (tmp_path / "legacy.toml").write_text("mine")
    ran = warm("legacy", "map", url, "-o", "legacy.toml")
    assert (ran.status, (tmp_path / "legacy.toml").read_text()) == (2, "mine")
    assert "not overwritten" in sentence(ran)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no `format = 1`"),
        (b"format = 1", "no tables"),
        (b"= = =", "not TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"format = 1\n[source]\nname='x'\n[tables.other]\ndrop='x'\nschema=''", "was made for x"),
    ],
)
def test_a_file_that_is_no_mapping_of_this_source_is_named(
    warm: CommandLine, url: str, tmp_path: Path, content: bytes, words: str
):
    (tmp_path / "bad.toml").write_bytes(content)
    ran = warm("legacy", "map", url, "--check", "bad.toml")
    assert (ran.status, words in ran.out) == (1, True), ran


def test_a_terminal_shows_the_first_thousand_problems(warm: CommandLine, url: str, tmp_path: Path):
    tables = "".join(f"[tables.t{number}]\nx = 1\n" for number in range(1_200))
    (tmp_path / "bad.toml").write_text(f"format = 1\n[source]\nname = 'x'\n{tables}")
    ran = warm("legacy", "map", url, "--check", "bad.toml")
    assert ran.status == 1
    assert ran.out.splitlines()[-1] == "200 problems more: --json lists them all."


@pytest.mark.parametrize(
    ("args", "status", "code"),
    [
        (["inspect", "legacy.db"], 4, "source_url"),
        (["inspect", "mysql://u:my-secret@127.0.0.1:1/x"], 4, "source_unreachable"),
        (["inspect", "mysql://u:my@secret@h/x"], 4, "source_url"),
        (["inspect", "sqlite:///none.db"], 4, "source_unknown"),
        (["map", "sqlite:///none.db", "-o", "x.toml"], 4, "source_unknown"),
        (["map", "sqlite:///legacy.db", "--check", "none.toml"], 2, "usage"),
        (["map", "sqlite:///legacy.db", "--check", "x", "-o", "y"], 2, "usage"),
        (["map", "sqlite:///legacy.db", "-o", "no/such/folder/x.toml"], 2, "usage"),
        (["sample", "-o", "legacy.db"], 2, "exists"),
        (["sample"], 2, "usage"),
    ],
)
@pytest.mark.usefixtures("url")
def test_bad_input_ends_with_one_sentence_and_writes_nothing(
    warm: CommandLine, tmp_path: Path, args: list[str], status: int, code: str
):
    ran = warm("legacy", *args, "--json")
    assert (ran.status, ran.json["error"]["code"]) == (status, code)
    assert "secret" not in ran.out + ran.err
    assert [file.name for file in tmp_path.iterdir()] == ["legacy.db"]


def test_names_in_a_source_cannot_move_the_cursor(warm: CommandLine, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as file:
        file.execute('CREATE TABLE "note\x1b[2Js" (id INTEGER PRIMARY KEY, "a\x1b[1mb\nc" TEXT)')
    for args in (["inspect"], ["map"]):
        ran = warm("legacy", args[0], f"sqlite:///{tmp_path}/theirs.db")
        assert (ran.status, "\x1b" in ran.out) == (0, False)
    warm("legacy", "map", f"sqlite:///{tmp_path}/theirs.db", "-o", "theirs.toml")
    assert warm("legacy", "map", f"sqlite:///{tmp_path}/theirs.db", "--check", "theirs.toml").status == 0


def test_a_source_that_is_loaded_in_part_is_named_and_not_mapped(warm: CommandLine, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "half.db")) as file:
        file.execute("CREATE TABLE scripts (id INTEGER PRIMARY KEY, title TEXT, user_id INT REFERENCES users (id))")
    url = f"sqlite:///{tmp_path}/half.db"
    ran = warm("legacy", "inspect", url)
    assert ran.status == 4
    assert "scripts refers to a table users that is not there" in ran.err
    refused = warm("legacy", "map", url, "-o", "half.toml", "--json")
    assert (refused.status, refused.json["error"]["code"], (tmp_path / "half.toml").exists()) == (
        4,
        "half_loaded",
        False,
    )
    assert warm("legacy", "map", url, "-o", "half.toml", "--force").status == 0


def test_a_new_file_named_by_a_dash_is_standard_output(warm: CommandLine, tmp_path: Path):
    warm("legacy", "sample", "-o", tmp_path / "legacy.db")
    url = f"sqlite:///{tmp_path}/legacy.db"
    for command in (["sample"], ["map", url], ["freeze", url]):
        printed = warm("legacy", *command)
        assert (printed.status, warm("legacy", *command, "-o", "-").out) == (0, printed.out)
    assert not Path("-").exists()


def test_a_table_that_is_not_recognised_is_named_when_the_mapping_is_drafted(warm: CommandLine, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as file:
        file.execute("CREATE TABLE paper (id INTEGER PRIMARY KEY, heading TEXT, body TEXT)")
    url = f"sqlite:///{tmp_path}/theirs.db"
    assert "No table with scripts was recognised" in warm("legacy", "inspect", url).out
    scanned = warm("legacy", "scan", url, "--json").json["headline"]
    assert (scanned[0][:29], scanned[1:]) == ("No table becomes scripts, so ", ["Nothing else blocks the move."])
    silent = warm("legacy", "map", url, "-o", "one.toml")
    assert (silent.status, "No table becomes scripts, so no script comes over." in silent.err) == (0, True)
    drafted = warm("legacy", "map", url, "-o", "two.toml", "--table", "paper=scripts")
    assert (drafted.status, "To complete by hand: paper: No column becomes title" in drafted.err) == (0, True)
    for choice, code in (
        ("papers=scripts", "unknown_table"),
        ("paper=script", "unknown_target"),
        ("paper", "unknown_table"),
    ):
        refused = warm("legacy", "map", url, "-o", "three.toml", "-t", choice, "--json")
        assert (refused.status, refused.json["error"]["code"]) == (2, code)
    assert warm("legacy", "map", url, "--check", "two.toml", "-t", "paper=scripts").status == 2


def test_a_ledger_of_ours_is_not_a_legacy_database(warm: CommandLine, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    assert warm("db", "upgrade", "--database", url).status == 0
    ran = warm("legacy", "map", url, "--json")
    assert (ran.status, ran.json["error"]["code"]) == (4, "own_ledger")


@pytest.mark.parametrize("generation", range(1, 7))
def test_each_sample_is_printed_as_sql(warm: CommandLine, generation: int):
    ran = warm("legacy", "sample", "-g", generation)
    assert (ran.status, ran.out.startswith(f"-- Generation {generation}:")) == (0, True)
