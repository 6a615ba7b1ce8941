"""The systemd units of the documentation: they can be read, and start commands that exist with valid options."""

from __future__ import annotations

import configparser
import shlex
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.main import get_command

from cli.command_line import module_of
from tests.cli.running import ROOT
from workers.monitoring.health import VARIABLE
from workers.process.roles import ROLES

UNITS = sorted((ROOT / "docs" / "operations" / "systemd").glob("*.service"))
# systemd has variables of its own in %, and options that may be repeated.
STAYING = [unit for unit in UNITS if "ready" not in unit.name]

every = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
staying = pytest.mark.parametrize("unit", STAYING, ids=lambda unit: unit.name)


def read(unit: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation says
    parser.read_string(unit.read_text())
    return parser


def environment(unit: Path) -> dict[str, str]:
    lines = [line.partition("=")[2] for line in unit.read_text().splitlines() if line.startswith("Environment=")]
    return dict(line.split("=", 1) for line in lines)


def test_there_is_a_unit_for_each_kind_of_process():
    assert {unit.stem.partition("@")[0] for unit in UNITS} == {
        f"scriptledger-{name}" for name in ("worker", "beat", "flower", "serve", "ready")
    }


@every
def test_a_unit_has_its_sections(unit: Path):
    assert {"Unit", "Service"} <= set(read(unit).sections())
    assert read(unit)["Unit"]["Description"]
    assert read(unit)["Service"]["User"] == "scriptledger"


@staying
def test_its_command_exists(unit: Path):
    program, verb, *words = shlex.split(read(unit)["Service"]["ExecStart"])
    assert Path(program).name == "scriptledger"
    command = get_command(import_module(module_of(verb)).app)

    for role in ROLES if "%i" in words else [""]:
        with command.make_context(verb, [word.replace("%i", role) for word in words]) as context:
            assert context.args == []


@staying
def test_it_is_restarted_and_may_stop_in_time(unit: Path):
    service = read(unit)["Service"]

    assert service["Restart"] == "always"
    assert int(service["TimeoutStopSec"]) > 10
    assert read(unit)["Install"]["WantedBy"] == "multi-user.target"


def test_the_readiness_check_reads_the_heartbeats_of_the_others():
    check = next(unit for unit in UNITS if "ready" in unit.name)
    program, *words, module, argument = shlex.split(read(check)["Service"]["ExecStart"])

    assert (Path(program).name, words, argument) == ("python", ["-P", "-m"], "ready")
    assert find_spec(module)
    places = {environment(unit)[VARIABLE] for unit in STAYING if VARIABLE in environment(unit)}
    pattern = environment(check)[VARIABLE]
    assert places == {pattern.replace("%i", name) for name in ("worker-%i", "beat")}


def test_the_documentation_names_units_that_exist():
    text = (ROOT / "docs" / "operations" / "deploy.md").read_text()

    for unit in UNITS:
        assert unit.name.removesuffix(".service") in text
