"""Checks of an SQLite file and of this machine."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from workers.checks.file.file_system import file_system_of
from workers.checks.finding import Finding
from workers.checks.machine.import_names import OUR_NAMES
from workers.checks.registry import examine
from workers.settings import Settings

MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw - proc proc rw
40 21 0:40 / /srv/shared\\040data rw shared:20 - nfs4 server:/export rw
41 40 8:2 / /srv/shared\\040data/local rw - xfs /dev/sdb1 rw
42 21 0:41 / /mnt/c rw - 9p drvfs rw
43 21 0:42 / /over rw - nfs server:/one rw
44 21 8:3 / /over rw - btrfs /dev/sdc1 rw
not a mount
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file") / "ledger.db"
    with open_engine(f"sqlite:///{path}") as engine:
        upgrade(engine)
    return path


def of_file(file: Path) -> dict[str, Finding]:
    return {result.check: result.finding for result in examine("file", file)}


def of_machine(settings: Settings) -> dict[str, Finding]:
    return {result.check: result.finding for result in examine("machine", settings)}


def test_a_private_migrated_file_is_fine(file: Path):
    found = of_file(file)

    assert {name: each.level for name, each in found.items() if name != "space"} == dict.fromkeys(
        ("file_system", "objects", "privacy", "writes"), "fine"
    )


@pytest.mark.parametrize(("mode", "level"), [(0o600, "fine"), (0o640, "warning"), (0o604, "warning"), (0o666, "fault")])
def test_a_file_that_others_may_use_is_named(file: Path, mode: int, level: str):
    file.chmod(mode)
    try:
        assert of_file(file)["privacy"].level == level
    finally:
        file.chmod(0o600)


def test_each_part_of_a_file_counts(tmp_path: Path):
    for ending, mode in (("", 0o644), ("-wal", 0o620)):
        part = tmp_path / f"ledger.db{ending}"
        part.touch()
        part.chmod(mode)

    assert of_file(tmp_path / "ledger.db")["privacy"].level == "fault"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/ledger.db", "ext4"),
        ("/srv/shared data/ledger.db", "nfs4"),
        ("/srv/shared data/local/ledger.db", "xfs"),
        ("/srv/shared datax/ledger.db", "ext4"),
        ("/mnt/c/ledger.db", "9p"),
        ("/over/ledger.db", "btrfs"),
    ],
)
def test_the_file_system_of_a_path_is_that_of_its_innermost_last_mount(path: str, kind: str):
    assert file_system_of(Path(path), MOUNTS) == kind


@pytest.mark.parametrize(("place", "level"), [("/srv/shared data", "fault"), ("/mnt/c", "warning"), ("/srv", "fine")])
def test_a_file_on_a_network_is_a_fault(
    place: str, level: str, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.replace(place.replace(" ", "\\040") + " ", f"{file.parent} "))
    monkeypatch.setattr("workers.checks.file.file_system._MOUNTS", mounts)

    assert of_file(file)["file_system"].level == level


def test_a_missing_table_and_another_schema_are_named(tmp_path: Path):
    path = tmp_path / "ledger.db"
    with open_engine(f"sqlite:///{path}") as engine:
        upgrade(engine)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE script_seals")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()
    found = of_file(path)

    assert (found["objects"].level, found["objects"].sentence) == ("fault", "The database lacks script_seals.")
    assert found["writes"].level == "fault"
    assert "db upgrade" in found["writes"].change


def test_something_that_is_no_database_is_a_fault(tmp_path: Path):
    path = tmp_path / "ledger.db"
    path.write_bytes(b"not a database at all, but long enough to be read as a header" * 20)

    assert of_file(path)["writes"].level == "fault"


def test_a_full_disk_is_a_fault(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("workers.checks.file.space.MIN_BYTES", 1 << 60)

    assert of_file(file)["space"].sentence == "The disk of the database file is full."


@pytest.mark.parametrize("name", OUR_NAMES)
@pytest.mark.parametrize("form", ["{}.py", "{}/__init__.py"])
def test_a_name_in_the_working_directory_that_hides_ours_is_a_warning(
    name: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    hiding = tmp_path / form.format(name)
    hiding.parent.mkdir(exist_ok=True)
    hiding.write_text("")
    monkeypatch.chdir(tmp_path)
    found = of_machine(Settings(home=tmp_path / "home"))["import_names"]

    assert found.level == "warning"
    assert found.sentence.startswith(f"{tmp_path} holds {name}, ")


def test_a_name_in_pythonpath_is_a_warning_and_our_own_folder_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
):
    (tmp_path / "celeryconfig.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(pytestconfig.rootpath)

    assert "celeryconfig" in of_machine(Settings(home=tmp_path))["import_names"].sentence
    monkeypatch.setenv("PYTHONPATH", str(pytestconfig.rootpath))
    assert of_machine(Settings(home=tmp_path))["import_names"].level == "fine"


def test_a_home_that_others_may_look_into_is_a_warning(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    assert of_machine(Settings(home=home))["home"].level == "fine"

    home.chmod(0o755)
    assert of_machine(Settings(home=home))["home"].level == "warning"
    (tmp_path / "file").write_text("")
    assert of_machine(Settings(home=tmp_path / "file"))["home"].level == "fault"


def test_variables_of_celery_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CELERY_CONFIG_MODULE", "other")

    assert "CELERY_CONFIG_MODULE" in of_machine(Settings(home=tmp_path))["celery_variables"].sentence
