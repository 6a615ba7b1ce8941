"""Grants of the account roles, by groups of tables: what each role may do, and nothing else.

No grant lets an account read some columns of a table: `HANDLER` reads whole rows with any such grant, on MariaDB and
MySQL. What a role must not read is in a table of its own.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from repos.schema.revision import TABLE as REVISION_TABLE

# Every table and view of the schema is in exactly one group.
TABLE_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "commands": ("script_commands",),
    "versions": ("script_versions",),
    "keyframes": ("script_keyframes",),
    "heads": ("script_heads",),
    "scripts": ("scripts",),
    "answers": ("submissions",),
    "inbox": ("submission_inbox",),
    "dead_letters": ("rejected_submissions",),
    "script_ids": ("script_ids",),
    "readers": ("projection_heads", "script_lines", "script_elements", "personas", "version_labels"),
    "log_view": ("script_log",),
    "users": ("users",),
    "passwords": ("user_passwords",),
    "sessions": ("sessions",),
    "chat": ("chat_messages", "chat_message_usage"),
    "proposals": ("ai_proposals", "ai_proposal_hunks"),
    "ai_limits": ("ai_run_losses", "ai_writings"),
    "scheduling": ("bells", "leases", "schedule_slots", "materialization_runs", "materialization_items"),
    "monitoring": ("role_heartbeats", "activity_counts"),
    "drain_pauses": ("drain_pauses",),
    "integrity": ("quarantines", "rebuilds", "verifications"),
    "seals": ("script_seals",),
    "backfill": ("backfill_runs", "backfill_items", "backfill_quarantine", "legacy_keys", "legacy_versions"),
    "legacy_rows": ("legacy_rows",),
    "accounts": ("database_accounts",),
    "schema": (REVISION_TABLE,),
}

# Tables with more than a role needs to know, and what is in them: read by the roles that have a grant for them.
SECRETS: Final[dict[str, str]] = {
    "user_passwords": "the hashes of passwords",
    "legacy_rows": "what was kept of legacy rows",
}


class Privilege(NamedTuple):
    """One privilege: on everything (`*.*`), on the schema (`*`) or on a table; of one column, or of the whole."""

    name: str
    scope: str
    column: str = ""


_READ, _ADD, _CHANGE, _ALL = "SELECT", "SELECT INSERT", "SELECT INSERT UPDATE", "SELECT INSERT UPDATE DELETE"
# Without `id`, `attempts` and `account`, which only the server and the workers write.
_SEND = "INSERT(script_id,submission_id,payload,enqueued_at,user_id)"
# Without `id`: with the highest number, no other submission could be refused. And without `account`, which decides as
# whom a dead letter may be replayed.
_REFUSE = "INSERT(script_id,submission_id,code,message,payload,rejected_at,user_id,whole_bytes,whole_sha256)"
_SENDER = {
    "inbox": f"SELECT {_SEND}",
    "script_ids": "INSERT(user_id)",
    "answers": _READ,
    "scripts": _READ,
    "readers": _READ,
    "schema": _READ,
}
_READER = {
    **dict.fromkeys(("commands", "versions", "keyframes", "heads", "scripts", "answers", "readers", "log_view"), _READ),
    **dict.fromkeys(("chat", "proposals", "integrity", "seals", "schema"), _READ),
    "users": _READ,
    "drain_pauses": _READ,
}
_WORKER = {
    "commands": _ADD,
    "versions": "SELECT INSERT DELETE",
    "keyframes": "SELECT INSERT DELETE",
    "heads": _ALL,
    "scripts": _CHANGE,
    "answers": _ADD,
    "inbox": f"SELECT DELETE {_SEND} UPDATE(attempts,user_id)",
    "dead_letters": f"SELECT DELETE {_REFUSE} INSERT(account)",
    "script_ids": _CHANGE,
    "readers": _ALL,
    "log_view": _READ,
    "users": _READ,
    "sessions": "SELECT DELETE",
    "chat": _ADD,
    "proposals": _CHANGE,
    "ai_limits": _CHANGE,
    "scheduling": _ALL,
    "monitoring": _ALL,
    "drain_pauses": _CHANGE,
    "integrity": _ALL,
    "seals": _ADD,
    "backfill": _READ,
    "accounts": _READ,
    "schema": _READ,
}
GRANTS: Final[dict[str, dict[str, str]]] = {
    "producer": _SENDER,
    "ai": {**_SENDER, "script_ids": ""},
    "application": {
        **_READER,
        **_SENDER,
        "inbox": f"SELECT {_SEND} UPDATE(user_id)",
        "script_ids": "SELECT INSERT(user_id)",
        "dead_letters": f"SELECT {_REFUSE}",
        "users": _CHANGE,
        "passwords": _ALL,
        "sessions": _ALL,
        "chat": _CHANGE,
        "proposals": _CHANGE,
        "ai_limits": _READ,
        "legacy_rows": _READ,
        "accounts": _READ,
    },
    "intake": {
        "inbox": f"SELECT {_SEND}",
        "answers": _READ,
        "dead_letters": f"SELECT {_REFUSE}",
        "monitoring": _CHANGE,
        "accounts": _READ,
        "schema": _READ,
    },
    "worker": _WORKER,
    "reader": _READER,
    "backfill": {
        **_WORKER,
        "inbox": "SELECT DELETE UPDATE(attempts,user_id)",
        # To leave out the numbers of users who do not come over, a row is inserted and deleted.
        "users": _ALL,
        "passwords": _ALL,
        "sessions": "SELECT INSERT DELETE",
        "chat": _CHANGE,
        "backfill": _ALL,
        "legacy_rows": _ALL,
    },
    "migrator": {},
}
_MIGRATOR = "SELECT INSERT UPDATE DELETE CREATE DROP ALTER INDEX REFERENCES TRIGGER CREATE_VIEW SHOW_VIEW LOCK_TABLES"


def wanted_privileges(role: str) -> frozenset[Privilege]:
    """The privileges of a role on the ledger's schema."""
    if role == "migrator":
        return frozenset(Privilege(name.replace("_", " "), "*") for name in _MIGRATOR.split())
    return frozenset(
        privilege
        for group, granted in GRANTS[role].items()
        for table in TABLE_GROUPS[group]
        for word in granted.split()
        for privilege in _privileges(word, table)
    )


def withheld_secrets(role: str) -> dict[str, str]:
    """The tables that a role must not read, and what is in them; for an unknown role all of them."""
    wanted = wanted_privileges(role) if role in GRANTS else frozenset()
    readable = {each.scope for each in wanted if each.name == "SELECT"}
    return {} if "*" in readable else {table: what for table, what in SECRETS.items() if table not in readable}


def _privileges(word: str, table: str) -> list[Privilege]:
    name, _, columns = word.rstrip(")").partition("(")
    return [Privilege(name, table, column) for column in columns.split(",")]
