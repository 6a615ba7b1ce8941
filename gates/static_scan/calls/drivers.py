"""The drivers and clients of databases, by the names of their modules."""

from __future__ import annotations

import re

_JAVASCRIPT = frozenset(
    """mysql mysql2 mysql2/promise mariadb mariadb/callback pg pg-promise pg-native postgres sqlite3 sqlite
    better-sqlite3 node:sqlite bun:sqlite @planetscale/database @neondatabase/serverless @vercel/postgres
    serverless-mysql oracledb tedious
    mssql mongodb promise-mysql @databases/mysql @databases/pg slonik""".split()
)
_PYTHON = frozenset(
    """pymysql MySQLdb mysql mysql.connector _mysql _mysql_connector sqlite3 _sqlite3 aiosqlite aiomysql asyncmy
    psycopg psycopg2 asyncpg mariadb pg8000 apsw duckdb oracledb cymysql mysqlclient""".split()
)
_TEXT = re.compile(r"""['"`]([^'"`\n]{1,100})['"`]""")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def driver_in(text: str, language: str) -> str:
    """The driver that an import loads; empty if it loads none."""
    if language != "python":
        names: list[str] = _TEXT.findall(text)
        return next((name for name in names if name in _JAVASCRIPT), "")
    modules: list[str] = _MODULE.findall(text.partition(" import ")[0] if text.startswith("from ") else text)
    return next((name for name in modules if name in _PYTHON or name.partition(".")[0] in _PYTHON), "")
