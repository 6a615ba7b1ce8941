"""Packages of JavaScript whose methods are called like those of a database, and that reach none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
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
    if _has_other_name(tuple(link.name for link in chain[:-1])):
        return True
    for link in chain[:2]:
        words = link.name.split(" ")[:6]
        loaded = [word for before, word in pairwise(words) if before in ("require", "import")]
        if any(map(is_other_package, (*loaded, *(modules[word] for word in words if word in modules)))):
            return True
    return False


@lru_cache(maxsize=4_096)
def _has_other_name(names: tuple[str, ...]) -> bool:
    """Whether names before a method are those of another store."""
    known = word_lists("other_packages")
    if not known["others"].isdisjoint(word for name in names for word in name.split(" ")):
        return True
    first = [name.partition(" ")[0] for name in names]
    if "storage" in first and "from" in first:  # `supabase.storage.from("avatars").remove(paths)`
        return True
    named = {word for name in first for word in words_of(name)}
    return bool(named & known["other_words"]) and not named & known["sql_words"]
