"""Characters that no line of ours may hold: a save comes over without them, and its bytes are kept."""

from __future__ import annotations

import pytest

from backfill.scripts.successive_saves import SuccessiveSaves


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x7f", "\x85"])
@pytest.mark.parametrize(
    "form", ["Rain.{} More.\nX", "INT. HALL - DAY\n\nRain.{}\n\nANNA\nYes.\n", "<action>Rain.{}</action>\n"]
)
def test_a_character_that_no_line_holds_is_left_out_and_its_bytes_are_kept(form: str, control: str) -> None:
    saves = SuccessiveSaves()
    for text in (form.format(""), form.format(control), form.format(control) + "X"):
        found = saves.read(text.encode())
        assert not any(char in line.text for line in found.lines for char in "\x00\x07\x7f\x85")
        assert found.whole is (control not in text)
        assert any("Rain." in line.text for line in found.lines)
