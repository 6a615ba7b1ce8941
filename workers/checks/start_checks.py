"""Start checks: the cheap checks, before a worker or beat takes its first message."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import structlog

from domain.visible_text import visible
from workers.checks.examination import REACHABLE, examine_broker, examine_database, examine_machine
from workers.checks.finding import Result
from workers.process.roles import Role
from workers.settings import Settings

# The status of a command whose servers cannot be used.
UNUSABLE = 4

log = structlog.get_logger(__name__)


def check_worker(settings: Settings, roles: Sequence[Role]) -> None:
    """Warn about what may go wrong, and exit if the database or the broker cannot be used.

    A server that cannot be reached is no reason to exit: it may be starting, too.
    """
    database = examine_database(settings, roles, at_start=True)
    broker = examine_broker(settings, roles, at_start=True)
    _act_on([*database, *broker, *examine_machine(settings, at_start=True)])


def check_beat(settings: Settings) -> None:
    """The same for beat, which uses the broker alone."""
    _act_on([*examine_broker(settings, for_beat=True, at_start=True), *examine_machine(settings, at_start=True)])


def _act_on(results: Iterable[Result]) -> None:
    faults = []
    for area, check, finding in results:
        if check == REACHABLE:
            continue
        if finding.level == "fault":
            faults.append(finding)
        elif finding.level == "warning":
            log.warning("start.check", check=f"{area}.{check}", problem=finding.sentence, advice=finding.change)
    for finding in faults:
        print(visible(f"scriptledger: {finding.sentence} {finding.change}"), file=sys.stderr)
    if faults:
        raise SystemExit(UNUSABLE)
