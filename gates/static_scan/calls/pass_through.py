"""Functions that run the SQL in one of their parameters, and names that stand for a method of a database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from ast_grep_py import SgNode

from gates.static_scan.code.call_chain import Link
from gates.static_scan.code.name_words import words_of
from gates.static_scan.code.syntax import Function


class PassThrough(NamedTuple):
    """A function that runs the SQL in one of its parameters."""

    name: str
    parameter: str
    position: int
    file: str


def pass_through_of(function: Function, parameter: str, file: str) -> PassThrough | None:
    """The function as one that passes SQL through; None if it has no name."""
    names = [name.partition(":")[0].strip(" .*{}") for name in function.parameters]
    position = next(
        (place for place, name in enumerate(function.parameters) if name == parameter or parameter in name), 0
    )
    return PassThrough(function.name, parameter, position, file) if function.name and names else None


def given_to(target: PassThrough, given: Sequence[SgNode]) -> SgNode | None:
    """What a call gives to the parameter that is run; None if it gives nothing."""
    named = [each for each in given if each.kind() == "keyword_argument" and name_of(each) == target.parameter]
    if named:
        return named[0].field("value")
    argument = given[target.position] if target.position < len(given) else None
    if argument is not None and argument.kind() in ("object", "dictionary"):
        pairs = [each for each in argument.children() if each.kind() == "pair"]
        return next((each.field("value") for each in pairs if name_of(each) == target.parameter), argument)
    return argument


def is_call_of(target: PassThrough, chain: Sequence[Link], file: str, modules: set[str]) -> bool:
    """Whether a call is of that function, and not of another one of the same name."""
    before = [link.name for link in chain[:-1]]
    if target.file == file:
        return not before or before in (["self"], ["this"], ["cls"])
    if not before:
        return target.name.lower() in modules
    words = {*words_of(before[-1])}
    return len(before) == 1 and bool(words & {*words_of(PurePosixPath(target.file).stem)}) and words <= modules


def name_of(node: SgNode) -> str:
    """The name of a keyword argument, or of a pair of an object."""
    name = node.field("name") or node.field("key")
    return name.text().strip("'\"") if name is not None else ""


def last_name(text: str) -> str:
    """The name at the end of a text of code."""
    end = len(text)
    while end > 0 and (text[end - 1].isalnum() or text[end - 1] in "_$"):
        end -= 1
    return text[end:]
