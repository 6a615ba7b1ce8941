"""Roles of database accounts: what each is for, and the authors that its submissions may claim."""

from __future__ import annotations

from typing import Final, NamedTuple


class AccountRole(NamedTuple):
    """A role: its purpose, and the authors that its rows in the inbox may claim."""

    purpose: str
    authors: tuple[str, ...]


ACCOUNT_ROLES: Final[dict[str, AccountRole]] = {
    "producer": AccountRole("sends submissions, reads answers and what is shown to readers", ("user", "ai")),
    "ai": AccountRole("like producer, for programs that write as an AI", ("ai",)),
    "application": AccountRole("like producer; also users, sessions, chat, proposals and history", ("user", "ai")),
    "intake": AccountRole("puts messages of the queue intake into the inbox", ("user", "ai")),
    "worker": AccountRole("drains the inbox, derives versions, repairs", ("user", "ai", "system", "import")),
    "reader": AccountRole("reads scripts, history and chat; writes nothing", ()),
    "backfill": AccountRole("moves a legacy application's data", ()),
    "migrator": AccountRole("changes the schema", ("user", "ai", "system", "import", "backfill")),
}
# For an account that inserts into the inbox where accounts are installed, and is none of them.
UNLISTED_AUTHORS: Final = ("user", "ai")
