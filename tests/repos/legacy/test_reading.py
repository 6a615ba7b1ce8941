"""What is sent to a legacy database only reads: decided by the statement, before the server decides again."""

from __future__ import annotations

import pytest

from repos.legacy.errors import SourceError
from repos.legacy.reading import require_reading


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM `scripts` WHERE `id` > %s ORDER BY `id` LIMIT 4000",
        "select 1",
        "\n  SELECT COUNT(*) FROM `update`",
        "SHOW CREATE TABLE `into`",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "CHECKSUM TABLE `scripts`",
        "SELECT `for update`, `a;b`, `/*`, `--`, `#` FROM `lock in share mode`",
        'SELECT \'INSERT INTO t; -- # /* FOR UPDATE\', "a""; DROP TABLE t"',
        "SELECT `a``; DROP TABLE t` FROM t",
        "SELECT 'it''s; ', 'a\\'; DROP TABLE t' FROM t",
        "SELECT informed, lockers FROM t",
    ],
)
def test_what_reads_is_sent(sql: str):
    require_reading(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "INSERT INTO t VALUES (1)",
        "REPLACE INTO t VALUES (1)",
        "update t set a = 1",
        "DELETE FROM t",
        "TRUNCATE t",
        "LOAD DATA INFILE 'x' INTO TABLE t",
        "CREATE TABLE t (id INT)",
        "CREATE TEMPORARY TABLE t (id INT)",
        "ALTER TABLE t ADD COLUMN a INT",
        "DROP TABLE t",
        "RENAME TABLE t TO u",
        "OPTIMIZE TABLE t",
        "ANALYZE TABLE t",
        "REPAIR TABLE t",
        "CHECKSUM",
        "GRANT ALL ON *.* TO x",
        "CALL p()",
        "DO f()",
        "HANDLER t OPEN",
        "LOCK TABLES t WRITE",
        "FLUSH TABLES WITH READ LOCK",
        "KILL 1",
        "XA START 'a'",
        "BEGIN",
        "START TRANSACTION READ WRITE",
        "SET SESSION TRANSACTION READ WRITE",
        "SET TRANSACTION READ WRITE",
        "SET GLOBAL max_connections = 1",
        "SET @x = 1",
        "PREPARE s FROM 'INSERT INTO t VALUES (1)'",
        "EXECUTE s",
        "EXECUTE IMMEDIATE 'DROP TABLE t'",
        "USE mysql",
        "PRAGMA query_only = OFF",
        "PRAGMA user_version = 5",
        "ATTACH DATABASE 'x' AS y",
        "VACUUM",
        "/*! UPDATE t SET a = 1 */",
        "/*M! DROP TABLE t */",
        "SELECT 1; SET SESSION TRANSACTION READ WRITE",
        "SELECT 1 /*!, SLEEP(9) */",
        "SELECT 1 -- ; ",
        "SELECT 1 # x",
        "SELECT * FROM t FOR UPDATE",
        "SELECT * FROM t FOR  SHARE",
        "SELECT * FROM t LOCK IN SHARE MODE",
        "SELECT * INTO OUTFILE '/tmp/x' FROM t",
        "SELECT 1 INTO DUMPFILE '/tmp/x'",
        "SELECT 1 INTO @x",
        "WITH a AS (SELECT 1) DELETE FROM t; SELECT 1",
        "SELECTED",
    ],
)
def test_what_does_more_is_not_sent(sql: str):
    with pytest.raises(SourceError) as caught:
        require_reading(sql)

    assert caught.value.code == "source_writes"
    assert not sql or sql not in str(caught.value)
