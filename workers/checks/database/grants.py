"""Whether this account may do what a worker of its role does."""

from __future__ import annotations

from gates.database.accounts.held_privileges import HeldPrivileges
from gates.database.accounts.roles import wanted_privileges, withheld_secrets
from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fault, fine, warning

MAX_NAMED = 4


def _examine(server: ServerFacts) -> Finding:
    if not server.account_role:
        return warning(
            f"The privileges of the account {server.account} are not checked: it may not read which role it has.",
            "Where it is the account of a worker, name the worker's role with --role.",
        )
    held = HeldPrivileges(server.grants, server.database)
    read = [what for table, what in withheld_secrets(server.listed_role).items() if held.reads_of(table)]
    if server.listed_role and read:
        return fault(
            f"The account {server.account} may read {' and '.join(read)}; the role {server.listed_role} must not.",
            "Run `scriptledger gates install` with an administrator's account: it revokes what is too much.",
        )
    missing = sorted({each for each in wanted_privileges(server.account_role) if not held.covers(each)})
    if not missing:
        return fine(f"The account {server.account} may do what the role {server.account_role} needs.")
    named = ", ".join(
        f"{each.name}{f' ({each.column})' if each.column else ''} on {each.scope}" for each in missing[:MAX_NAMED]
    )
    more = f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
    # The server lists what active roles give, by default roles, mandatory ones and roles of roles, too.
    if held.has_roles:
        grant = "Where another role has them, make it a default role of the account: SET DEFAULT ROLE. Otherwise grant"
    else:
        grant = "Grant"
    return fault(
        f"The account {server.account} lacks {named}{more}, which the role {server.account_role} needs.",
        f"{grant} them, or run `scriptledger gates install` with an administrator's account.",
    )


CHECK = Check("grants", _examine, at_start=True)
