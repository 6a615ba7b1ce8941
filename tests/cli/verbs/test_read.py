"""Scripts are listed, shown and compared: pages, logs, differences, dead letters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cli.json_documents.diff import Diff
from cli.rendering.diff_json import schema
from tests.cli.edits import edit
from tests.cli.running import ROOT, CommandLine

pytestmark = pytest.mark.slow


def test_a_script_looks_like_a_page(scriptledger: CommandLine, ferry: int):
    assert scriptledger("show", ferry).out == (
        "INT. FERRY - NIGHT\n"
        "\n"
        "                    ADA\n"
        "          You could have called.\n"
        "\n"
        "                    BEN\n"
        "          I did.\n"
    )


def test_a_line_is_shown_after_its_id_and_hash(scriptledger: CommandLine, ferry: int):
    shown = scriptledger("show", ferry, "--ids").out.splitlines()
    lines = scriptledger("show", ferry, "--json").json["lines"]

    assert [tuple(row.split()[:2]) for row in shown if row] == [(line["id"], line["expect"]) for line in lines]


def test_one_scene_is_shown(scriptledger: CommandLine, imported: int):
    ran = scriptledger("show", imported, "--scene", 12)

    assert ran.out.startswith("12  EXT. WEIGHBRIDGE PLATFORM - NIGHT\n")
    assert "13 " not in ran.out
    missing = scriptledger("show", imported, "--scene", 99, "--json")
    assert (missing.status, missing.json["error"]["code"]) == (1, "no_scene")


def test_an_older_version_is_shown(scriptledger: CommandLine, ferry: int):
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))

    recorded = scriptledger("log", ferry, "--json").json["commands"][0]["recorded_at"]

    assert "You could have called." in scriptledger("show", ferry, "--at", recorded).out
    assert "You could have called." in scriptledger("show", ferry, "--version", 1).out
    assert "Call me." in scriptledger("show", ferry).out


def test_the_log_names_authors_and_models(scriptledger: CommandLine, ferry: int):
    cause = {"model": "writer-1", "prompt": "Shorter.", "run_id": "r1", "chat_message_id": 4}
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me.", author="ai", cause=cause))

    header, *rows = scriptledger("log", ferry).out.splitlines()

    assert header.split() == ["version", "when", "author", "by", "command", "changed"]
    assert rows[1].split()[0] == "2"
    assert rows[1].split()[2:] == ["ai", "Rosa,", "writer-1", "line.edit", "~1", "line"]
    log = scriptledger("log", ferry, "--json", "--payload").json
    assert log["commands"][1]["cause"] == cause
    assert log["commands"][1]["command"]["text"] == "Call me."
    assert log["next"] is None


def test_the_log_is_read_page_by_page(scriptledger: CommandLine, ferry: int):
    for number in range(3):
        text = {"kind": "version.label", "name": f"draft {number}", "version": 1}
        scriptledger.submit({**edit(ferry, f"l{number}", "d1", ""), "commands": [text]})

    first = scriptledger("log", ferry, "--after", 0, "--limit", 3, "--json").json
    second = scriptledger("log", ferry, "--after", first["next"], "--json").json

    assert [command["version"] for command in (*first["commands"], *second["commands"])] == [1, 2, 3, 4]
    assert "Versions 1 to 2 are before these" in scriptledger("log", ferry, "--limit", 2).out


def test_a_difference_names_the_words(scriptledger: CommandLine, ferry: int):
    scriptledger.submit(edit(ferry, "e1", "d1", "You should have called."))

    ran = scriptledger("diff", ferry, 1, 2)

    assert ran.out == (
        "  INT. FERRY - NIGHT\n              ADA\n~     You [-could-]{+should+} have called.  (v2 Rosa)\n"
        "              BEN\n1 scene changed: 1 line changed; none of the new words by AI.\n"
    )
    document = msgspec.json.decode(scriptledger("diff", ferry, 1, "--json").out, type=Diff)
    (line,) = document.scenes[0].lines
    assert (line.change, line.words) == (
        "changed",
        [("=", "You "), ("-", "could"), ("+", "should"), ("=", " have called.")],
    )
    assert line.by
    assert (line.by.version, line.by.author, line.by.actor) == (2, "user", "Rosa")
    assert (document.summary.changed, document.summary.words_added, document.summary.ai_share) == (1, 1, 0.0)
    assert scriptledger("diff", ferry, 2, 2).out == "Nothing differs.\n"


def label(ferry: int, name: str, version: int) -> dict[str, object]:
    return {
        **edit(ferry, f"l-{version}", "d1", ""),
        "commands": [{"kind": "version.label", "name": name, "version": version}],
    }


def test_a_point_is_a_version_a_time_or_a_draft(scriptledger: CommandLine, ferry: int):
    scriptledger.submit(label(ferry, "White draft", 1))
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))

    whole = scriptledger("diff", ferry, 1, 3).out
    for points in (
        ("White draft",),
        ("label:White draft", "head"),
        ("version:1", "at:2100-01-01"),
        (1, "2100-01-01T00:00Z"),
    ):
        assert scriptledger("diff", ferry, *points).out == whole
    for verb in ("show", "export", "blame"):
        assert scriptledger(verb, ferry, "--label", "White draft").out == scriptledger(verb, ferry, "--version", 1).out
        assert scriptledger(verb, ferry, "--at", "2100-01-01").out == scriptledger(verb, ferry).out


@pytest.mark.parametrize(
    ("point", "code"),
    [
        (("--version", 9), "unknown_version"),
        (("--at", "2020-01-01"), "not_yet_there"),
        (("--at", "noon"), "not_a_time"),
        (("--label", "Green"), "unknown_label"),
    ],
)
@pytest.mark.parametrize("verb", ["show", "export", "blame"])
def test_an_unknown_point_is_refused(
    scriptledger: CommandLine, ferry: int, verb: str, point: tuple[object, ...], code: str
):
    ran = scriptledger(verb, ferry, *point, "--json")

    assert (ran.status, ran.json["error"]["code"]) == (1, code)
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("point", "code"),
    [(9, "unknown_version"), ("2020-01-01", "not_yet_there"), ("Green", "unknown_point"), ("2:7", "other_script")],
)
def test_a_diff_without_a_start_is_refused(
    scriptledger: CommandLine, ferry: int, tmp_path: Path, point: object, code: str
):
    ran = scriptledger("diff", ferry, point, "--html", tmp_path / "page.html", "--json")

    assert (ran.status, ran.json["error"]["code"]) == (1, code)
    assert list(tmp_path.iterdir()) == []


def test_a_diff_is_a_page_too(scriptledger: CommandLine, ferry: int, tmp_path: Path):
    scriptledger.submit(edit(ferry, "e1", "d1", "You should have called."))
    page = tmp_path / "revisions.html"

    ran = scriptledger("diff", ferry, 1, "--html", page)

    assert ran.out == (
        f"1 scene changed: 1 line changed; none of the new words by AI.\nWrote {page}: {page.stat().st_size} bytes.\n"
    )
    assert "<del>could</del><ins>should</ins>" in page.read_text()
    nowhere = scriptledger("diff", ferry, 1, "--html", tmp_path / "no" / "page.html")
    assert (nowhere.status, nowhere.err) == (2, f"scriptledger: {tmp_path}/no/page.html: No such file or directory.\n")


def test_the_documented_schema_is_that_of_the_document():
    assert json.loads((ROOT / "docs" / "reference" / "diff.schema.json").read_text()) == schema()


def test_dead_letters_are_listed(scriptledger: CommandLine, ferry: int):
    scriptledger.submit(edit(ferry, "e1", "d1", "Call me."))
    scriptledger.submit(edit(ferry, "e2", "d1", "Never mind."))

    letters = [row for row in all_rejected(scriptledger) if row["script_id"] == ferry]

    assert [(row["submission_id"], row["code"]) for row in letters] == [("e2", "stale_line")]
    assert "Never mind." in letters[0]["payload"]
    assert "stale_line" in scriptledger("rejected").out
    for listed in (("rejected", "--code"), ("rejected", "list", "--code")):
        stale = scriptledger(*listed, "stale_line", "--json").json["rejected"]
        assert {row["code"] for row in stale} == {"stale_line"}
        assert scriptledger(*listed, "no_such_code", "--json").json["rejected"] == []


def test_a_consistent_script_is_verified(scriptledger: CommandLine, ferry: int):
    ran = scriptledger("verify", ferry)

    assert ran.status == 0
    assert ran.out.startswith(f"Script {ferry} is consistent: 1 command replayed")
    assert all(row["sound"] for row in scriptledger("verify", "--all", "--json").json["scripts"])


def all_rejected(scriptledger: CommandLine) -> Iterator[dict[str, object]]:
    after = 0
    while after is not None:
        page = scriptledger("rejected", "--after", after, "--limit", 20, "--json").json
        yield from page["rejected"]
        after = page["next"]


def test_notes_and_boneyards_inside_lines_are_not_shown(scriptledger: CommandLine, tmp_path: Path):
    file = tmp_path / "notes.fountain"
    file.write_text(
        "INT. A #1# [[blue]]\n\nHe /* cut\n\nINT. B #2#\n\nmore */ goes.\n\nINT. C #3#\n\nShe waits [[x]].\n"
    )
    script = scriptledger("import", file, "--json").json["script_id"]

    assert scriptledger("show", script).out.split("\n")[:2] == ["1  INT. A", ""]
    assert "He\n" in scriptledger("show", script).out
    assert scriptledger("show", script, "--scene", "3").out == "3  INT. C\n\nShe waits.\n"
    assert scriptledger("show", script, "--json").json["lines"][-1]["text"] == "She waits [[x]]."
