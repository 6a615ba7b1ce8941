"""An import that is killed, loses its connection or meets a full disk leaves nothing, and can be run again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from materialization.history_files import importer as import_module
from materialization.history_files.importer import import_history
from repos.database.driver_errors import DriverError
from repos.unit_of_work import UnitOfWork
from tests.materialization.history_files.forged_history import exported
from tests.materialization.history_files.refused_history import one_history, rows_in
from tests.materialization.writer import forging, open_database
from tests.services.databases import DatabaseServer

ROOT = Path(__file__).parents[3]
KILLED = """
import os, signal, sys
from pathlib import Path
from materialization.history_files import importer as module
from repos.database.engine import make_engine
from repos.database.driver_errors import DriverError
from repos.unit_of_work import UnitOfWork

module.BATCH_ROWS = 2

def progress(steps):
    if steps == 16 + int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

module.import_history(UnitOfWork(make_engine(sys.argv[1])), Path(sys.argv[2]), progress)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history")
    file = folder / "h.jsonl"
    file.write_bytes(one_history(folder))
    return file


@pytest.mark.slow
def test_an_import_that_is_killed_leaves_nothing(unit_of_work: UnitOfWork, database_url: str, file: Path) -> None:
    for step in (1, 9, 16):
        ran = subprocess.run(
            [sys.executable, "-c", KILLED, database_url, file, str(step)], cwd=ROOT, check=False, timeout=60
        )
        assert ran.returncode == -signal.SIGKILL
        assert set(rows_in(database_url).values()) == {0}

    assert import_history(unit_of_work, file).before == 0
    assert exported(unit_of_work, 1) == file.read_bytes()


def test_an_import_that_loses_its_connection_begins_again(
    mariadb: DatabaseServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module, "BATCH_ROWS", 2)
    url = mariadb.create_database()
    unit_of_work, lost = open_database(url), []

    def cut(steps: int) -> None:
        if steps == 27 and not lost:
            name = url.rpartition("/")[2].partition("?")[0]
            found = mariadb.execute(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'")
            for (number,) in found:
                mariadb.execute(f"KILL {number}")
            lost.append(len(found))

    done = import_history(unit_of_work, file, cut)

    assert lost
    assert done.before == 0
    assert exported(unit_of_work, 1) == file.read_bytes()


def test_an_import_that_the_database_refuses_late_leaves_nothing(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module, "BATCH_ROWS", 2)
    url = f"sqlite:///{tmp_path}/refusing.db"
    unit_of_work = open_database(url)
    with forging(url) as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON submissions WHEN NEW.submission_id = 'o-unarchive' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )

    with pytest.raises(DriverError):
        import_history(unit_of_work, file)

    assert set(rows_in(url).values()) == {0}
