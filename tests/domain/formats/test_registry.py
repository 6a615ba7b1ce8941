"""Format registry: formats are discovered, and chosen by name or suffix."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.formats.refusals import UnknownFormat
from domain.formats.registry import FORMATS, format_of


def test_every_folder_is_a_format() -> None:
    folder = Path(__file__).parents[3] / "domain" / "formats"
    assert set(FORMATS) == {each.name for each in folder.iterdir() if (each / "__init__.py").exists()}


@pytest.mark.parametrize(
    ("file", "name", "chosen"),
    [
        ("draft.fdx", None, "fdx"),
        ("DRAFT.FDX", None, "fdx"),
        ("draft.fountain", None, "fountain"),
        ("draft.txt", None, "fountain"),
        ("draft", None, "fountain"),
        (None, None, "fountain"),
        ("draft.pdf", "fdx", "fdx"),
        (None, "FDX", "fdx"),
    ],
)
def test_the_suffix_chooses_unless_a_name_is_given(file: str | None, name: str | None, chosen: str) -> None:
    assert format_of(Path(file) if file else None, name).name == chosen


@pytest.mark.parametrize(("file", "name"), [("draft.pdf", None), ("draft.fdx", "word")])
def test_an_unknown_format_is_refused_with_a_list_of_formats(file: str, name: str | None) -> None:
    with pytest.raises(UnknownFormat) as refused:
        format_of(Path(file), name)

    assert "the formats are fdx (.fdx), fountain (.fountain, .spmd, .txt)" in refused.value.message
