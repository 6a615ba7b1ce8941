"""An upgrade that was stopped between its last definition and its record: the next one records it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.schema.log_view import NAME as VIEW
from repos.schema.revision import TABLE, known_revisions
from repos.schema.upgrade_checks.upgradable import UnfinishedSchema, UnfitDatabase
from tests.cli.running import CommandLine
from tests.repos.schema.refused_upgrades import refusal, run, unrecorded
from tests.services.databases import DatabaseServer

pytestmark = pytest.mark.services
*_, BEFORE, NEWEST = known_revisions()


@pytest.fixture
def server(mariadb: DatabaseServer) -> Iterator[Engine]:
    url = mariadb.create_database()
    engine = make_engine(url)
    yield engine
    engine.dispose()
    mariadb.drop_database(url)


def test_a_whole_schema_is_recorded_and_a_part_of_it_is_not(server: Engine, tmp_path: Path):
    upgrade.upgrade(server)
    for row in ("'a@%', 'worker', 1", "'b@%', 'ai', 1"):
        run(server, f"INSERT INTO database_accounts (account, role, installed_at) VALUES ({row})")
    # As `gates install` leaves it, and a table of a tool.
    run(
        server,
        "ALTER TABLE submission_inbox ALTER COLUMN account SET DEFAULT (CURRENT_USER())",
        "CREATE TABLE heartbeat (a INT)",
        f"UPDATE {TABLE} SET version_num = '{BEFORE}'",
    )
    spoils = (
        (
            "DROP INDEX ix_rejected_submissions_of_script ON rejected_submissions",
            "CREATE INDEX ix_rejected_submissions_of_script ON rejected_submissions (script_id, rejected_at)",
        ),
        (
            "ALTER TABLE leases MODIFY COLUMN fence INT NOT NULL",
            "ALTER TABLE leases MODIFY COLUMN fence BIGINT NOT NULL",
        ),
        (
            "ALTER TABLE script_versions DROP FOREIGN KEY fk_script_versions_script_id_version_number",
            "ALTER TABLE script_versions ADD CONSTRAINT fk_script_versions_script_id_version_number"
            " FOREIGN KEY (script_id, version_number) REFERENCES script_commands (script_id, version_number)",
        ),
        (
            "ALTER TABLE script_heads DROP CONSTRAINT ck_script_heads_keyframe_behind_head",
            "ALTER TABLE script_heads ADD CONSTRAINT ck_script_heads_keyframe_behind_head"
            " CHECK (keyframe_version <= version_number)",
        ),
        (
            "ALTER TABLE activity_counts DROP PRIMARY KEY",
            "ALTER TABLE activity_counts ADD PRIMARY KEY (minute_at, measure, label)",
        ),
    )
    for spoiled, mended in spoils:
        run(server, spoiled)
        assert unrecorded(server) is None, spoiled
        run(server, mended)
    run(server, spoils[0][0])
    sentence = refusal(server, UnfinishedSchema, allowed=("heartbeat",))
    assert f"is at schema {BEFORE}, and already holds a part of" in sentence
    run(server, spoils[0][1])
    assert unrecorded(server) == NEWEST
    run(server, f"UPDATE {TABLE} SET version_num = '{known_revisions()[-3]}'")
    assert unrecorded(server) is None
    run(server, f"UPDATE {TABLE} SET version_num = '{BEFORE}'")

    # A table that has the name of the view is refused, before anything is recorded.
    run(server, f"DROP VIEW {VIEW}", f"CREATE TABLE {VIEW} (a INT)")
    refusal(server, UnfitDatabase, allowed=("heartbeat",))
    assert upgrade.found_revision(server) == BEFORE
    run(server, f"DROP TABLE {VIEW}")

    # The check says what is missing, and changes nothing.
    upgrade.require_fit(server, allowed=("heartbeat",))
    assert upgrade.found_revision(server) == BEFORE
    url = server.url.render_as_string(hide_password=False)
    command = CommandLine(tmp_path / "home", warm=True, SCRIPTLEDGER_DATABASE_URL=url)
    ran = command("db", "upgrade", "--allow-table", "heartbeat")

    assert ran.status == 0, ran.err
    assert ran.out.startswith(
        f"The database has the whole schema {NEWEST}: an upgrade from {BEFORE} was stopped before"
    )
    upgrade.require_current(server)
    assert unrecorded(server) is None
