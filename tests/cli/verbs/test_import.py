"""Scripts are imported from files, and onto scripts that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import SAMPLE, CommandLine

pytestmark = pytest.mark.slow


def test_an_import_prints_its_result(scriptledger: CommandLine, tmp_path: Path):
    file = tmp_path / "two.fountain"
    file.write_text("INT. HOUSE - DAY\n\nA dog.\n")

    ran = scriptledger("import", file)

    assert ran.status == 0
    assert ran.out.startswith("“two” is script ")
    assert ran.out.endswith(": 2 lines, about 1 page, version 1.\n")

    assert scriptledger.home.stat().st_mode & 0o077 == 0, "what is in it is for its owner alone"

    file.write_text("")
    assert scriptledger("import", file).out.endswith(": it has no lines, version 1.\n")


def test_a_file_in_another_encoding_is_imported_and_reported(scriptledger: CommandLine, tmp_path: Path):
    file = tmp_path / "windows.fountain"
    file.write_bytes("INT. CAFÉ - DAY\n\nIt’s “late”.\n".encode("cp1252"))

    ran = scriptledger("import", file)

    assert ran.status == 0, ran
    sentence = "The file was read as Windows-1252; an export is UTF-8.\n"
    assert ran.err == sentence
    checked = scriptledger("roundtrip", file)
    assert checked.status == 1
    assert checked.out.endswith(f"does not survive: the text stays, but the file changes. {sentence}")


def test_an_unclear_encoding_is_named_and_controls_are_removed_by_options(scriptledger: CommandLine, tmp_path: Path):
    file = tmp_path / "mac.fountain"
    file.write_bytes("Die Tür\x07 ist zu.\n".encode("mac_roman"))

    refused = scriptledger("import", file)
    assert refused.status == 1
    assert "not UTF-8 text in line 1; save it as UTF-8, or import it with --encoding" in refused.err

    refused = scriptledger("import", file, "--encoding", "macintosh")
    assert "control characters (U+0007) in line 1; remove them, or import it with --remove-controls." in refused.err

    script = scriptledger("import", file, "--encoding", "macintosh", "--remove-controls", "--json").json["script_id"]
    assert scriptledger("export", script).out == "Die Tür ist zu.\n"

    final_draft = tmp_path / "x.fdx"
    final_draft.write_text("<FinalDraft/>")
    refused = scriptledger("import", final_draft, "--encoding", "macintosh")
    assert refused.status == 2
    assert "--remove-controls are for text" in refused.err


def test_the_title_is_the_one_given_or_that_of_the_title_page(scriptledger: CommandLine, imported: int, tmp_path: Path):
    file = tmp_path / "named.fountain"
    file.write_text("Title: On Paper\n\nINT. HOUSE - DAY\n")
    named = scriptledger("import", file, "--title", "By Hand", "--json").json["script_id"]

    titles = {row["script_id"]: row["title"] for row in scriptledger("scripts", "--json").json["scripts"]}

    assert titles[imported] == "Tare Weight"
    assert titles[named] == "By Hand"


def test_an_export_equals_the_imported_file(scriptledger: CommandLine, imported: int, tmp_path: Path):
    file = tmp_path / "back.fountain"

    ran = scriptledger("export", imported, "-o", file)

    assert ran.status == 0
    assert file.read_bytes() == SAMPLE.read_bytes()
    assert scriptledger("export", imported).out.encode() == SAMPLE.read_bytes()


def test_an_import_onto_a_script_keeps_the_ids_of_unchanged_lines(scriptledger: CommandLine, tmp_path: Path):
    draft = tmp_path / "draft.fountain"
    draft.write_text("INT. HOUSE - DAY\n\nRosa waits.\n\nThe door opens.\n")
    script = scriptledger("import", draft, "--json").json["script_id"]
    before = {line["text"]: line["id"] for line in scriptledger("show", script, "--json").json["lines"]}
    draft.write_text("INT. HOUSE - DAY\n\nRosa waits.\n\nNo one comes.\n\nThe door opens slowly.\n")

    ran = scriptledger("import", draft, "--script", script)

    assert ran.status == 0, ran
    after = {line["text"]: line["id"] for line in scriptledger("show", script, "--json").json["lines"]}
    assert after["Rosa waits."] == before["Rosa waits."]
    assert after["The door opens slowly."] == before["The door opens."]
    assert scriptledger("export", script).out == draft.read_text()
    assert {command["kind"] for command in scriptledger("log", script, "--after", 1, "--json").json["commands"]} <= {
        "line.edit",
        "lines.insert",
    }


def test_the_same_file_again_changes_nothing(scriptledger: CommandLine, imported: int):
    ran = scriptledger("import", SAMPLE, "--script", imported)

    assert (ran.status, ran.out) == (0, f"Nothing to do: script {imported} already has this content.\n")


@pytest.mark.parametrize("way", [[], ["--replace"]])
def test_an_import_that_drops_most_of_the_text_needs_confirmation(
    scriptledger: CommandLine, tmp_path: Path, way: list[str]
):
    draft = tmp_path / "draft.fountain"
    draft.write_text("One.\n\nTwo.\n\nThree.\n\nFour.\n")
    script = scriptledger("import", draft, "--json").json["script_id"]
    draft.write_text("One.\n")

    ran = scriptledger("import", draft, "--script", script, *way, "--json")
    assert (ran.status, ran.json["error"]["code"]) == (1, "shrink_refused")

    assert scriptledger("import", draft, "--script", script, *way, "--confirm-shrink").status == 0
    assert scriptledger("export", script).out == "One.\n"


def test_replacing_is_one_command(scriptledger: CommandLine, tmp_path: Path):
    draft = tmp_path / "draft.fountain"
    draft.write_text("One.\n\nTwo.\n")
    script = scriptledger("import", draft, "--json").json["script_id"]
    draft.write_text("One.\n\nTwo!\n\nThree.\n")

    scriptledger("import", draft, "--script", script, "--replace")

    kinds = [command["kind"] for command in scriptledger("log", script, "--json").json["commands"]]
    assert kinds == ["script.create", "script.replace"]
