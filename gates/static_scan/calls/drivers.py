"""The drivers and clients of databases, by the names of their modules."""

from __future__ import annotations

import re

_JAVASCRIPT = frozenset(
    """mysql mysql2 mysql2/promise mariadb mariadb/callback pg pg-promise pg-native postgres sqlite3 sqlite
    better-sqlite3 node:sqlite bun:sqlite @planetscale/database @neondatabase/serverless @vercel/postgres
    serverless-mysql oracledb tedious
    mssql promise-mysql @databases/mysql @databases/pg slonik @tidbcloud/serverless @mysql/xdevapi
    @fastify/mysql @fastify/postgres fastify-mysql express-myconnection @libsql/client libsql
    @aws-sdk/client-rds-data mysql-await mysql2-promise node-mysql sqlite-async sql.js""".split()
)
# `npm:mysql2@^3/promise`, `https://esm.sh/pg`, `mysql2/lib/connection`.
_SCHEME = re.compile(r"(?:npm|jsr|node|bun):|https?://[a-z0-9.-]{1,100}/(?:x/|npm/|v[0-9]+/)?")
_VERSION = re.compile(r"@[\^~]?[0-9v][^/]{0,40}")
_TYPES_ONLY = re.compile(r"^import\s{1,8}type\b")
_PYTHON = frozenset(
    """pymysql MySQLdb mysql mysql.connector _mysql _mysql_connector sqlite3 _sqlite3 aiosqlite aiomysql asyncmy
    psycopg psycopg2 asyncpg mariadb pg8000 apsw duckdb oracledb cymysql mysqlclient umysql oursql tormysql pymysqlpool
    mysqlx torndb jaydebeapi pyodbc turbodbc connectorx adbc_driver_manager""".split()
)
# Parts of drivers that open no connection: errors, constants, and how values are written.
_HARMLESS_PARTS = frozenset("err errors constants converters times exceptions _exceptions errorcode".split())
_TEXT = re.compile(r"""['"`]([^'"`\n]{1,100})['"`]""")
_DRIVERS = re.compile(
    r"\b(?:pymysql|MySQLdb|mysql2?|mariadb|aiomysql|asyncmy|sqlalchemy|django|peewee|prisma|sequelize|knex|typeorm"
    r"|execute|executemany|\$executeRaw|\$queryRaw)\b"
)
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


def driver_in(text: str, language: str) -> str:
    """The driver that an import loads; empty if it loads none."""
    if language != "python":
        names: list[str] = _TEXT.findall(text)
        if _TYPES_ONLY.match(text):
            return ""  # types are gone when the code runs
        return next((name for name in names if _is_driver(name)), "")
    modules: list[str] = _MODULE.findall(text.partition(" import ")[0] if text.startswith("from ") else text)
    if text.startswith("from ") and modules and _HARMLESS_PARTS & {*modules[-1].split(".")[1:]}:
        return ""
    return next((name for name in modules if name in _PYTHON or name.partition(".")[0] in _PYTHON), "")


def _is_driver(name: str) -> bool:
    """Whether a module of JavaScript is a driver, or a part of one, from a registry or by its address."""
    if name in _JAVASCRIPT:
        return True
    plain = _VERSION.sub("", _SCHEME.sub("", name, count=1))
    owner, _, rest = plain.partition("/")
    package = f"{owner}/{rest.partition('/')[0]}" if owner.startswith("@") else owner
    return package in _JAVASCRIPT and not plain.endswith((".json", ".md", ".css"))


def mentions_database(code: str) -> bool:
    """Whether code that is given to an interpreter as a text loads a driver, or runs SQL."""
    return bool(_DRIVERS.search(code))
