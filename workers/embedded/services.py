"""The processes that an embedded stack keeps running in addition to its broker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from workers.embedded.local_ports import LocalAccess
from workers.http.access.people import People
from workers.http.serve_settings import ServeSettings
from workers.model_settings import SCRIPTED
from workers.process.command_lines import (
    BEAT,
    ENVIRON,
    EVENTS,
    FLOWER_LISTENING,
    FLOWER_PASSWORD,
    FLOWER_READY,
    beat_command,
    flower_command,
    serve_command,
    worker_command,
)
from workers.process.roles import ROLES
from workers.settings import Settings

# The only person who may sign in to the page of the development services.
OPERATOR = "operator"


class Service(NamedTuple):
    """One of our programs; its log contains `ready` once it has started. It inherits the file descriptors in `keep`."""

    name: str
    command: Sequence[str]
    ready: bytes = b"worker.ready"
    environ: Mapping[str, str] = ENVIRON
    keep: Sequence[int] = ()


def minimal_services(settings: Settings) -> Iterator[Service]:
    """Two workers, for a quick start: one drains, the other does everything else and sends the ticks."""
    # A slow model gets its own worker, so that it does not delay the ticks.
    apart = ["proposals"] if settings.model_url not in ("", SCRIPTED) else []
    # So does a backfill, whose items take seconds each.
    apart += ["backfill"] if settings.legacy_url else []
    rest = [role for name, role in ROLES.items() if name not in ("commands", "reconcile", *apart)]
    yield Service("commands", worker_command(ROLES["commands"], pool=_pool(settings)))
    for name in apart:
        yield Service(name, worker_command(ROLES[name], pool=_pool(settings)))
    yield Service("reconcile", worker_command(ROLES["reconcile"], also=rest, flags=[BEAT]))


def all_services(settings: Settings, flower: LocalAccess, page: LocalAccess | None = None) -> Iterator[Service]:
    """A worker for each role, beat, Flower, and the operator's page where its extra is installed."""
    for role in ROLES.values():
        yield Service(role.name, worker_command(role, pool=_pool(settings), flags=[EVENTS]))
    yield Service("beat", beat_command(), ready=b"beat.ready")
    listening = flower.listening.fileno()
    environ = {FLOWER_PASSWORD: flower.password, FLOWER_LISTENING: str(listening)}
    yield Service("flower", flower_command(), ready=FLOWER_READY.encode(), environ=environ, keep=[listening])
    if page is not None:
        fileno = page.listening.fileno()
        people = People({"operator": {OPERATOR: page.password}})
        chosen = ServeSettings(people, str(fileno), flower.url)
        yield Service("page", serve_command(), ready=b"page.ready", environ=chosen.to_env(), keep=[fileno])


def _pool(settings: Settings) -> str | None:
    # SQLite allows one writer at a time: a second process would only wait for the first.
    return "solo" if settings.sqlite_file else None
