"""Seeds: chat logs (L33, L34)."""

from __future__ import annotations

from tests.legacy.defects.draft import Draft, at


def answer_first(draft: Draft) -> None:
    if draft.has("chat_history", "type"):
        script = draft.script()
        draft.add("chat_history", "L33", script_id=script, type="assistant", timestamp=at(days=300))
        draft.add("chat_history", script_id=script, type="user", timestamp=at(days=300))
    elif draft.has("chat_messages", "role"):
        script = draft.script()
        draft.add("chat_messages", "L33", script_id=script, role="assistant", created_at=at(days=300))
        draft.add("chat_messages", script_id=script, role="user", created_at=at(days=300))


def logged_twice(draft: Draft) -> None:
    if draft.has("chat_history", "type") and draft.has("chat_messages", "user_prompt"):
        script = draft.script()
        question, answer = "How does the second act end?", "With a storm on the river."
        fields = {"script_id": script, "timestamp": at(days=310)}
        draft.add("chat_history", type="user", content=question, **fields)
        draft.add("chat_history", **{**fields, "timestamp": at(days=310, seconds=2)}, type="assistant", content=answer)
        draft.add(
            "chat_messages",
            "L34",
            script_id=script,
            user_prompt=question,
            assistant_response=answer,
            created_at=at(days=310, seconds=3),
        )


SEEDS = (answer_first, logged_twice)
