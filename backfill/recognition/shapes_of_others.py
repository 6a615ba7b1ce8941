"""The shapes of legacy tables in other applications than those of the six generations; the first that fits wins."""

from __future__ import annotations

from backfill.recognition.shape import (
    BRANCHES,
    FULL_SAVES,
    HASHES,
    HEAD_ONLY,
    LINKED_LINES,
    PATCHES,
    Shape,
    words,
)

_CREATED = words("created_at created timestamp date_created")

OF_OTHERS = (
    Shape(
        "texts by their hash",
        "contents",
        names=words(
            "contents content blobs texts snapshots objects script_contents document_contents version_contents"
        ),
        any_of=(words("hash content_hash sha256 checksum"), words("content text body data")),
        lacks=words("script_id document_id note_id version_number version revision patch diff title"),
        note="versions point at them",
    ),
    Shape(
        "revisions as patches",
        "versions",
        PATCHES,
        any_of=(
            words("patch diff delta"),
            words("content last_content text"),
            words("note_id script_id document_id doc_id"),
        ),
        note="only the newest revision holds the whole text",
    ),
    Shape(
        "versions on branches",
        "versions",
        BRANCHES,
        any_of=(words("branch_id branch"), words("version_number version"), words("content text body")),
    ),
    Shape(
        "lines as rows, linked",
        "lines",
        LINKED_LINES,
        any_of=(words("next next_id next_line_id"), words("previous prev previous_id prev_id previous_line_id")),
    ),
    Shape(
        "versions without their text",
        "versions",
        HASHES,
        any_of=(
            words("version_number version revision"),
            words("hash content_hash sha256 checksum"),
            words("script_id document_id note_id"),
        ),
        lacks=words("content text body patch diff"),
    ),
    Shape(
        "versions, one row a save",
        "versions",
        FULL_SAVES,
        any_of=(
            words("version_number version revision"),
            words("script_id document_id note_id"),
            words("content text body"),
        ),
        lacks=words("title prompt response role"),
    ),
    Shape(
        "chat, question and answer in one row",
        "chat_messages",
        any_of=(words("prompt user_prompt question"), words("response assistant_response answer completion")),
    ),
    Shape(
        "chat, one message a row",
        "chat_messages",
        any_of=(words("role sender"), words("content message text"), _CREATED),
    ),
    Shape("sessions", "sessions", any_of=(words("token session_token"), words("user_id"), words("expires_at expires"))),
    Shape("users", "users", has=words("email"), any_of=(words("password password_hash name username"), _CREATED)),
    Shape(
        "documents",
        "scripts",
        HEAD_ONLY,
        has=words("id title"),
        any_of=(words("content body text"), words("user_id owner_id author_id created_by")),
    ),
)
