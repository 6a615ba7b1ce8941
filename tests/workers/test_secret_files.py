"""Passwords and keys that settings read from files."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import pytest

from workers.setting_values import BadSetting
from workers.settings import Settings


@pytest.mark.parametrize("password", ["secret", "hun@t/e:r?2#%", "pass wörd"])
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_password_from_a_file_is_put_into_the_url(tmp_path: Path, password: str, ending: str):
    (tmp_path / "password").write_bytes(f"{password}{ending}".encode())
    environ = {
        "SCRIPTLEDGER_DATABASE_URL": "mysql://u@h:3307/x?charset=utf8mb4",
        "SCRIPTLEDGER_DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
        "SCRIPTLEDGER_BROKER_URL": "sentinel://a:1;sentinel://u@b:2/0",
        "SCRIPTLEDGER_BROKER_PASSWORD_FILE": str(tmp_path / "password"),
    }

    settings = Settings.from_env(environ)

    encoded = quote(password, safe="")
    assert settings.database_url == f"mysql+pymysql://u:{encoded}@h:3307/x?charset=utf8mb4"
    assert settings.broker_url == f"sentinel://:{encoded}@a:1;sentinel://u:{encoded}@b:2/0"
    assert Settings.from_env({**environ, **settings.to_env()}) == settings, "as a child process has it"


def test_the_key_of_a_model_from_a_file(tmp_path: Path):
    (tmp_path / "key").write_text("k\n")

    assert Settings.from_env({"SCRIPTLEDGER_MODEL_KEY_FILE": str(tmp_path / "key")}).model_key == "k"


@pytest.mark.parametrize(
    ("url", "content", "wanted"),
    [
        ("mysql://u@h/x", None, "a file that can be read (No such file or directory)."),
        ("mysql://u@h/x", b"", "a file of one line"),
        ("mysql://u@h/x", b"secret\nsecret\n", "a file of one line"),
        ("mysql://u@h/x", b"secret" * 1_000, "a file of one line"),
        ("mysql://u@h/x", b"secret\x1b", "a file of one line"),
        ("mysql://u@h/x", b"secret\xff", "a file of UTF-8 text"),
        ("mysql://u:other@h/x", b"secret", "usable here: the URL already has a password"),
        ("sqlite:////x.db", b"secret", "usable here"),
        ("", b"secret", "usable here"),
    ],
)
def test_a_file_without_a_password_is_refused(tmp_path: Path, url: str, content: bytes | None, wanted: str):
    if content is not None:
        (tmp_path / "password").write_bytes(content)
    environ = {
        "SCRIPTLEDGER_DATABASE_URL": url,
        "SCRIPTLEDGER_DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
    }

    with pytest.raises(BadSetting) as caught:
        Settings.from_env(environ)

    assert str(caught.value).startswith(f"SCRIPTLEDGER_DATABASE_PASSWORD_FILE is not {wanted}")
    assert "secret" not in str(caught.value)
    assert "other" not in str(caught.value)


def test_a_pipe_does_not_block(tmp_path: Path):
    os.mkfifo(tmp_path / "password")

    with pytest.raises(BadSetting, match="is not a regular file"):
        Settings.from_env({"SCRIPTLEDGER_MODEL_KEY_FILE": str(tmp_path / "password")})
