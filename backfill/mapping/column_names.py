"""Usual names of columns: which field of a target a column with this name becomes."""

from __future__ import annotations

# By target, then by field: the names in snake case, the likeliest first.
USUAL_NAMES: dict[str, dict[str, str]] = {
    "users": {
        "id": "id user_id uuid",
        "email": "email mail e_mail email_address",
        "name": "name username display_name full_name user_name login nickname nick_name",
        "password": "password_hash password hash encrypted_password password_digest pwd passwd pass",
        "password_salt": "password_salt salt",
    },
    "sessions": {
        # Before the id: what is called `sid` is the token where there is no other.
        "token": "token session_token session_key sid",
        "id": "id sid",
        "user_id": "user_id",
        "seen_at": "seen_at last_seen last_used_at",
        "expires_at": "expires_at expires expiry expire_date expires_on valid_until",
        "revoked_at": "revoked_at ended_at",
    },
    "scripts": {
        "id": "id",
        "user_id": "user_id owner_id author_id created_by",
        "title": "title name working_title",
        "status": "status state stage",
        "content": "content body text current_text",
        "version_number": "version_number version current_version latest_version version_count ver",
        "archived_at": "archived_at deleted_at trashed_at",
        "archived": "archived is_archived deleted is_deleted",
    },
    "versions": {
        "id": "id",
        "script_id": "script_id document_id note_id doc_id",
        "version_number": "version_number version revision revision_number revision_no rev_no save_number number ver "
        "rev",
        "content": "content body text last_content snapshot full_text",
        "last_content": "last_content",
        "patch": "patch diff delta",
        "hash": "content_hash hash sha256 checksum",
        "branch": "branch_id branch",
        "author": "author source",
        "actor": "user_id saved_by saved_by_id created_by created_by_id author_id author_email",
    },
    "contents": {
        "hash": "content_hash hash sha256 checksum",
        "content": "content body text data",
    },
    "commands": {
        "id": "id",
        "script_id": "script_id",
        "version_number": "version_number version",
        "payload": "payload",
        "kind": "type kind",
        "author": "author",
        "actor": "user_id created_by",
    },
    "lines": {
        "id": "id",
        "script_id": "script_id document_id",
        "revision": "revision_id version_id revision version",
        "content": "content text",
        "format": "format type kind",
        "next": "next next_id next_line_id",
        "previous": "previous prev previous_id prev_id previous_line_id",
        "position": "position place sort_order",
    },
    "chat_messages": {
        "id": "id",
        "script_id": "script_id",
        "user_id": "user_id",
        "role": "role type sender speaker who",
        "content": "content message text body txt",
        "question": "user_prompt prompt question",
        "answer": "assistant_response response answer completion",
        "intent": "intent",
        "model": "model model_name",
        "tokens_in": "tokens_in prompt_tokens input_tokens",
        "tokens_out": "tokens_out completion_tokens output_tokens",
        "tokens": "tokens total_tokens",
        "cost": "cost price cost_usd cost_eur total_cost",
        "currency": "currency",
        "latency_ms": "latency_ms duration_ms",
    },
    "elements": {
        "id": "id",
        "script_id": "script_id",
        "type": "type element_type kind",
        "content": "content payload data body",
        "source": "source",
    },
    "personas": {
        "id": "id",
        "script_id": "script_id",
        "user_id": "user_id owner_id",
        "name": "name title",
        "description": "description descr prompt system_prompt instructions",
    },
}
# The names of times are the same everywhere.
USUAL_MOMENTS = {
    "created_at": "created_at created timestamp date_created inserted_at date_joined joined_at saved_at sent_at "
    "started_at saved added registered reg_date ts",
    "updated_at": "updated_at updated modified_at last_modified modified date_modified",
    "deleted_at": "deleted_at removed_at trashed_at deleted_on date_deleted",
    "deleted": "deleted is_deleted removed is_removed trashed is_trashed",
}
# Columns whose words may say that a row is deleted, and these words in snake case.
STATUS_NAMES = frozenset({"status", "state"})
DELETED_WORDS = frozenset({"deleted", "removed", "trashed"})
# What a column with one of these names says is not in a text or list of the application any more.
DELETION_TIMES = frozenset(USUAL_MOMENTS["deleted_at"].split())
DELETION_FLAGS = frozenset(USUAL_MOMENTS["deleted"].split())


def usual_fields(target: str, columns: dict[str, str], fields: frozenset[str]) -> dict[str, str]:
    """The field that each column usually becomes: columns by their name in snake case, fields by the column."""
    found: dict[str, str] = {}
    for field, names in (USUAL_NAMES.get(target, {}) | USUAL_MOMENTS).items():
        usual = next((columns[name] for name in names.split() if name in columns and columns[name] not in found), None)
        if usual is not None and field in fields:
            found[usual] = field
    return found
