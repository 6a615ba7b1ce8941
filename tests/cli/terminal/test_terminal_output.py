"""No control character of any text reaches a terminal raw: every verb, on a terminal and in a pipe, and as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from cli.command_line import VERBS, module_of
from domain.visible_text import visible_lines
from tests.cli.terminal.hostile_ledger import FORGED, HOSTILE, PLAIN, fill
from tests.cli.terminal.hostile_place import Place

pytestmark = pytest.mark.slow

# Our own tables, colours and progress bars consist of these.
OURS = re.compile(r"\x1b\[[\d;]*m|\x1b\[\?25[lh]|\x1b\[\d?[AK]|\r")
SIX = range(1, 8)
LEGACY = "sqlite:///{legacy}"

# The arguments of every verb; `{…}` is a file.
FEW: dict[str, list[list[object]]] = {
    "import": [["{odd}"], ["{bytes}"], ["{fdx}"], ["{bad_fdx}"], ["{odd}", "--script", FORGED, "--confirm-shrink"]],
    "submit": [["{submission}"], ["{odd}"], ["--many", "{submission}"], ["--many", "{odd}", "--batch", HOSTILE]],
    "cancel": [[HOSTILE], ["--all", "--yes", "--reason", HOSTILE], ["--script", PLAIN, "--run", HOSTILE, "--yes"]],
    "outcome": [[PLAIN, f"k{number}"] for number in range(6)] + [[PLAIN, HOSTILE], [FORGED, f"s1{HOSTILE}"]],
    "undo": [[FORGED, "--submission", f"s1{HOSTILE}"], [FORGED, "--version", 2, "--actor", HOSTILE]],
    "redo": [[FORGED], [FORGED, "--submission", HOSTILE]],
    "restore": [[FORGED, "--label", HOSTILE], [FORGED, "--version", 99]],
    "label": [[FORGED, HOSTILE], [PLAIN, f"x{HOSTILE}"]],
    "chat say": [[PLAIN, HOSTILE], [PLAIN, "x", "--as", HOSTILE]],
    "chat list": [[PLAIN]],
    "propose": [[PLAIN, HOSTILE], [PLAIN, "x", "--as", HOSTILE]],
    "proposals list": [[]],
    "proposals show": [[1]],
    "proposals accept": [[1, "--as", HOSTILE], [1]],
    "proposals reject": [[1, "--as", HOSTILE], [1]],
    "scripts": [[]],
    "show": [[FORGED], [PLAIN], [FORGED, "--ids"], [FORGED, "--scene", HOSTILE], [FORGED, "--label", HOSTILE]],
    "log": [[FORGED], [PLAIN], [FORGED, "--payload"]],
    "diff": [[FORGED, 1], [FORGED, 2, 6], [FORGED, HOSTILE], [FORGED, 1, "--html", "{odd}.html"]],
    "blame": [[FORGED], [PLAIN]],
    "labels": [[FORGED]],
    "export": [[FORGED], [PLAIN, "-o", "{odd}"], [PLAIN, "-o", "/nowhere/{odd_name}"], [FORGED, "--format", "fdx"]],
    "rejected list": [[], ["--since", HOSTILE]],
    "rejected show": [[number] for number in SIX],
    "rejected replay": [[1], [2], ["--all", "--yes"], ["--all", "--since", HOSTILE], ["--all", "--code", HOSTILE]],
    "verify": [[FORGED], [PLAIN], ["--all"]],
    "materialize run": [[], [FORGED], [PLAIN]],
    "materialize status": [[], [PLAIN]],
    "rebuild": [[FORGED], [PLAIN], ["--all"]],
    "drains pause": [["--reason", HOSTILE, "--actor", HOSTILE]],
    "drains status": [[]],
    "drains resume": [["--actor", HOSTILE]],
    "quarantine list": [[]],
    "quarantine show": [[FORGED]],
    "quarantine reopen": [[FORGED, "--actor", HOSTILE]],
    "history export": [[PLAIN, "{odd}.jsonl"], [FORGED, "/dev/stdout"]],
    "history import": [["{history}"], ["{odd}"]],
    "worker": [["--role", "commands"], ["--role", HOSTILE]],
    "beat": [[]],
    "flower": [[], ["--host", HOSTILE]],
    "status": [[], ["--interval", HOSTILE]],
    "serve": [[], ["--host", HOSTILE]],
    "db upgrade": [[], ["--database", f"mysql://u:p@{HOSTILE}/x"]],
    "db current": [[], ["--database", f"sqlite:///{HOSTILE}"]],
    "doctor": [[], ["--database", f"sqlite:///{HOSTILE}"], ["--broker", f"redis://{HOSTILE}"]],
    "db drift": [[], ["--database", f"sqlite:///{HOSTILE}"]],
    "legacy sample": [["-o", "{odd}.db"], ["-o", "/nowhere/{odd_name}"]],
    "legacy inspect": [
        [LEGACY],
        ["sqlite:///{odd}"],
        ["sqlite:///{bytes}"],
        [f"sqlite:///{HOSTILE}"],
        [f"mysql://u:p@{HOSTILE}/x"],
    ],
    "legacy map": [
        [LEGACY],
        [LEGACY, "-o", "{odd}.toml"],
        [LEGACY, "--check", "{submission}"],
        [LEGACY, "--check", "{odd}"],
    ],
    "legacy scan": [
        [LEGACY, "--findings"],
        [LEGACY, "--html", "{odd}.html"],
        [LEGACY, "--mapping", "{submission}"],
        [LEGACY, "--state", "{odd}"],
    ],
    "gates install": [[], ["--prefix", HOSTILE], ["--account", HOSTILE], ["--role", HOSTILE]],
    "gates status": [[], ["--database", HOSTILE]],
    "legacy freeze": [[LEGACY], [LEGACY, "-o", "{odd}.json"], [LEGACY, "-o", "{odd}"]],
    "legacy drift": [[LEGACY, "-f", "{frozen}"], [LEGACY, "-f", "{submission}"], [LEGACY, "-f", "{odd}"]],
    "backfill run": [
        [LEGACY, "--mapping", "{submission}"],
        [LEGACY, "--mapping", "{mapping}", "--dry-run", "--no-scan"],
        [LEGACY, "--mapping", "{mapping}", "--in-process", "--into-used-ledger"],
        [f"sqlite:///{HOSTILE}"],
    ],
    "backfill status": [[]],
    "backfill pause": [[]],
    "backfill resume": [[]],
    "backfill cancel": [[]],
    "backfill certify": [[LEGACY, "-o", "{odd}.d"], [LEGACY, "-m", "{odd}"], [f"sqlite:///{HOSTILE}"]],
    "backfill retry": [["--failed"], [1]],
    "backfill quarantine list": [[]],
    "backfill quarantine show": [[1]],
    "gates inventory": [["{code}", "--html", "{odd}.html"], [HOSTILE]],
    "gates check": [["{code}"], ["{code}", "-c", "{submission}"], ["{code}", "--baseline", "{odd}"]],
    "users add": [[HOSTILE], ["a@b.c", "--name", HOSTILE]],
    "users list": [[]],
    "users rename": [[HOSTILE, "x"], ["a@b.c", HOSTILE]],
    "users move": [[HOSTILE, "x"], ["a@b.c", HOSTILE]],
    "users delete": [[HOSTILE]],
    "sessions open": [[HOSTILE], [f"{HOSTILE}@example.org"]],
    "sessions list": [[HOSTILE]],
    "sessions revoke": [[1], ["--all", HOSTILE]],
    "kinds": [[HOSTILE], ["--schema"], []],
    "roundtrip": [["{odd}", "{bytes}", "{fdx}", "{bad_fdx}", "/nowhere/{odd_name}"]],
    # Their own output is a banner; then they run until stopped, or for a minute.
    "demo": [[HOSTILE]],
    "dev": [[HOSTILE], ["--broker", f"redis://{HOSTILE}/0"]],
}


CONTENT = (
    (["export", str(FORGED)], [FORGED]),
    (["export", str(FORGED)], ["fdx"]),
    (["history", "export"], ["/dev/stdout"]),
)


def verbs() -> Iterator[tuple[str, Any]]:
    """Every verb by the words that are typed."""
    for name in (name for names in VERBS.values() for name in names):
        yield from _leaves(name, get_command(import_module(module_of(name)).app))


def _leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(command, TyperGroup):
        yield name, command
        return
    for inner, subcommand in command.commands.items():
        yield from _leaves(f"{name} {inner}", subcommand)


NAMES = [name for name, _ in verbs()]
WITH_JSON = {name for name, command in verbs() if any("--json" in option.opts for option in command.params)}


def test_every_verb_is_tried():
    assert sorted(FEW) == sorted(NAMES)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("hostile") / "home"
    fill(home)
    return home


def raw(printed: str) -> str:
    """The parts of a terminal's output that are neither ours nor visible."""
    return hidden(OURS.sub("", printed))


def hidden(printed: str) -> str:
    """The invisible characters in an output; in a pipe there must be none."""
    return "".join(character for character in printed if visible_lines(character) != character)


def forged(printed: str) -> list[str]:
    """The lines of an output that contain hostile text."""
    return [line for line in OURS.sub("", printed).split("\n") if line.startswith("FORGED")]


@pytest.mark.parametrize("name", NAMES)
def test_no_control_character_is_printed(ledger: Path, tmp_path: Path, name: str):
    place = Place(ledger, tmp_path)
    for given in FEW[name]:
        for flags in ([], ["--json"]) if name in WITH_JSON and not {"--schema", "/dev/stdout"} & {*given} else ([],):
            args = place.args(name, [*given, *flags])
            printed = place.on_a_terminal(args)
            assert raw(printed) == "", args
            if (args[:2], given[-1:]) in CONTENT and not flags:
                continue  # in a pipe it is the content of a file, byte for byte
            ran = place.command_line(*args)
            assert (hidden(ran.out), hidden(ran.err)) == ("", ""), args
            assert forged(printed) == forged(ran.out) == [], args
            assert "Traceback" not in ran.err
            assert ran.status != 70, ran.err


@pytest.mark.parametrize(
    "args", [[HOSTILE], [f"--{HOSTILE}"], ["show", HOSTILE], ["show", "1", f"--{HOSTILE}"], ["db", HOSTILE], ["kinds"]]
)
def test_a_command_line_that_is_wrong_is_quoted_visibly(ledger: Path, tmp_path: Path, args: list[str]):
    place = Place(ledger, tmp_path)

    assert raw(place.on_a_terminal(args)) == ""
    ran = place.command_line(*args)
    assert hidden(ran.out + ran.err) == ""


def test_a_traceback_is_visible_too(ledger: Path, tmp_path: Path):
    place = Place(ledger, tmp_path)
    place.command_line.environ |= {"SCRIPTLEDGER_DEBUG": "1"}

    printed = place.on_a_terminal(["show", str(FORGED), "--label", f"none{HOSTILE}"])

    assert "Traceback" in printed
    assert raw(printed) == ""


def test_completion_is_visible_too(ledger: Path, tmp_path: Path):
    place = Place(ledger, tmp_path)
    completing = {
        "_SCRIPTLEDGER_COMPLETE": "complete_bash",
        "COMP_WORDS": f"scriptledger show {HOSTILE[:5]}",
        "COMP_CWORD": "2",
    }
    for environ in (completing, {**completing, "_SCRIPTLEDGER_COMPLETE": f"complete_{HOSTILE[:5]}"}):
        place.command_line.environ |= environ
        assert raw(place.on_a_terminal([])) == ""


def test_hostile_text_is_shown(ledger: Path, tmp_path: Path):
    place = Place(ledger, tmp_path)

    assert r"EVIL\x1b]0;OWNED\x07\x1b[2J" in place.command_line("show", FORGED).out
    assert HOSTILE in place.command_line("show", FORGED, "--json").json["metadata"]["title"]


def test_an_export_to_a_pipe_is_the_file(ledger: Path, tmp_path: Path):
    place = Place(ledger, tmp_path)

    assert HOSTILE.partition("\r")[0] in place.command_line("export", FORGED).out
