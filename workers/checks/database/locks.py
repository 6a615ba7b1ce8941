"""Whether a transaction that a client left open holds locks, for which submissions wait."""

from __future__ import annotations

from collections.abc import Sequence

from repos.server_checks.held_locks import OpenTransaction
from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fault, fine, warning

MAX_NAMED = 3
_END = (
    "If that program is not at work, end it, or its connection as an administrator: {statements}. Its transaction is "
    "rolled back, and the submissions are answered within a minute."
)
_END_PREPARED = (
    "`XA RECOVER` lists prepared transactions, which outlive their clients: end them as the program that prepared them "
    "decided, by `XA COMMIT` or `XA ROLLBACK`."
)


def _examine(server: ServerFacts) -> Finding:
    scripts, transactions = server.locks.scripts, server.locks.transactions
    waits = f"Submissions to script {', '.join(map(str, scripts))} wait for a lock" if scripts else ""
    if transactions:
        named = "; ".join(map(_named, transactions[:MAX_NAMED]))
        found = f"{waits or 'Locks are held for long'}: {named}."
        return (fault if scripts else warning)(found, _ending(transactions[:MAX_NAMED]))
    if scripts and transactions is None:
        return fault(
            f"{waits}, and the account {server.account} may not see who holds it.",
            "Run `scriptledger doctor` with an administrator's account: it names the connection that holds the lock.",
        )
    if scripts:
        return fault(f"{waits} that a transaction just took.", "Run `scriptledger doctor` again in half a minute.")
    if transactions is None:
        return fine("No submission waits for a lock.")
    return fine("No submission waits for a lock, and no transaction has held one for long.")


def _ending(transactions: Sequence[OpenTransaction]) -> str:
    statements = " ".join(f"`KILL {each.connection}`" for each in transactions if each.connection)
    ends = [_END.format(statements=statements)] if statements else []
    if not all(each.connection for each in transactions):
        ends.append(_END_PREPARED)
    return " ".join(ends)


def _named(transaction: OpenTransaction) -> str:
    if not transaction.connection:
        return f"a prepared transaction (XA) of {transaction.seconds} s"
    idle = ", where nothing runs" if transaction.idle else ""
    age = f"a transaction of {transaction.seconds} s"
    return f"connection {transaction.connection} of {transaction.account} has {age}{idle}"


CHECK = Check("locks", _examine)
