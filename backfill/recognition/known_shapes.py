"""The known shapes of legacy tables: six generations of script-writing applications, and other applications.

The first shape that fits wins, so the newer generations come first and shapes without a table name last.
"""

from __future__ import annotations

from backfill.recognition.shape import FULL_SAVES, HEAD_ONLY, Shape, words
from backfill.recognition.shapes_of_others import OF_OTHERS

_SCRIPTS = words("scripts script screenplays documents")
_VERSIONS = words("script_versions versions script_revisions revisions document_versions")
_CHAT = words("chat_history chat_messages messages conversations")
_CREATED = words("created_at created timestamp date_created")
_OWNED = words("user_id owner_id author_id script_id")

OF_GENERATIONS = (
    # generation 6: generation 5, published and organised
    Shape(
        "scripts with visibility and slug",
        "scripts",
        HEAD_ONLY,
        6,
        names=_SCRIPTS,
        has=words("id title"),
        any_of=(words("visibility slug public_id tags description"),),
        camel=True,
    ),
    Shape(
        "users with names and deletion",
        "users",
        generation=6,
        names=words("users user"),
        has=words("id email"),
        any_of=(words("username deleted_at delete_reason"),),
        camel=True,
    ),
    Shape(
        "a list of migrations",
        "drop",
        generation=6,
        names=words(
            "prisma_migrations sequelize_meta sequelizemeta knex_migrations knex_migrations_lock migrations "
            "schema_migrations typeorm_metadata alembic_version flyway_schema_history"
        ),
        note="the list of migrations that the legacy application's own tools keep",
    ),
    Shape(
        "scenes of a script",
        "elements",
        generation=6,
        names=words("scenes scene"),
        has=words("script_id"),
        element_type="scene",
    ),
    Shape(
        "characters of a script",
        "elements",
        generation=6,
        names=words("characters character"),
        has=words("script_id"),
        element_type="character",
    ),
    Shape(
        "locations of a script",
        "elements",
        generation=6,
        names=words("locations location"),
        has=words("script_id"),
        element_type="location",
    ),
    Shape(
        "themes of a script",
        "elements",
        generation=6,
        names=words("themes theme"),
        has=words("script_id"),
        element_type="theme",
    ),
    Shape(
        "outlines of a script",
        "elements",
        generation=6,
        names=words("outlines outline"),
        has=words("script_id"),
        element_type="outline",
    ),
    Shape("pages of a script", "legacy_rows", generation=6, names=words("script_pages pages"), has=words("script_id")),
    Shape("comments", "legacy_rows", generation=6, names=words("script_comments comments"), has=words("script_id")),
    Shape("former slugs", "legacy_rows", generation=6, names=words("script_slugs slugs")),
    Shape(
        "brainstorming",
        "legacy_rows",
        generation=6,
        names=words("brainstorms brainstorm brainstorm_sessions brainstorm_notes brainstorm_messages ideas"),
    ),
    Shape(
        "media", "legacy_rows", generation=6, names=words("media script_media media_assets media_files uploads images")
    ),
    # generation 5: an ORM, and one row a save
    Shape(
        "versions, one row a save",
        "versions",
        FULL_SAVES,
        5,
        names=_VERSIONS,
        has=words("script_id version_number content"),
        camel=True,
        lacks=words("branch_id branch"),
    ),
    Shape(
        "commands that point to versions",
        "commands",
        generation=5,
        names=words("script_commands commands"),
        has=words("script_id type payload"),
        any_of=(words("author"),),
        note="says who made a version",
    ),
    Shape(
        "scripts of an ORM",
        "scripts",
        HEAD_ONLY,
        5,
        names=_SCRIPTS,
        has=words("id title"),
        any_of=(words("user_id owner_id"),),
        camel=True,
    ),
    Shape("users of an ORM", "users", generation=5, names=words("users user"), has=words("id email"), camel=True),
    # generation 4: passwords and authors; saving counts, and overwrites
    Shape(
        "scripts with an author",
        "scripts",
        HEAD_ONLY,
        4,
        names=_SCRIPTS,
        has=words("id title author"),
        camel=False,
        note="each save overwrote the last one; version_number says how many are lost",
    ),
    Shape(
        "users with passwords",
        "users",
        generation=4,
        names=words("users user"),
        has=words("id email"),
        any_of=(words("password password_hash hash"),),
        camel=False,
    ),
    # generation 3: chat per user; saving is an upsert
    Shape(
        "chat, one message a row",
        "chat_messages",
        generation=3,
        names=_CHAT,
        has=words("content"),
        any_of=(words("type role"), _OWNED, _CREATED),
        lacks=words("version_number"),
    ),
    Shape(
        "chat, question and answer in one row",
        "chat_messages",
        generation=3,
        names=_CHAT,
        has=words("user_prompt assistant_response"),
    ),
    Shape(
        "scripts with a counter",
        "scripts",
        HEAD_ONLY,
        3,
        names=_SCRIPTS,
        has=words("id title content version_number"),
        camel=False,
        note="each save overwrote the last one",
    ),
    # generation 2: a log of model calls
    Shape(
        "a log of model calls",
        "chat_messages",
        generation=2,
        names=words("conversations chat_history"),
        has=words("intent prompt response"),
    ),
    # generation 1: one conversation a script
    Shape(
        "one conversation a script",
        "chat_messages",
        generation=1,
        names=words("conversations"),
        has=words("script_id prompt response"),
        any_of=(words("thread_id questions"),),
    ),
    Shape(
        "personas without a user",
        "personas",
        generation=1,
        names=words("personas persona"),
        has=words("description script_id"),
        lacks=words("user_id"),
    ),
    Shape("story elements", "elements", generation=1, names=words("story_elements"), any_of=(words("script_id"),)),
    # what several generations share
    Shape("personas", "personas", names=words("personas persona"), any_of=(words("description prompt instructions"),)),
    Shape(
        "story elements",
        "elements",
        names=words("script_elements elements story_elements"),
        has=words("script_id type"),
        any_of=(words("content payload"),),
    ),
    Shape("sessions", "sessions", names=words("sessions session user_sessions"), has=words("user_id token")),
    Shape("scripts", "scripts", HEAD_ONLY, names=_SCRIPTS, has=words("id title"), any_of=(words("content body text"),)),
    Shape("scripts without a text", "scripts", names=_SCRIPTS, has=words("id title")),
    Shape("users", "users", names=words("users user"), has=words("id email")),
)

KNOWN_SHAPES = (*OF_GENERATIONS, *OF_OTHERS)
UNKNOWN = Shape("not recognised", "legacy_rows")
VIEW = Shape("a view", "drop", note="a view has no rows of its own; the tables it selects from are mapped")
