"""No regular expression takes longer than in proportion to what it reads, whatever that is.

Every pattern of the source tree is found by its call, so that one added tomorrow is attacked tomorrow.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.cpu_limit import TooSlowError, cpu_limit
from tests.pattern_attacks import attacks

ROOT = Path(__file__).parent.parent
SOURCES = ("domain", "repos", "materialization", "workers", "cli", "gates", "backfill")
# The slowest pattern takes 0.02 s for LONG. One that takes the square of the length took 0.3 s.
MAX_SECONDS = 0.15
SHORT, LONG = 60, 30_000
"""The short one is enough for what takes exponential time, the long one for its square."""
ALL_WAYS = ("match", "fullmatch", "search", "sub")

BAD = {
    "line ends in two ways": r"(?:\r\n|\n|\r)*",
    "nested": r"(a+)+\Z",
    "words and spaces": r"(?:\w+\s*)*:",
    "alternatives that overlap": r"(?:a|a)*!",
    "twice anything": r"(?:[^!]*[^!]*)*!x",
    "trailing blanks": r"\s+\Z",
    "two runs": r"[a-z_]*[a-z0]*[a-z]*\Z",
    "starts anywhere": r"eyJ[A-Za-z0-9_-]{10,}\.eyJ",
    "looked around": r"x(?=(?:a+)+\Z)",
}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every call of a function of `re` in the source tree, and where it stands."""
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text()
            if "import re\n" not in source:
                continue
            for node in ast.walk(ast.parse(source)):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name("re"), attr=name)) if name != "escape":
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", node


# The source tree is parsed once, not once for each pattern.
CALLS = tuple(calls())


def pattern_of(place: str, call: ast.Call) -> re.Pattern[str] | re.Pattern[bytes]:
    """The pattern of a call, evaluated with the names of its module."""
    module = importlib.import_module(place.partition(".py")[0].replace("/", ".").removesuffix(".__init__"))
    only_pattern = isinstance(call.func, ast.Attribute) and call.func.attr != "compile"
    parts = call.args[: 1 if only_pattern else 2]
    text, *flags = (eval(compile(ast.Expression(part), place, "eval"), vars(module)) for part in parts)
    assert isinstance(text, str | bytes), f"{place}: a pattern that is put together at run time; bound it and test it"
    return re.compile(text, *flags)


def ways_of(place: str, call: ast.Call) -> set[str]:
    """How a pattern is used: by the function called, or by the methods its module calls on its name; else in all."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name != "compile":
        return {name}
    file, _, row = place.rpartition(":")
    source = (ROOT / file).read_text()
    assigned = re.match(r"(\w+) = re", source.splitlines()[int(row) - 1])
    return (set(re.findall(rf"\b{assigned[1]}\.(\w+)", source)) if assigned else set()) or set(ALL_WAYS)


def attack(pattern: re.Pattern[str] | re.Pattern[bytes], ways: Iterable[str] = ALL_WAYS) -> None:
    for length in (SHORT, LONG):
        for text in attacks(pattern.pattern, pattern.flags, length):
            given = text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")
            for way in ways:
                with cpu_limit(MAX_SECONDS, f"{way} of {pattern.pattern!r} with {given[:40]!r}…"):
                    use(pattern, way, given)


def use(pattern: re.Pattern[str] | re.Pattern[bytes], way: str, given: str | bytes) -> None:
    if way == "finditer":
        deque(pattern.finditer(given), maxlen=0)  # type: ignore[arg-type]
    elif way == "sub":
        pattern.sub(lambda found: found[0], given)  # type: ignore[arg-type]
    else:
        getattr(pattern, way)(given)


@pytest.mark.slow
@pytest.mark.parametrize(("place", "call"), CALLS, ids=[place for place, _ in CALLS])
def test_a_pattern_takes_time_in_proportion_to_what_it_reads(place: str, call: ast.Call) -> None:
    attack(pattern_of(place, call), ways_of(place, call))


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD)
def test_the_attack_finds_a_bad_pattern(name: str) -> None:
    with pytest.raises(TooSlowError):
        attack(re.compile(BAD[name]))


def test_every_pattern_stands_alone() -> None:
    """One that needs names of a function cannot be attacked."""
    assert len(CALLS) > 30
    for place, call in CALLS:
        pattern_of(place, call)


def test_no_schema_holds_a_pattern() -> None:
    """msgspec would look for it before any length is known."""
    for folder in SOURCES:
        for path in (ROOT / folder).rglob("*.py"):
            source = path.read_text()
            for node in ast.walk(ast.parse(source)) if "pattern" in source else ():
                assert not (isinstance(node, ast.keyword) and node.arg == "pattern"), f"{path}:{node.value.lineno}"
