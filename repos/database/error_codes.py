"""Expected error codes of MySQL, MariaDB and their clusters, each with its meaning.

Each of these means that the transaction ended or never began, and that a retry is correct.
`docs/database-nodes.md` has the same table. Any other code is an error in the statement, in a row, or a bug.
"""

from __future__ import annotations

from typing import Final

DUPLICATE_KEY: Final = 1062
PACKET_TOO_LARGE: Final = 1153
CHECK_FAILED: Final = frozenset({3819, 4025})

DISK_FULL: Final = 1021
TABLE_FULL: Final = 1114
READ_ONLY: Final = 1290
READ_ONLY_MODE: Final = 1836

# Of the server, of all accounts, and of this account.
TOO_MANY_CONNECTIONS: Final = frozenset({1040, 1203, 1226})
SIGN_IN_REFUSED: Final = frozenset({1044, 1045, 1698})
NO_SUCH_DATABASE: Final = 1049
# A table or a column is missing, and a privilege on one.
NO_SUCH_OBJECT: Final = frozenset({1054, 1146})
NOT_GRANTED: Final = frozenset({1142, 1143})

# Another transaction, or one that alters a table, was in the way.
ANOTHER_TRANSACTION: Final = {
    1205: "waited too long for a lock (MariaDB: also NOWAIT)",
    1206: "the lock table is full",
    1213: "a deadlock; on Galera and Group Replication: another node's commit came first",
    3572: "NOWAIT met a lock (MySQL)",
    1020: "a row changed since it was read (MariaDB with innodb_snapshot_isolation)",
    1412: "a table was altered since the transaction began",
    1615: "a table was altered while the statement was prepared",
    1637: "too many transactions at once",
}

# The transaction was rolled back at its COMMIT.
COMMIT_FAILED: Final = {
    1180: "an error during COMMIT: the node lost its cluster, or replication refused the transaction",
    1181: "an error during ROLLBACK",
    3100: "replication could not look at the commit (Group Replication)",
    3101: "replication rolled the transaction back (Group Replication)",
}

# The statement, the connection or the server was ended.
INTERRUPTED: Final = {
    1053: "the server is shutting down",
    1152: "the connection was aborted",
    1158: "the server could not read from the connection",
    1159: "the server waited too long for the connection",
    1160: "the server could not write to the connection",
    1161: "the server waited too long to write to the connection",
    1184: "the connection was aborted",
    1317: "the statement was ended by an administrator",
    1927: "the connection was ended by an administrator (MariaDB)",
    1969: "the statement took longer than max_statement_time (MariaDB)",
    2006: "the server has gone away",
    2013: "the connection was lost",
    2014: "the answers came out of order",
    2055: "the connection was lost",
    3024: "the statement took longer than max_execution_time (MySQL)",
    3168: "the server is not available (shutting down, or offline)",
    3169: "the connection was ended by an administrator (MySQL)",
    4031: "the connection was idle for too long",
}

# The server responds, but accepts no writes for now.
NO_WRITES: Final = {
    DISK_FULL: "the disk is full",
    TABLE_FULL: "a table is full: of a server with little memory or disk",
    READ_ONLY: "the server is read-only: a replica, or a primary that steps down",
    1792: "the transaction is read-only",
    READ_ONLY_MODE: "the server is in read-only mode",
    1874: "InnoDB is read-only",
    1047: "the node is not ready: it is not part of the majority of its cluster, or catches up (Galera)",
    3781: "a new primary did not catch up in time (Group Replication)",
    3782: "the node left while a new primary caught up (Group Replication)",
    3783: "the node is in error while a new primary catches up (Group Replication)",
    3799: "the node leaves its group (Group Replication)",
}

# The server did not accept the connection.
UNREACHABLE: Final = {
    1040: "too many connections",
    1129: "the server blocks this machine after too many errors",
    1135: "the server could not make a thread",
    1203: "too many connections of this account",
    1226: "this account used up what it may have",
    2002: "the socket cannot be reached",
    2003: "the server cannot be reached",
}

CONFLICTS: Final = {**ANOTHER_TRANSACTION, **COMMIT_FAILED, **INTERRUPTED, **NO_WRITES}
