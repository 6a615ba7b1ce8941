"""Lists of words in YAML next to the rules: names of functions, programs and packages that the scan knows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def word_lists(name: str) -> Mapping[str, frozenset[str]]:
    """The lists of a file of `rules/words`, by their names; the words of a list are separated by blanks.

    A file is read at its first use.
    """
    file = Path(__file__).parent / "rules" / "words" / f"{name}.yml"
    listed = yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - the safe loader, in C
    return {key: frozenset(text.split()) for key, text in listed.items()}
