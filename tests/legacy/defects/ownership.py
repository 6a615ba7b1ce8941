"""Seeds: owners, keys, accounts and columns without a home (L05, L06, L14, L18, L30, L32, L35, L36, L40)."""

from __future__ import annotations

from tests.legacy.defects.draft import Draft, at
from tests.legacy.schemas import quoted

MISSING = 19_999_999
OF_SCRIPTS = ("script_elements", "story_elements", "personas", "chat_history")


def orphans(draft: Draft) -> None:
    for table in OF_SCRIPTS:
        if draft.has(table, "script_id"):
            draft.add(table, "L05", script_id=MISSING)
    if draft.has("sessions"):
        draft.add("sessions", "L05", user_id=MISSING)
        draft.script("L05", user_id=MISSING)
    if draft.has("script_versions") and "c" not in str(draft.add("users")):
        draft.version(MISSING, 1, "L05", command=False)


def owners(draft: Draft) -> None:
    draft.script("L06", user_id=None)
    if draft.has("personas", "user_id"):
        other = draft.add("users")
        draft.add("personas", "L06", user_id=other)
        draft.add("personas", "L06", user_id=None, script_id=None)
    if draft.has("chat_history", "type"):
        draft.add("chat_history", "L06", user_id=draft.add("users"), type="user", timestamp=at(days=400))


def zero(draft: Draft) -> None:
    if not draft.has("sessions"):
        return
    draft.script("L30", user_id=0)
    draft.add("users", "L30", id=0)
    if draft.has("script_elements", "source"):
        draft.add("script_elements", "L40", id=0)


def same_addresses(draft: Draft) -> None:
    for email in ("Ana@legacy.example", "aná@legacy.example", "ANA@legacy.example ", "straße@legacy.example"):
        draft.add("users", "L14", email=email)
    draft.add("users", "L14", email="strasse@legacy.example")
    if "second" not in str(draft.tables.get("model_calls")):
        draft.add("users", "L29", email="no address")


def tokens(draft: Draft) -> None:
    for _ in range(2 if draft.has("sessions") else 0):
        draft.add("sessions", "L32", token="the-same-token")


def passwords(draft: Draft) -> None:
    if draft.has("users", "password_hash"):
        draft.add("users", "L35", password_hash="")
        draft.add("users", "L35", password_salt="")


def deleted(draft: Draft) -> None:
    if draft.has("users", "deleted_at"):
        draft.add("users", "L18", deleted_at=at(days=3), delete_reason="asked for it")


def no_home(draft: Draft) -> None:
    mark = quoted("mood_board", draft.dialect)
    # Of a collation that both kinds of server know.
    options = " DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci" if draft.dialect == "mysql" else ""
    draft.statements.append(f"CREATE TABLE {mark} (id INTEGER PRIMARY KEY, pinned VARCHAR(20)){options}")
    draft.statements.append(f"ALTER TABLE {quoted('users', draft.dialect)} ADD COLUMN lunar_phase VARCHAR(20)")
    draft.expect("L36", "mood_board", None)
    draft.expect("L36", "users", None)


SEEDS = (orphans, owners, zero, same_addresses, tokens, passwords, deleted, no_home)
