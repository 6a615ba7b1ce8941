"""Ways to read what an account has no grant for, or to guess it: cells of the matrix."""

from __future__ import annotations

from collections.abc import Iterator

# Each way, for the table of passwords.
_T, _C = "user_passwords", "password"
_GUESS = f"FROM {_T} WHERE {_C} LIKE 'a%'"
OF_PASSWORDS: dict[str, tuple[str, ...]] = {
    "read in a subquery": (f"SELECT EXISTS (SELECT 1 {_GUESS})",),
    "read in a common table": (f"WITH found AS (SELECT * FROM {_T}) SELECT * FROM found",),
    "read in a union": (f"SELECT 1 UNION SELECT {_C} FROM {_T}",),
    "read in an order": (f"SELECT id FROM users ORDER BY (SELECT {_C} FROM {_T} LIMIT 1)",),
    "read into a variable": (f"SET @x = (SELECT {_C} FROM {_T} LIMIT 1)",),
    "read without a result": (f"DO (SELECT {_C} FROM {_T} LIMIT 1)",),
    "read by a prepared statement": (f"PREPARE found FROM 'SELECT {_C} FROM {_T}'", "EXECUTE found"),
    "share rows": (f"SELECT {_C} FROM {_T} LOCK IN SHARE MODE",),
    "lock rows": (f"SELECT {_C} FROM {_T} FOR UPDATE",),
    "copy into a dead letter": (f"INSERT INTO rejected_submissions (code) SELECT {_C} FROM {_T} LIMIT 0",),
    "copy into a name": (f"UPDATE users SET name = (SELECT {_C} FROM {_T} LIMIT 1)",),
    "copy into a heartbeat": (f"UPDATE role_heartbeats SET host = (SELECT {_C} FROM {_T} LIMIT 1)",),
    "copy into a temporary table": (f"CREATE TEMPORARY TABLE copied AS SELECT * FROM {_T}",),
    "copy the definition": (f"CREATE TEMPORARY TABLE copied LIKE {_T}",),
    "copy into a file": (f"SELECT {_C} FROM {_T} INTO OUTFILE '/nowhere/x'",),
    "load from a file": (f"LOAD DATA INFILE '/nowhere/x' INTO TABLE {_T}",),
    "guess by an update": (f"UPDATE {_T} SET user_id = user_id WHERE {_C} LIKE 'a%'",),
    "guess by an update of another table": (f"UPDATE users SET name = name WHERE id IN (SELECT user_id {_GUESS})",),
    "guess by a deletion": (f"DELETE {_GUESS}",),
    "guess by a deletion in another table": (f"DELETE FROM sessions WHERE user_id IN (SELECT user_id {_GUESS})",),
    "guess by a duplicate": (f"INSERT INTO {_T} VALUES (1, 'a') ON DUPLICATE KEY UPDATE {_C} = {_C}",),
    "guess by a foreign key": (f"CREATE TABLE probe (a BIGINT, FOREIGN KEY (a) REFERENCES {_T} (user_id))",),
    "plan a query": (f"EXPLAIN SELECT 1 {_GUESS}",),
    "plan an update": (f"EXPLAIN UPDATE {_T} SET {_C} = 'a'",),
    "analyze": (f"ANALYZE TABLE {_T}",),
    "checksum": (f"CHECKSUM TABLE {_T}",),
    "check": (f"CHECK TABLE {_T}",),
    "lock for reading": (f"LOCK TABLES {_T} READ",),
    "flush": (f"FLUSH TABLES {_T} FOR EXPORT",),
    "show the definition": (f"SHOW CREATE TABLE {_T}",),
    "show the columns": (f"SHOW COLUMNS FROM {_T}",),
    "show the indexes": (f"SHOW INDEX FROM {_T}",),
    "list the columns": (f"SELECT * FROM information_schema.columns WHERE table_name = '{_T}'",),
    "list the table": (f"SELECT table_rows FROM information_schema.tables WHERE table_name = '{_T}'",),
    "add a view": (f"CREATE VIEW copied_view AS SELECT * FROM {_T}",),
}
# Of what the server knows about other accounts and their statements.
OF_THE_SERVER = {
    "read the accounts": "SELECT * FROM mysql.user",
    "read the statistics of columns": "SELECT * FROM mysql.column_stats",
    "read the log of statements": "SELECT * FROM mysql.general_log",
    "read the digests of statements": "SELECT * FROM performance_schema.events_statements_summary_by_digest",
    "read the statements of threads": "SELECT * FROM performance_schema.events_statements_history_long",
    "read the threads": "SELECT * FROM performance_schema.threads",
    "read the statements of others": (
        "SELECT info FROM information_schema.processlist WHERE user <> SUBSTRING_INDEX(CURRENT_USER(), '@', 1)"
    ),
    "read the transactions of others": "SELECT * FROM information_schema.innodb_trx",
    "read the pages in memory": "SELECT * FROM information_schema.innodb_buffer_page LIMIT 1",
    "read the last deadlock": "SHOW ENGINE INNODB STATUS",
    "read the binary log": "SHOW BINLOG EVENTS",
    "list the binary logs": "SHOW BINARY LOGS",
    "show the grants of another": "SHOW GRANTS FOR 'root'@'localhost'",
    "show the password of another": "SHOW CREATE USER 'root'@'localhost'",
    "set the password of another": "SET PASSWORD FOR 'root'@'localhost' = 'x'",
    "create a temporary table": "CREATE TEMPORARY TABLE added (a INT)",
    "create a function": "CREATE FUNCTION added() RETURNS INT DETERMINISTIC RETURN 1",
    "create an event": "CREATE EVENT added ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    "create a database": "CREATE DATABASE added_by_an_account",
    "stop all writes": "FLUSH TABLES WITH READ LOCK",
}


def secret_reads() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each way and group, and the statements."""
    for way, statements in OF_PASSWORDS.items():
        yield way, "passwords", statements
    for way, statement in OF_THE_SERVER.items():
        yield way, "schema", (statement,)
