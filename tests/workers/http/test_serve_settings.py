"""Settings of `scriptledger serve`: files of people, and the link to Flower."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.http.access.people import Person
from workers.http.serve_settings import ServeSettings
from workers.setting_values import BadSetting


def settings(folder: Path, operators: bytes | None = None, viewers: bytes | None = None, **more: str) -> ServeSettings:
    environ = {f"SCRIPTLEDGER_{name}": value for name, value in more.items()}
    for name, content in (("OPERATORS_FILE", operators), ("VIEWERS_FILE", viewers)):
        if content is not None:
            (folder / name).write_bytes(content)
            environ[f"SCRIPTLEDGER_{name}"] = str(folder / name)
    return ServeSettings.from_env(environ, "127.0.0.1:5556")


def test_each_line_is_a_person(tmp_path: Path):
    people = settings(tmp_path, "anna:pä:ss # wörd\n\n# comment\nzoë:密码\r\n".encode(), b"ben:x").people

    assert sorted(people.words) == ["anna:pä:ss # wörd", "ben:x", "zoë:密码"]
    assert people.person("zoë") == Person("zoë", "operator")
    assert (people.person("anna").may_act, people.person("ben").may_act) == (True, False)


def test_without_files_there_are_no_people(tmp_path: Path):
    assert not settings(tmp_path).people


@pytest.mark.parametrize("content", [b"", b"\n", b"# nothing\n\n"])
def test_an_empty_file_names_no_people(tmp_path: Path, content: bytes):
    assert not settings(tmp_path, content, content).people


def test_a_child_process_gets_the_same(tmp_path: Path):
    chosen = settings(
        tmp_path, b"anna:a", b"ben:b", FLOWER_URL="https://flower.example/", TRUSTED_PROXIES="::1, 10.0.0.0/8"
    )
    environ = chosen.to_env()

    of_child = ServeSettings.of_child(environ)

    assert of_child.people.words == chosen.people.words
    assert of_child[1:] == chosen[1:]
    assert "anna:a" not in str(environ)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"anna\n", "(see line 1)"),
        (b"x:y\nanna:\n", "(see line 2)"),
        (b":secret\n", "(see line 1)"),
        (b" anna:secret\n", "(see line 1)"),
        (b"a" * 65 + b":secret\n", "(see line 1)"),
        (b"anna:sec\x1bret\n", "(see line 1)"),
        (b"anna:a\nanna:b\n", "names each user once (see line 2)"),
        (b"anna:\xff\n", "a file of UTF-8 text"),
        (b"anna:" + b"a" * 70_000, "at most 65536 bytes"),
        (b"\xef\xbb\xbfanna:a\n", "(see line 1)"),
    ],
)
def test_another_file_is_refused_without_quoting_it(tmp_path: Path, content: bytes, wanted: str):
    with pytest.raises(BadSetting) as caught:
        settings(tmp_path, content)

    assert str(caught.value).startswith("SCRIPTLEDGER_OPERATORS_FILE is not a file")
    assert wanted in str(caught.value)
    assert "sec" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(BadSetting, match=r"regular file|can be read"):
        settings(tmp_path, VIEWERS_FILE=str(tmp_path))


def test_no_one_has_two_roles(tmp_path: Path):
    with pytest.raises(BadSetting, match="VIEWERS_FILE is not a file of users who are not operators too"):
        settings(tmp_path, b"anna:a", b"anna:b")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//x", "ftp://x", "http://x\x00", "http://" + "x" * 500])
def test_another_link_is_refused(tmp_path: Path, url: str):
    with pytest.raises(BadSetting, match="FLOWER_URL is not an address"):
        settings(tmp_path, FLOWER_URL=url)


@pytest.mark.parametrize("proxies", ["proxy.example", "10.0.0.1/8", "10.0.0.256", "*", "10.0.0.1:80", "::1," * 21])
def test_a_proxy_is_an_address_or_a_network(tmp_path: Path, proxies: str):
    with pytest.raises(BadSetting, match="TRUSTED_PROXIES is not a list of at most 20 addresses or networks"):
        settings(tmp_path, TRUSTED_PROXIES=proxies)
