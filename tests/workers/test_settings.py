"""Settings tests: read from the environment, passed on to child processes, shown without passwords."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.setting_values import BadSetting
from workers.settings import Settings, without_password


def test_without_settings_everything_is_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    settings = Settings.from_env({})

    assert settings.home == tmp_path / ".scriptledger"
    assert settings.sqlite_file == tmp_path / ".scriptledger" / "ledger.db"
    assert settings.embedded_database
    assert settings.embedded_broker


def test_a_child_process_has_the_same_settings():
    settings = Settings.from_env(
        {
            "SCRIPTLEDGER_HOME": "/somewhere",
            "SCRIPTLEDGER_DATABASE_URL": "mysql://u:p@h/x",
            "SCRIPTLEDGER_BROKER_URL": "redis://h/1",
            "SCRIPTLEDGER_LEGACY_URL": "mysql://reader:p@h/stories",
            "SCRIPTLEDGER_POOL_SIZE": "7",
            "SCRIPTLEDGER_KEEP_REJECTED_DAYS": "3",
            "SCRIPTLEDGER_AI_DELETE_PERCENT": "35",
            "SCRIPTLEDGER_MODEL_URL": "https://models.example/v1/",
            "SCRIPTLEDGER_MODEL": "writer-1",
            "SCRIPTLEDGER_MODEL_KEY": "k",
        }
    )

    assert Settings.from_env(settings.to_env()) == settings
    assert not settings.embedded_database
    assert not settings.embedded_broker


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql"])
def test_common_database_schemes_are_accepted(scheme: str):
    settings = Settings.from_env({"SCRIPTLEDGER_DATABASE_URL": f"{scheme}://u@h/x"})
    assert settings.database_url == "mysql+pymysql://u@h/x"
    assert settings.sqlite_file is None


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("?charset=utf8mb4", "?charset=utf8mb4"),
        ("?unix_socket=/run/a@b.sock", "?unix_socket=/run/a@b.sock"),
        ("?ssl_disabled=true", "?ssl_disabled=true"),
        ("?ssl_disabled=false", ""),
        ("?ssl_disabled=false&charset=utf8mb4", "?charset=utf8mb4"),
        (f"?ssl_ca={__file__}&ssl_check_hostname=false", f"?ssl_ca={__file__}&ssl_check_hostname=false"),
        (f"?ssl_ca={__file__}&ssl_cert={__file__}&ssl_key={__file__}", None),
    ],
)
def test_options_of_a_server(written: str, taken: str | None):
    settings = Settings.from_env({"SCRIPTLEDGER_DATABASE_URL": f"mysql://u:sec%40ret@h:3307/x{written}"})

    assert settings.database_url == f"mysql+pymysql://u:sec%40ret@h:3307/x{written if taken is None else taken}"


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("mysql://u:secret@h/x?nonsense=1", "a database URL whose options are among ssl_ca,"),
        ("mysql://u:secret@h/x?read_timeout=9", "a database URL whose options are among"),
        ("mysql://u:secret@h/x?ssl_disabled=maybe", "a database URL in which ssl_disabled is true or false"),
        ("mysql://u:secret@h/x?ssl_ca=/nowhere.pem", "a database URL whose ssl_ca is a file"),
        ("mysql://u:secret@h/x?ssl_ca=", "a database URL with one value for each option"),
        ("mysql://u:secret@h/x?ssl_ca&charset=utf8mb4", "a database URL with one value for each option"),
        ("mysql://u:secret@h/x?unix_socket=/a&unix_socket=/b", "a database URL with one value for each option"),
        (f"mysql://u:secret@h/x?ssl_cert={__file__}", "a database URL that has ssl_ca with its other TLS options"),
        ("mysql://u:secret@h/x?ssl_check_hostname=true", "a database URL that has ssl_ca with its other TLS options"),
        (f"mysql://u:secret@h/x?ssl_ca={__file__}&ssl_disabled=true", "a database URL with either ssl_ca or ssl_dis"),
        ("mysql://u:secret@h/x?charset=latin1", "a database URL with charset=utf8mb4, or without charset"),
        ("mysql://u:secret@h:port/x", "a database URL: mysql://user:password@host/name or"),
        ("mysql://u:secret@h", "a database URL: mysql://user:password@host/name or"),
        ("mysql+mysqldb://u:secret@h/x", "a database URL: mysql://user:password@host/name or"),
        ("sqlite:///secret.db?mode=ro", "the URL of an SQLite file, which takes no options"),
    ],
)
def test_an_invalid_database_url_is_refused_with_the_valid_form(url: str, wanted: str):
    with pytest.raises(BadSetting) as caught:
        Settings.from_env({"SCRIPTLEDGER_DATABASE_URL": url})

    assert str(caught.value).startswith(f"SCRIPTLEDGER_DATABASE_URL is not {wanted}")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://u:secret@h/x"),
        ("DATABASE_URL", "secret"),
        ("DATABASE_URL", "sqlite:///"),
        ("BROKER_URL", "http://secret"),
        ("POOL_SIZE", "-1"),
        ("POOL_SIZE", "1"),
        ("POOL_SIZE", "secret"),
        ("AI_DELETE_PERCENT", "101"),
        ("AI_DELETE_PERCENT", "0"),
        ("MODEL_URL", "ftp://secret"),
        ("MODEL_KEY", "secret\n"),
        ("MODEL_KEY", "secrét-secret"),
        ("MODEL_URL", "https://"),
        ("MODEL_URL", "https://secret:secret@host/v1"),
        ("MODEL_URL", "https://host/v1?key=secret"),
        ("MODEL_URL", "scripted:secret"),
    ],
)
def test_an_invalid_variable_is_named_without_its_value(name: str, value: str):
    with pytest.raises(BadSetting) as caught:
        Settings.from_env({f"SCRIPTLEDGER_{name}": value})

    assert str(caught.value).startswith(f"SCRIPTLEDGER_{name} is not ")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:secret@h:6379/0", "redis://h:6379/0"),
        ("mysql+pymysql://u:sec/ret@h/x?ssl_key=secret", "mysql://h/x"),
        ("redis+socket:///tmp/a@b.sock?virtual_host=0", "redis+socket:///tmp/a@b.sock"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str):
    assert without_password(url) == shown


def test_settings_show_no_password():
    settings = Settings.from_env(
        {
            "SCRIPTLEDGER_DATABASE_URL": "mysql://u:secret@h/x",
            "SCRIPTLEDGER_BROKER_URL": "redis://:secret@h/0",
            "SCRIPTLEDGER_MODEL_KEY": "secret",
        }
    )
    assert "secret" not in repr(settings)


# Passwords that must be percent-encoded in a URL, here without encoding.
SECRETS = [
    "hun@ter2",
    "hun/ter2",
    "hun?ter2",
    "hun#ter2",
    "hun:ter2",
    "hun[ter2",
    "hun;ter2",
    "hun ter2",
    "hun\x1bter2",
]
URLS = [
    ("DATABASE_URL", "mysql://u:{}@h:3306/x"),
    ("DATABASE_URL", "mysql://{}@h/x"),
    ("DATABASE_URL", "mysql://u:p@h/x?ssl_ca={}"),
    ("DATABASE_URL", "mysql://u:{0}@{0}@h/x?charset={0}"),
    ("DATABASE_URL", "sqlite://u:{}@h/x"),
    ("BROKER_URL", "redis://:{}@h:6379/0"),
    ("BROKER_URL", "redis://u:{}@h:6379/0"),
    ("BROKER_URL", "redis://h:6379/{}"),
    ("BROKER_URL", "amqp://u:{}@h//"),
    ("BROKER_URL", "redis+socket://:{}@/run/x.sock"),
    ("BROKER_URL", "sentinel://:{0}@h:26379;sentinel://:{0}@h2:26379"),
    ("MODEL_URL", "https://u:{}@host/v1"),
    ("MODEL_URL", "https://:{}@host/v1"),
    ("MODEL_URL", "https://host/v1#{}"),
    ("MODEL_URL", "https://host:{}/v1"),
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(("name", "url"), URLS)
def test_a_password_that_is_not_encoded_is_never_part_of_a_host(name: str, url: str, secret: str):
    try:
        settings = Settings.from_env({f"SCRIPTLEDGER_{name}": url.format(secret)})
    except BadSetting as error:
        shown = str(error)
    else:
        # If accepted, it is entirely a password, and shown nowhere.
        value = settings.to_env()[f"SCRIPTLEDGER_{name}"]
        assert name != "MODEL_URL"
        shown = without_password(value) + repr(settings)
    assert "hun" not in shown
    assert "ter2" not in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "mysql://u:hun@ter2@h/x"),
        ("DATABASE_URL", "mysql://u:hun?ter2@h/x"),
        ("BROKER_URL", "redis://:hun@ter2@h/0"),
        ("BROKER_URL", "redis://:hun/ter2@h/0"),
        ("BROKER_URL", "redis://:hun#ter2@h/0"),
        ("BROKER_URL", "redis://:hun?ter2@h/0"),
    ],
)
def test_an_unencoded_password_is_refused_with_a_hint(name: str, url: str):
    with pytest.raises(BadSetting, match="in a user or a password, write @ as %40, "):
        Settings.from_env({f"SCRIPTLEDGER_{name}": url})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://u:hun%40t%2Fer2%3F@h:3306/x"),
        ("DATABASE_URL", "mysql://u:p@[::1]:3306/x"),
        ("DATABASE_URL", "mysql://u:p@bücher.example/x"),
        ("DATABASE_URL", "mysql:///x?unix_socket=/run/mysqld/a@b.sock"),
        ("BROKER_URL", "redis://:hun%40t%2Fer2%3F@h:6379/0"),
        ("BROKER_URL", "redis://h"),
        ("BROKER_URL", "rediss://u:p@[::1]:6379/3?ssl_cert_reqs=required"),
        ("BROKER_URL", "redis+socket:///run/broker.sock?virtual_host=0"),
        ("BROKER_URL", "sentinel://a:26379;sentinel://b:26379/1"),
        ("BROKER_URL", "amqp://u:p@h:5672/vhost"),
        ("MODEL_URL", "http://[::1]:8080/v1"),
    ],
)
def test_valid_urls_are_accepted(name: str, value: str):
    Settings.from_env({f"SCRIPTLEDGER_{name}": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POOL_SIZE", "9" * 5_000),
        ("POOL_SIZE", "٣٣"),
        ("KEEP_REJECTED_DAYS", "9" * 10),
        ("MODEL", "writer\x1b[2J"),
        ("MODEL", "writer\udcff"),
        ("DATABASE_URL", "mysql://u:p\udcff@h/x"),
        ("DATABASE_URL", "mysql://u:p@h:99999/x"),
        ("BROKER_URL", "redis://h:99999/0"),
        ("BROKER_URL", "redis://:p℀@h/0"),
        ("BROKER_URL", "redis://h/0?socket_timeout=5"),
        ("BROKER_URL", "redis://h/0?virtual_host=1"),
        ("BROKER_URL", "rediss://h/0?ssl_cert_reqs=perhaps"),
        ("BROKER_URL", "rediss://h/0?ssl_ca_certs=/none/ca.pem"),
        ("BROKER_URL", "rediss://h/0?ssl_unknown=1"),
        ("BROKER_URL", "redis+socket:///run/a.sock?virtual_host=x"),
        ("BROKER_URL", "redis+socket:///run/a.sock?other=0"),
        ("BROKER_URL", "amqp://h/x?heartbeat=often"),
        ("MODEL_URL", "https://[host/v1"),
    ],
)
def test_invalid_values_are_refused_by_name(name: str, value: str):
    with pytest.raises(BadSetting, match=f"^SCRIPTLEDGER_{name} is not ") as caught:
        Settings.from_env({f"SCRIPTLEDGER_{name}": value})
    assert value not in str(caught.value)
