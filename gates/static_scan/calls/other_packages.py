"""Packages of JavaScript whose methods are called like those of a database, and that reach none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from gates.static_scan.code.call_chain import Link
from gates.static_scan.code.name_words import words_of
from gates.static_scan.word_lists import word_lists


def is_other_package(module: str) -> bool:
    """Whether a module is one of those packages."""
    known = word_lists("other_packages")
    is_known = module in known["packages"] or module.startswith((*known["families"],))
    return is_known and module != "@aws-sdk/client-rds-data"


def is_of_other_package(chain: Sequence[Link], modules: Mapping[str, str]) -> bool:
    """Whether a chain of calls begins with such a package, by its import or a name that only such a store has."""
    known = word_lists("other_packages")
    names = [link.name.partition(" ")[0] for link in chain[:-1]]
    if not known["others"].isdisjoint(name for link in chain[:-1] for name in link.name.split(" ")):
        return True
    if "storage" in names and "from" in names:  # `supabase.storage.from("avatars").remove(paths)`
        return True
    named = {word for name in names for word in words_of(name)}
    if named & known["other_words"] and not named & known["sql_words"]:
        return True
    for link in chain[:2]:
        words = link.name.split(" ")[:6]
        loaded = [word for before, word in pairwise(words) if before in ("require", "import")]
        if any(map(is_other_package, (*loaded, *(modules[word] for word in words if word in modules)))):
            return True
    return False
