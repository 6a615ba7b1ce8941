"""Installation of accounts and guards: runs a plan, and names what the server did not allow."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from gates.database.accounts.plan import Step
from gates.database.accounts.server import DENIED, NEEDS_SUPER, TABLE_IN_USE, NoAccounts, Server
from repos.database.driver_errors import error_number

_NO_TRIGGER = (
    "The server did not create {guards} ({number}: {reason}). The grants hold without. To have them, set "
    "log_bin_trust_function_creators = 1 on the server or use an account with SUPER, and run this again."
)


def run_plan(server: Server, steps: Sequence[Step], changed: list[str] | None = None) -> list[str]:
    """Run the statements of a plan, and return a sentence for the guards that the server did not allow.

    Each account whose password was set is added to `changed`.

    Raises:
        NoAccounts: this account may not do what a statement does; what was done before stays, and a repeat goes on.
    """
    gaps: dict[tuple[int, str], list[str]] = {}
    missing: set[str] = set()
    for step in steps:
        if step.guard in missing:
            # What it would take the place of stays.
            continue
        try:
            _run(server, step)
            if step.account and changed is not None:
                changed.append(step.account)
        except DBAPIError as error:
            number = error_number(error)
            reason = str(error.orig.args[-1]).rstrip(".") if error.orig is not None else ""
            if step.guard and number in {*DENIED, NEEDS_SUPER}:
                gaps.setdefault((number, reason), []).append(step.guard)
                missing.add(step.guard)
            elif number in DENIED:
                raise NoAccounts(
                    f"The account {server.account} may not {step.about} ({number}: {reason}). Name an administrator's "
                    "account in --database, or give the statements of --print-sql to the administrator."
                ) from None
            elif number == TABLE_IN_USE:
                raise NoAccounts(
                    f"A transaction of another connection uses a table, so that the server could not {step.about}: run "
                    "this again when it has ended (SHOW PROCESSLIST)."
                ) from None
            else:
                raise NoAccounts(f"The server refused to {step.about} ({number}: {reason}).") from None
    return [
        _NO_TRIGGER.format(guards=", ".join(dict.fromkeys(names)), number=number, reason=reason)
        for (number, reason), names in gaps.items()
    ]


def _run(server: Server, step: Step) -> None:
    try:
        server.run(step.sql)
    except DBAPIError as error:
        # To create a trigger for another definer needs a privilege more than to create one.
        create, definer, rest = step.sql.partition("DEFINER = ")
        if not (step.guard and definer and error_number(error) in DENIED):
            raise
        server.run(create + rest[rest.index("TRIGGER `") :])
