"""docker-compose.yml as Compose reads it: variables replaced, services in start order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml

from tests.cli.running import ROOT

FILE = ROOT / "docker-compose.yml"
SECRETS = {
    "DATABASE_ROOT_PASSWORD": "0d5f1c",
    "DATABASE_PASSWORD": "1a2b3c",
    "DATABASE_WORKER_PASSWORD": "4d5e6f",
    "DATABASE_INTAKE_PASSWORD": "5e6f70",
    "DATABASE_BACKFILL_PASSWORD": "6f7081",
    "DATABASE_APPLICATION_PASSWORD": "708192",
    "DATABASE_AI_PASSWORD": "8192a3",
    "BROKER_PASSWORD": "2b3c4d",
    "FLOWER_PASSWORD": "3c4d5e",
    "PAGE_OPERATORS": "anna:7c8d9e",
    "PAGE_VIEWERS": "ben:9e0f1a",
}
VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?::(?P<how>[-?])(?P<rest>[^}]*))?\})")


class Service(NamedTuple):
    """One service, with all variables replaced."""

    name: str
    given: dict[str, Any]

    @property
    def is_ours(self) -> bool:
        """Whether it runs our program."""
        return "build" in self.given

    @property
    def check(self) -> list[str]:
        """The command line of its health check."""
        kind, *words = self.given["healthcheck"]["test"]
        return ["sh", "-c", *words] if kind == "CMD-SHELL" else words


class MissingVariableError(Exception):
    """Compose would refuse to start; the message is the one in the file."""


def document(environ: Mapping[str, str]) -> dict[str, Any]:
    """The file with all variables replaced."""
    filled: dict[str, Any] = _filled(yaml.safe_load(FILE.read_text()), environ)
    return filled


def services(environ: Mapping[str, str]) -> list[Service]:
    """All services, each after those it depends on."""
    waiting = {name: Service(name, given) for name, given in document(environ)["services"].items()}
    ordered: list[Service] = []
    while waiting:
        ready = [
            service for service in waiting.values() if not waiting.keys() & service.given.get("depends_on", {}).keys()
        ]
        assert ready, f"these wait for each other: {', '.join(waiting)}"
        ordered += ready
        for service in ready:
            del waiting[service.name]
    return ordered


def texts(value: Any) -> Iterator[str]:
    """Every text in a document."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def _filled(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, environ) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, environ) for inner in value]
    return VARIABLE.sub(lambda match: _value(match, environ), value) if isinstance(value, str) else value


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str:
    if match["dollar"]:
        return "$"
    if given := environ.get(match["name"]):
        return given
    if match["how"] == "?":
        raise MissingVariableError(f"{match['name']}: {match['rest']}")
    return match["rest"] or ""
