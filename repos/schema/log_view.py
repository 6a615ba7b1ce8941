"""The view `script_log`, which shows the bytes of the log as text; migration 0001 creates it."""

from __future__ import annotations

NAME = "script_log"
# As MariaDB and MySQL are given it; SQLite casts instead of converting.
QUERY = """
SELECT c.script_id AS script_id, c.version_number AS version_number, c.kind AS kind, c.author AS author,
       c.actor AS actor, CONVERT(c.payload USING utf8mb4) AS payload, CONVERT(c.cause USING utf8mb4) AS cause,
       CONVERT(v.delta USING utf8mb4) AS delta, c.submission_id AS submission_id,
       c.submission_index AS submission_index, c.base_version AS base_version, c.occurred_at AS occurred_at,
       c.recorded_at AS recorded_at
FROM ((script_commands c
JOIN script_heads h ON h.script_id = c.script_id)
JOIN script_versions v ON v.script_id = c.script_id AND v.version_number = c.version_number
     AND v.generation = h.generation)
"""
