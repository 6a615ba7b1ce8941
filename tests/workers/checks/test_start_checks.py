"""Start checks: a worker refuses a fault with one sentence and status 4, and logs a warning."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from structlog.testing import capture_logs

from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from tests.services.databases import DatabaseServer
from workers.checks.examination import examine_database
from workers.checks.start_checks import UNUSABLE, check_beat, check_worker
from workers.process.command_lines import beat_command, worker_command
from workers.process.roles import ROLES
from workers.settings import Settings

DRAIN = [ROLES["commands"]]


@pytest.fixture(scope="module")
def settings(mariadb_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    with open_engine(mariadb_url) as engine:
        upgrade(engine)
    return Settings(home=tmp_path_factory.mktemp("home"), database_url=mariadb_url, broker_url=redis_url)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client
        client.execute_command("REPLICAOF", "NO", "ONE")
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", 0)


def warnings(settings: Settings) -> set[str]:
    with capture_logs() as lines:
        check_worker(settings, DRAIN)
    return {str(line["check"]) for line in lines if line["event"] == "start.check"}


def test_a_worker_on_test_servers_starts_and_warns_about_what_they_may_lose(settings: Settings):
    assert {"database.durability", "broker.persistence"} <= warnings(settings)


def test_a_worker_starts_on_a_full_redis_which_it_empties(settings: Settings, client: redis.Redis):
    client.config_set("maxmemory", 1)

    assert "broker.memory" in warnings(settings)


@pytest.mark.parametrize(
    "broken",
    [["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"], ["REPLICAOF", "127.0.0.1", "1"]],
    ids=["eviction", "replica"],
)
def test_a_worker_and_beat_refuse_a_broker_that_loses_messages(
    settings: Settings, client: redis.Redis, broken: list[str], capsys: pytest.CaptureFixture[str]
):
    client.execute_command(*broken)

    for check in (lambda: check_worker(settings, DRAIN), lambda: check_beat(settings)):
        with pytest.raises(SystemExit) as ended:
            check()
        assert ended.value.code == UNUSABLE
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("scriptledger: ")


def test_a_worker_refuses_an_account_that_lacks_a_privilege(
    settings: Settings, mariadb: DatabaseServer, capsys: pytest.CaptureFixture[str]
):
    database = settings.database_url.rpartition("/")[2].partition("?")[0]
    mariadb.execute("DROP USER IF EXISTS onlooker@'%'")
    mariadb.execute("CREATE USER onlooker@'%' IDENTIFIED BY 'hidden-word'")
    mariadb.execute(f"GRANT SELECT, INSERT, UPDATE ON `{database}`.* TO onlooker@'%'")
    url = settings.database_url.replace("root@", "onlooker:hidden-word@")

    with pytest.raises(SystemExit):
        check_worker(Settings(home=settings.home, database_url=url, broker_url=settings.broker_url), DRAIN)

    printed = capsys.readouterr().err
    assert "lacks DELETE on" in printed
    assert "hidden-word" not in printed
    mariadb.execute("DROP USER onlooker@'%'")


def test_servers_that_do_not_answer_are_no_reason_to_refuse(tmp_path: Path):
    away = Settings(home=tmp_path, database_url="mysql+pymysql://u:p@127.0.0.1:1/x", broker_url="redis://127.0.0.1:1/0")

    assert warnings(away) == set()
    check_beat(away)


def test_a_broker_url_that_its_driver_never_takes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        check_beat(Settings(home=tmp_path, broker_url="sentinel://:hidden-word@127.0.0.1:1"))

    printed = capsys.readouterr().err
    assert ended.value.code == UNUSABLE
    assert "name the primary itself" in printed
    assert "hidden-word" not in printed


@pytest.mark.slow
@pytest.mark.parametrize("command", [worker_command(ROLES["commands"], pool="solo"), beat_command()])
def test_a_process_that_refuses_is_never_ready_and_prints_no_traceback(
    settings: Settings, client: redis.Redis, command: list[str]
):
    client.config_set("maxmemory-policy", "allkeys-lfu")

    done = subprocess.run(
        command, env={**os.environ, **settings.to_env()}, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == UNUSABLE
    assert "allkeys-lfu: a full Redis deletes whole queues." in done.stderr
    assert "ready" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_table_that_a_backup_locks_is_no_reason_to_refuse(settings: Settings, mariadb: DatabaseServer):
    database = settings.database_url.rpartition("/")[2].partition("?")[0]
    with mariadb.connect(database=database) as backup, backup.cursor() as cursor:
        cursor.execute("LOCK TABLES submission_inbox WRITE")

        assert "database.writes" not in warnings(settings)
        [found] = [each for each in examine_database(settings, DRAIN) if each.finding.level == "fault"]

    assert found.check == "reachable"
    assert "does not answer" in found.finding.sentence
