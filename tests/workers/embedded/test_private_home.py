"""Home tests: only the owner has access, old homes are restricted, and planted links are not followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from repos.database.engine import open_engine
from repos.private_file import UnsafePlace
from repos.schema.upgrade import upgrade_if_outdated
from tests.cli.running import SAMPLE, CommandLine, sentence
from workers.embedded.private_home import secure_home
from workers.embedded.stack import Stack
from workers.settings import Settings

OTHER_USER = 65_534


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """The most permissive umask."""
    usual = os.umask(0)
    yield
    os.umask(usual)


def open_to_others(folder: Path) -> list[str]:
    """The folder and its content, as far as other users have any access."""
    return [
        str(path.relative_to(folder.parent))
        for path in [folder, *folder.rglob("*")]
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]


def test_nothing_in_a_new_home_is_open_to_others(tmp_path: Path):
    settings = Settings.from_env({"SCRIPTLEDGER_HOME": str(tmp_path / "home")})

    with Stack(settings) as stack:
        socket = Path(stack.settings.broker_url.partition("://")[2].partition("?")[0])
        assert open_to_others(tmp_path / "home") == []
        assert open_to_others(socket.parent) == []
        assert {"ledger.db", "stack.json", "broker", "logs"} <= {path.name for path in settings.home.iterdir()}


def test_too_wide_permissions_of_an_older_version_are_restricted(tmp_path: Path):
    home = tmp_path / "home"
    with open_engine(f"sqlite:///{home / 'ledger.db'}") as engine:
        home.mkdir(mode=0o777)
        upgrade_if_outdated(engine)
        for folder in ("broker/appendonlydir", "logs"):
            (home / folder).mkdir(parents=True)
        (home / "logs" / "commands.log").write_text("")
        (home / "mine.fountain").write_text("")
        for path in [home, *home.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
        assert (home / "ledger.db-wal").exists()

        secure_home(home)

        assert open_to_others(home) == ["home/mine.fountain"], "files of the user are unchanged"


def test_reading_commands_restrict_permissions_too(tmp_path: Path):
    command_line = CommandLine(tmp_path / "home", warm=True)
    assert command_line("db", "upgrade").status == 0
    (tmp_path / "home").chmod(0o777)
    (tmp_path / "home" / "ledger.db").chmod(0o666)

    assert command_line("scripts").status == 0

    assert open_to_others(tmp_path / "home") == []


@pytest.mark.parametrize("name", ["ledger.db", "ledger.db-wal", "stack.json", "logs", "broker", "logs/commands.log"])
@pytest.mark.parametrize("args", [["scripts"], ["import", SAMPLE], ["db", "upgrade"], ["dev"]])
def test_a_planted_link_is_refused_and_its_target_unchanged(tmp_path: Path, name: str, args: list[object]):
    command_line = CommandLine(tmp_path / "home", warm=True)
    assert command_line("db", "upgrade").status == 0
    (tmp_path / "precious").write_text("precious")
    planted = tmp_path / "home" / name
    planted.parent.mkdir(exist_ok=True)
    planted.unlink(missing_ok=True)
    planted.symlink_to(tmp_path / "precious")

    ran = command_line(*args)

    assert ran.status == 4
    assert sentence(ran).startswith(f"{planted} is a symbolic link, which is not followed: remove it")
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.parametrize("target", ["precious", "nowhere"])
def test_a_link_instead_of_a_configured_database_is_refused(tmp_path: Path, target: str):
    (tmp_path / "precious").write_text("")
    (tmp_path / "named.db").symlink_to(tmp_path / target)
    command_line = CommandLine(tmp_path / "home", warm=True, SCRIPTLEDGER_DATABASE_URL=f"sqlite:///{tmp_path}/named.db")

    ran = command_line("db", "upgrade")

    assert ran.status == 4
    assert sentence(ran).startswith(f"{tmp_path}/named.db is a symbolic link")
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "precious").read_text() == ""


def test_a_configured_database_is_created_for_its_owner_only(tmp_path: Path):
    with open_engine(f"sqlite:///{tmp_path}/named.db") as engine:
        upgrade_if_outdated(engine)
        assert [name for name in open_to_others(tmp_path) if "named.db" in name] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the owner of a folder")
@pytest.mark.parametrize("name", [".", "ledger.db", "logs"])
def test_files_of_another_user_are_refused(tmp_path: Path, name: str):
    command_line = CommandLine(tmp_path / "home", warm=True)
    assert command_line("import", SAMPLE).status == 0
    os.chown(tmp_path / "home" / name, OTHER_USER, OTHER_USER)

    for args in (["scripts"], ["import", SAMPLE], ["db", "upgrade"]):
        ran = command_line(*args)
        assert ran.status == 4
        assert sentence(ran).startswith(f"{tmp_path / 'home' / name} belongs to another user (number {OTHER_USER}): ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the owner of a link")
def test_a_link_to_a_home_is_accepted_only_from_its_owner(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    secure_home(tmp_path / "link")

    os.chown(tmp_path / "link", OTHER_USER, OTHER_USER, follow_symlinks=False)

    with pytest.raises(UnsafePlace, match="belongs to another user"):
        secure_home(tmp_path / "link")
