"""Users, sessions and chat from a MariaDB into another: broken rows, zero dates and emoji in every column."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backfill.domains.base import Counts
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill
from tests.services.databases import DatabaseServer

FLAT = ("users", "sessions", "chat")
ROWS = """
CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(255), username VARCHAR(60),
  password_hash VARCHAR(255), created_at DATETIME DEFAULT CURRENT_TIMESTAMP, deleted_at DATETIME)
  ENGINE=MyISAM DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO users VALUES (0, 'zero@x.org', 'zero', '', '2020-01-01', NULL), (1, 'ana🎬@x.org', 'Ana 🎬', 'hash 🎬',
  '0000-00-00 00:00:00', NULL), (2, 'straße@x.org', 'b', 'h', '2020-01-02', NULL), (3, 'strasse@x.org', 'c', 'h',
  '2020-01-03', NULL), (4, 'gone@x.org', 'd', 'h', '2020-02-00', '2020-03-01'), (5, 'no address', 'e', 'h',
  '2020-01-05', NULL);
CREATE TABLE sessions (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, token VARCHAR(64), expires_at DATETIME,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP) DEFAULT CHARSET=utf8mb4;
INSERT INTO sessions VALUES (1, 1, 'token 🎬', '2030-01-01', '2020-01-01'), (2, 1, 'same', '2030-01-01', '2020-01-01'),
  (3, 4, 'same', '2030-01-01', '2020-01-01'), (4, 0, 'zero', '2030-01-01', '2020-01-01'),
  (5, 4, 'ended', '0000-00-00 00:00:00', '2020-01-01');
CREATE TABLE scripts (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, title VARCHAR(255), status VARCHAR(20),
  created_at DATETIME) DEFAULT CHARSET=utf8mb4;
INSERT INTO scripts VALUES (10, 1, 'One 🎬', 'draft', '2020-01-01');
CREATE TABLE chat_history (id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, script_id INT,
  type ENUM('user','assistant'), content TEXT, timestamp DATETIME) DEFAULT CHARSET=utf8mb4;
INSERT INTO chat_history VALUES (1, 1, 10, 'assistant', 'The compass 🎬', '2020-01-05 09:00:01'),
  (2, 1, 10, 'user', 'What moved? 🎬', '2020-01-05 09:00:01'), (3, 1, 10, '', 'Empty role', '0000-00-00 00:00:00'),
  (4, 4, 10, 'user', 'Not mine', '2020-01-06'), (5, 1, 99, 'user', 'No script', '2020-01-06');
CREATE TABLE chat_messages (id INT AUTO_INCREMENT PRIMARY KEY, script_id INT, user_prompt TEXT, assistant_response TEXT,
  tokens INT, cost DECIMAL(10,6), created_at DATETIME) DEFAULT CHARSET=utf8mb4;
INSERT INTO chat_messages VALUES (1, 10, 'What moved? 🎬', 'The compass 🎬', 120, 0.0024, '2020-01-05 09:00:02');
"""


@pytest.fixture
def backfill(mariadb: DatabaseServer) -> Iterator[FlatBackfill]:
    source, target = mariadb.create_database(), mariadb.create_database()
    with mariadb.connect(database=source.rpartition("/")[2].partition("?")[0]) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
            for statement in ROWS.split(";\n"):
                if statement.strip():
                    cursor.execute(statement)
        connection.commit()
    with open_engine(target) as engine:
        upgrade(engine)
        yield FlatBackfill(source, UnitOfWork(engine))


@pytest.mark.services
def test_every_row_comes_over_or_has_its_reason(backfill: FlatBackfill) -> None:
    assert backfill.run(*FLAT) == {
        "users": Counts(migrated=2, quarantined=4),
        "sessions": Counts(migrated=2, quarantined=3),
        "chat_history": Counts(migrated=3, quarantined=2),
        "chat_messages": Counts(merged=1),
    }

    assert backfill.codes() == {
        ("users", "[0]"): "L30",
        ("users", "[2]"): "L14",
        ("users", "[3]"): "L14",
        ("users", "[5]"): "L29",
        ("sessions", "[2]"): "L32",
        ("sessions", "[3]"): "L32",
        ("sessions", "[4]"): "L30",
        ("chat_history", "[4]"): "L06",
        ("chat_history", "[5]"): "L05",
    }
    with backfill.unit_of_work.records() as tx:
        assert [row.message.content for row in tx.chat.read(10)] == ["What moved? 🎬", "The compass 🎬", "Empty role"]
        assert tx.sign_ins.require("token 🎬", 0).user_id == 1
        user = tx.users.get(1)
        assert user is not None
        assert (user.email, user.name, tx.users.password(1)) == ("ana🎬@x.org", "Ana 🎬", "hash 🎬")
        assert tx.users.add("new@x.org", 0) == 6
    assert backfill.differences(*FLAT) == []
    before = backfill.codes()
    assert backfill.run(*FLAT)["chat_messages"] == Counts(merged=1)
    assert backfill.codes() == before
