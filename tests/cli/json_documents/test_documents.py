"""The JSON output of every verb matches its documented shape."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import msgspec
import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.command_line import VERBS, module_of
from cli.json_documents.catalog import DOCUMENTS
from tests.cli.documents import check_document
from tests.cli.running import SAMPLE, CommandLine


def with_json() -> Iterator[str]:
    """Every verb with `--json`, as it is typed."""
    for name in (name for names in VERBS.values() for name in names):
        yield from _with_json(name, get_command(import_module(module_of(name)).app))


def _with_json(path: str, verb: Any) -> Iterator[str]:
    if any("--json" in option.opts for option in verb.params):
        yield path
    for word, inner in verb.commands.items() if isinstance(verb, TyperGroup) else ():
        yield from _with_json(f"{path} {word}", inner)


def test_every_verb_with_json_has_its_documents():
    assert set(with_json()) == set(DOCUMENTS)


@pytest.mark.parametrize(
    "printed",
    [
        '{"scripts": []}',
        '{"scripts": [], "next": "7"}',
        '{"scripts": [], "next": null, "more": 1}',
        '{"error": {"status": 4, "code": "x"}}',
        "[]",
    ],
)
def test_a_different_shape_is_detected(printed: str):
    check_document(["scripts", "--json"], '{"scripts": [], "next": null}')

    with pytest.raises(AssertionError):
        check_document(["scripts", "--json"], printed)


@pytest.mark.slow
def test_real_output_matches_its_shape(scriptledger: CommandLine, ferry: int):
    for args in real(ferry):
        ran = scriptledger(*args, "--json")  # which checks it
        assert isinstance(msgspec.json.decode(ran.out), dict), args
        assert ran.out.count("\n") == 1
        assert "\x1b" not in ran.out


def real(script: int) -> list[list[Any]]:
    """A command for every verb; most succeed and some fail."""
    return [
        ["import", SAMPLE],
        ["import", SAMPLE, "--script", script],
        ["outcome", script, f"create-{script}"],
        ["outcome", script, "never-sent"],
        ["undo", script, "--version", 99],
        ["scripts"],
        ["show", script],
        ["log", script],
        ["diff", script, 1],
        ["log", script, "--payload"],
        ["blame", script],
        ["export", script],
        ["rejected"],
        ["verify", script],
        ["verify", "--all"],
        ["materialize", "run"],
        ["materialize", "run", script],
        ["materialize", "status"],
        ["materialize", "status", script],
        ["rebuild", script],
        ["rebuild", script, "--prune"],
        ["db", "upgrade"],
        ["db", "current"],
        ["users", "add", f"rosa{script}@example.org"],
        ["users", "list"],
        ["sessions", "open", f"rosa{script}@example.org"],
        ["chat", "say", script, "Too long."],
        ["chat", "list", script],
        ["proposals", "list"],
        ["kinds"],
        ["roundtrip", SAMPLE],
        ["show", 999_999],
    ]
