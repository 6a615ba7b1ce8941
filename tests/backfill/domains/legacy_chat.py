"""Legacy tables of chat for tests, and what became of them."""

from __future__ import annotations

from typing import Any

from backfill.domains.base import Counts
from repos.accounts.chat_messages import ChatRow
from tests.backfill.domains.flat_backfill import FlatBackfill, insert_rows

SECOND = 1_000_000
OWNERS = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(255), created_at DATETIME);
INSERT INTO users VALUES (1, 'a@x.org', '2020-01-01'), (2, 'b@x.org', '2020-01-01'), (3, 'no address', '2020-01-01');
CREATE TABLE scripts (id INTEGER PRIMARY KEY, user_id INTEGER, title VARCHAR(255), status VARCHAR(20),
  created_at DATETIME);
INSERT INTO scripts VALUES (10, 1, 'One', 'draft', '2020-01-01'), (11, 2, 'Two', 'draft', '2020-01-01');
"""
HISTORY = """
CREATE TABLE chat_history (id INTEGER PRIMARY KEY, user_id INTEGER, script_id INTEGER, type VARCHAR(20), content TEXT,
  timestamp DATETIME);
"""
EXCHANGES = """
CREATE TABLE chat_messages (id INTEGER PRIMARY KEY, user_id INTEGER, script_id INTEGER, user_prompt TEXT,
  assistant_response TEXT, tokens INTEGER, cost DECIMAL(12,6), created_at DATETIME);
"""


def add_message(backfill: FlatBackfill, number: int, role: Any, content: Any, **more: Any) -> None:
    row = {"id": number, "user_id": 1, "script_id": 10, "type": role, "content": content, "timestamp": at(number)}
    insert_rows(backfill.url, "chat_history", [row | more])


def exchange(backfill: FlatBackfill, number: int, question: Any, answer: Any, **more: Any) -> None:
    row = {
        "id": number,
        "user_id": 1,
        "script_id": 10,
        "user_prompt": question,
        "assistant_response": answer,
        "tokens": 120,
        "cost": 0.0024,
        "created_at": at(number),
    } | more
    insert_rows(backfill.url, "chat_messages", [row])


def at(minute: float) -> str:
    return f"1970-01-02 {int(minute) // 60:02}:{int(minute) % 60:02}:{int(minute * 60) % 60:02}"


def chat(backfill: FlatBackfill, script: int = 10) -> list[ChatRow]:
    with backfill.unit_of_work.reading() as tx:
        return tx.chat.read(script, limit=10_000)


def texts(backfill: FlatBackfill, script: int = 10) -> list[str]:
    return [row.message.content for row in chat(backfill, script)]


def run(backfill: FlatBackfill) -> dict[str, Counts]:
    counts = backfill.run("users", "chat")
    return {name: counts[name] for name in ("chat_history", "chat_messages") if name in counts}
