"""The title of a script, from its title page."""

from __future__ import annotations

import pytest

from domain.formats.fountain import read
from tests.domain.formats.screenwriting import numbered


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("Title: The Barn\nAuthor: X", "The Barn"),
        ("Author: X\ntitle : The Barn", "The Barn"),
        ("Title:\n    _**THE BARN**_\n\t**PART TWO**\nAuthor: X", "THE BARN PART TWO"),
        ("    Title: The Barn\n    Author: X", "The Barn"),
        ("\ufeffTitle: The Barn: A Tale", "The Barn: A Tale"),
        ("Title: The [[working title]]Barn", "The Barn"),
        ("Title: A [\\[b]] c /\\* d *\\/", "A [[b]] c /* d */"),
        ("Title:\nAuthor: X", None),
        ("Author: X", None),
        ("INT. BARN\n\nTitle: X", None),
        ("Title: " + "x" * 600, "x" * 500),
    ],
)
def test_the_title(source: str, title: str | None) -> None:
    assert read(source.encode(), numbered()).title == title
