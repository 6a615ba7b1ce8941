"""B14: a scan of a legacy database: flat rows against a bare SELECT through PyMySQL, and the decoding of saves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pymysql
from sqlalchemy import make_url

from backfill.content.recognise import decode
from backfill.mapping.draft import draft
from backfill.runs.scan.scan import Scan
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.stage import Stage
from tests.legacy.clean_rows import Size, json_save
from tests.legacy.database import on_server

KEY = "B14"
ROWS = "rows/s"
MEGABYTES = "MB/s"
FLAT = ("users", "sessions")
# A save of a feature film.
LINES = 900


def pairs(stage: Stage) -> Iterator[Pair]:
    """Processor time, because the server reads at the same time; the tables are those without contents."""
    size = Size(stage.count(60_000, quick=200))
    legacy = on_server(stage.mariadb, "third", size, defects=False, only=FLAT)
    yield Pair(
        KEY,
        f"scan of {size.rows('users') + size.rows('sessions'):,} flat rows; SELECT through PyMySQL",
        partial(_scanned, legacy.url),
        partial(_selected, legacy.url),
        (Goal(ROWS, "rows/s", "at least", 0.4),),
    )
    goals = (Goal(MEGABYTES, "MB/s", "at least", 50, of="ours"),)
    yield Pair(KEY, f"decoding of JSON saves of {LINES} lines", partial(_decoded, stage), None, goals)


def _scanned(url: str) -> Figures:
    with open_source(url) as source:
        catalog = read_catalog(source)
        scan = Scan(source, catalog, draft(catalog).mapping)
        began = time.process_time()
        rows = scan.run().rows
        return {ROWS: rows / (time.process_time() - began)}


def _selected(url: str) -> Figures:
    parsed = make_url(url)
    options = parsed.translate_connect_args(username="user")
    rows = 0
    with closing(pymysql.connect(**options, charset="utf8mb4")) as connection, connection.cursor() as cursor:
        began = time.process_time()
        for table in FLAT:
            cursor.execute(f"SELECT * FROM {table}")
            rows += len(cursor.fetchall())
        return {ROWS: rows / (time.process_time() - began)}


def _decoded(stage: Stage) -> Figures:
    text = "She says something of the usual length, and then some more."
    data = json_save([(f"line-{number:06}", "dialog", text) for number in range(LINES)]).encode()
    times = stage.count(500, quick=5)
    began = time.process_time()
    for _ in range(times):
        decode(data)
    return {MEGABYTES: len(data) * times / 1e6 / (time.process_time() - began)}
